// An endpoint's inside without its door: store, engine and a runtime that the test plays.
#pragma once

#include "fake_runtime.hpp"
#include "local/agent/session_registry.hpp"
#include "local/api/cluster_operations.hpp"
#include "local/api/input.hpp"
#include "local/api/operation.hpp"
#include "local/api/task_definition_operations.hpp"
#include "local/store/database.hpp"
#include "local/store/documents.hpp"
#include "local/store/log_store.hpp"
#include "local/tasks/task_engine.hpp"
#include "net/clock.hpp"
#include "net/loop.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::local {

namespace json = boost::json;

inline constexpr std::string_view kTestRegion = "us-east-1";

inline json::object parse_object(std::string_view text) {
  return json::parse(text).as_object();
}

class TasksWorld : public ::testing::Test {
 protected:
  TasksWorld()
      : database(std::move(*Database::open(":memory:"))),
        documents(*database),
        logs(*database),
        runtime(loop),
        sessions(loop),
        engine(loop, documents, logs, runtime, sessions) {
    ensure_default_cluster(documents, kTestRegion);
    add(cluster_operations(documents, std::string(kTestRegion)));
    add(task_definition_operations(documents, std::string(kTestRegion)));
  }

  void add(Operations more) { operations.merge(more); }

  net::Task<Answer> call(std::string operation, json::object input) {
    const Operation& function = operations.at(operation);
    Answer answer = co_await function(std::move(input));
    co_return answer;
  }
  net::Task<json::object> must(std::string operation, std::string input) {
    Answer answer = co_await call(operation, parse_object(input));
    EXPECT_TRUE(answer) << operation << ": " << (answer ? "" : answer.error().message);
    co_return answer ? *answer : json::object();
  }
  net::Task<ServiceError> must_refuse(std::string operation, std::string input) {
    Answer answer = co_await call(operation, parse_object(input));
    EXPECT_FALSE(answer) << operation << " took " << input;
    co_return answer ? ServiceError() : answer.error();
  }

  // Waits until `condition` holds; false after ten seconds.
  net::Task<bool> until(std::function<bool()> condition) {
    const Instant deadline = net::steady_now() + seconds(10);
    while (!condition() && net::steady_now() < deadline) co_await net::sleep_for(loop, milliseconds(1));
    co_return condition();
  }
  [[nodiscard]] json::object task(const std::string& arn) const {
    return documents.get(kTaskKind, arn).value_or(json::object());
  }
  net::Task<json::object> when(std::string arn, std::string last_status) {
    const bool came = co_await until([&] { return text_of(task(arn), "lastStatus") == last_status; });
    EXPECT_TRUE(came) << "not " << last_status << ": " << json::serialize(task(arn));
    co_return task(arn);
  }

  // Runs a test's body, and whatever happens in it ends the engine as the endpoint does.
  void play(std::function<net::Task<>()> body) { loop.run(play_to_end(std::move(body))); }
  net::Task<> play_to_end(std::function<net::Task<>()> body) {
    co_await body();
    co_await before_end();
    co_await engine.shut_down();
    co_await sessions.shut_down();
  }
  virtual net::Task<> before_end() { co_return; }

  net::Loop loop;
  std::unique_ptr<Database> database;
  Documents documents;
  LogStore logs;
  FakeRuntime runtime;
  SessionRegistry sessions;
  TaskEngine engine;
  Operations operations;
};

}  // namespace ferry::local
