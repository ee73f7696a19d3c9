// A journal of revisions in a folder of a test's own, and the service's answers about them.
#pragma once

#include "feature/run/revision_journal.hpp"
#include "unit/aws/scripted_service.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ferry::feature {

// A call that the service got; of the query protocol only its operation.
struct Asked {
  std::string operation;
  boost::json::object input;
};

class RevisionStage {
 public:
  static constexpr const char* kAccount = "123456789012";

  RevisionStage() {
    std::string name = (std::filesystem::path(testing::TempDir()) / "ferry-revisions-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    root_ = name;
  }
  ~RevisionStage() { std::filesystem::remove_all(root_); }
  RevisionStage(const RevisionStage&) = delete;
  RevisionStage& operator=(const RevisionStage&) = delete;

  [[nodiscard]] std::string folder() const { return (root_ / "revisions").string(); }
  [[nodiscard]] std::ptrdiff_t files() const {
    std::error_code error;
    return std::distance(std::filesystem::directory_iterator(folder(), error), {});
  }
  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories(folder());
    std::ofstream(folder() + "/" + name) << content;
  }
  // An entry of a process that has ended.
  void leave(const std::string& family, const std::string& mark, WallTime intended_at,
             const std::string& arn = {}, std::string_view rest = {}) {
    auto entry = JournalEntry::write(folder(), {.endpoint = endpoint_,
                                                .region = "eu-west-1",
                                                .account = kAccount,
                                                .family = family,
                                                .mark = mark,
                                                .intended_at = intended_at});
    if (!entry || (!arn.empty() && !entry->registered(arn))) std::abort();
    for (const auto& file : std::filesystem::directory_iterator(folder()))
      std::ofstream(file.path(), std::ios::app) << rest;
  }
  [[nodiscard]] std::vector<JournalEntry> abandoned() const {
    return JournalEntry::abandoned(folder(), 100, [](const JournalEntry&) { return true; });
  }

  // Runs `scene` while the service gives these answers one after the other; the calls that it got.
  std::vector<Asked> play(std::vector<net::HttpResponse> answers,
                          const std::function<net::Task<>(aws::Client&)>& scene) {
    std::vector<Asked> asked;
    net::run([&](net::Loop& loop) -> net::Task<> {
      aws::ScriptedService service(loop, std::move(answers));
      const std::unique_ptr<aws::Client> client = service.client();
      endpoint_ = client->settings().endpoint(aws::Service::ecs);
      co_await scene(*client);
      for (const net::HttpRequest& request : service.requests()) asked.push_back(read(request));
      co_await service.stop();
    });
    return asked;
  }

  // "FAMILY:REVISION" of this account.
  static std::string arn(std::string_view name) {
    return fmt::format("arn:aws:ecs:eu-west-1:{}:task-definition/{}", kAccount, name);
  }
  static net::HttpResponse registered(std::string_view name) {
    const boost::json::object definition{{"taskDefinitionArn", arn(name)}};
    return aws::answer(200, boost::json::serialize(boost::json::object{{"taskDefinition", definition}}));
  }
  static net::HttpResponse deregistered() { return registered("ferry-web:1"); }
  static net::HttpResponse described(boost::json::object definition, std::string_view status = "ACTIVE") {
    definition["status"] = status;
    return aws::answer(200, boost::json::serialize(boost::json::object{{"taskDefinition", definition}}));
  }
  static net::HttpResponse listed(const std::vector<std::string>& names) {
    boost::json::array arns;
    for (const std::string& name : names) arns.emplace_back(arn(name));
    return aws::answer(200, boost::json::serialize(boost::json::object{{"taskDefinitionArns", arns}}));
  }
  static net::HttpResponse identity(std::string_view account = kAccount) {
    return aws::answer(200,
                       fmt::format("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{}</Account>"
                                   "</GetCallerIdentityResult></GetCallerIdentityResponse>",
                                   account),
                       "text/xml");
  }
  static net::HttpResponse refused(std::string_view code, std::string_view message, int status = 400) {
    return aws::answer(status, fmt::format(R"({{"__type":"{}","message":"{}"}})", code, message));
  }

 private:
  static Asked read(const net::HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name != "X-Amz-Target" && name != "x-amz-target") continue;
      boost::system::error_code error;
      const boost::json::value input = boost::json::parse(request.body, error);
      return {.operation = value.substr(value.find('.') + 1),
              .input = input.is_object() ? input.get_object() : boost::json::object()};
    }
    const bool is_identity = request.body.find("GetCallerIdentity") != std::string::npos;
    return {.operation = is_identity ? "GetCallerIdentity" : request.body, .input = {}};
  }

  std::filesystem::path root_;
  std::string endpoint_ = "http://127.0.0.1:1";  // of the play that is on, else of the last
};

}  // namespace ferry::feature
