#include "local/store/database.hpp"
#include "local/store/documents.hpp"
#include "local/store/log_store.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sqlite3.h>

namespace ferry::local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::unique_ptr<Database> in_memory() {
  auto database = Database::open(":memory:");
  return std::move(database.value());
}

std::vector<std::string> messages(const std::vector<LogRecord>& records) {
  std::vector<std::string> result;
  for (const LogRecord& record : records) result.push_back(record.event.message);
  return result;
}

LogEvent event(std::int64_t timestamp_ms, std::string message) {
  return {.id = 0, .timestamp_ms = timestamp_ms, .ingestion_ms = 0, .message = std::move(message)};
}

boost::json::object task_document(std::string_view status, std::string_view definition) {
  return {{"lastStatus", status}, {"taskDefinitionArn", definition}};
}

TEST(Documents, AreFoundByTheirMembers) {
  const auto database = in_memory();
  Documents documents(*database);
  documents.put("task", "a/1", task_document("RUNNING", "web:1"));
  documents.put("task", "a/2", task_document("STOPPED", "web:2"));
  documents.put("task", "a/3", task_document("RUNNING", "worker:1"));
  documents.put("task", "b/4", task_document("RUNNING", "web:1"));
  documents.put("service", "a/5", task_document("RUNNING", "web:1"));
  using Condition = Documents::Condition;
  const std::vector<Condition> running{{.member = "lastStatus", .value = "RUNNING"}};
  EXPECT_THAT(documents.keys("task", "a/", running, "", 100), ElementsAre("a/1", "a/3"));
  EXPECT_EQ(documents.count("task", "a/", running), 2);
  EXPECT_THAT(documents.keys("task", "a/", running, "", 1), ElementsAre("a/1"));
  EXPECT_THAT(documents.keys("task", "a/", running, "a/1", 100), ElementsAre("a/3"));
  EXPECT_THAT(documents.keys("task", "b/", running, "a/1", 100), ElementsAre("b/4"));
  const std::vector<Condition> web{{.member = "lastStatus", .value = "RUNNING"},
                                   {.member = "taskDefinitionArn", .value = "web:", .is_beginning = true}};
  EXPECT_THAT(documents.keys("task", "a/", web, "", 100), ElementsAre("a/1"));
  EXPECT_THAT(documents.keys("task", "", {}, "", 100), ElementsAre("a/1", "a/2", "a/3", "b/4"));
}

TEST(Documents, AreErasedByTheirAge) {
  const auto database = in_memory();
  Documents documents(*database);
  documents.put("task", "old", {{"stoppedAt", 100.5}});
  documents.put("task", "young", {{"stoppedAt", 101}});
  documents.put("task", "runs", {{"lastStatus", "RUNNING"}});
  documents.put("service", "old", {{"stoppedAt", 1}});
  documents.erase_below("task", "stoppedAt", 101.0);
  EXPECT_THAT(documents.keys("task", "", {}, "", 100), ElementsAre("runs", "young"));
  EXPECT_TRUE(documents.get("service", "old"));
}

TEST(Documents, OfAnOlderDatabaseAreFoundToo) {
  const TemporaryFolder folder;
  {
    const auto database = std::move(Database::open(folder.file("db")).value());
    Documents(*database).put("task", "a/1", task_document("RUNNING", "web:1"));
  }
  // As version 1 left it: without indexes.
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(folder.file("db").c_str(), &raw), SQLITE_OK);
  std::string back = "PRAGMA user_version = 1;";
  for (const char* name :
       {"desiredStatus", "lastStatus", "startedBy", "group", "taskDefinitionArn", "stoppedAt"})
    back += fmt::format("DROP INDEX document_by_{};", name);
  ASSERT_EQ(sqlite3_exec(raw, back.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  const auto database = std::move(Database::open(folder.file("db")).value());
  const std::vector<Documents::Condition> running{{.member = "lastStatus", .value = "RUNNING"}};
  EXPECT_THAT(Documents(*database).keys("task", "", running, "", 100), ElementsAre("a/1"));
}

TEST(Documents, SurviveTheirDatabase) {
  const TemporaryFolder folder;
  {
    auto database = Database::open(folder.file("state"));
    ASSERT_TRUE(database) << database.error().line();
    Documents(**database).put("cluster", "prod", {{"status", "ACTIVE"}});
  }
  auto database = Database::open(folder.file("state"));
  ASSERT_TRUE(database) << database.error().line();
  const auto document = Documents(**database).get("cluster", "prod");
  ASSERT_TRUE(document);
  EXPECT_EQ(*document, (boost::json::object{{"status", "ACTIVE"}}));
}

TEST(Documents, AreListedByPrefixInOrderOfTheKey) {
  const auto database = in_memory();
  Documents documents(*database);
  for (const char* key : {"b:2", "a:1", "b:1", "ba:1", "b"}) documents.put("kind", key, {{"key", key}});
  documents.put("other", "b:3", {});
  std::vector<std::string> keys;
  for (const auto& document : documents.list("kind", "b:")) keys.emplace_back(document.at("key").as_string());
  EXPECT_THAT(keys, ElementsAre("b:1", "b:2"));
  EXPECT_EQ(documents.list("kind").size(), 5U);
  EXPECT_TRUE(documents.erase("kind", "b"));
  EXPECT_FALSE(documents.erase("kind", "b"));
  EXPECT_FALSE(documents.get("kind", "b"));
}

TEST(Transaction, IsUndoneUnlessCommitted) {
  const auto database = in_memory();
  Documents documents(*database);
  {
    const Transaction transaction(*database);
    documents.put("kind", "lost", {});
  }
  {
    Transaction transaction(*database);
    {
      Transaction inner(*database);
      documents.put("kind", "kept", {});
      inner.commit();
    }
    transaction.commit();
  }
  EXPECT_FALSE(documents.get("kind", "lost"));
  EXPECT_TRUE(documents.get("kind", "kept"));
}

TEST(Database, RefusesWhatIsNoDatabase) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("state"))
      << "this is a text of more than one hundred bytes, so that its header is read "
         "as one of a database, which it is not, whatever its name says";
  const auto database = Database::open(folder.file("state"));
  ASSERT_FALSE(database);
  EXPECT_THAT(database.error().line(), HasSubstr("not a database"));
  EXPECT_THAT(database.error().line(), HasSubstr("--data"));
}

TEST(Database, RefusesTheFileOfANewerVersion) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Database::open(folder.file("state")));
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(folder.file("state").c_str(), &raw), SQLITE_OK);
  sqlite3_exec(raw, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(raw);
  const auto database = Database::open(folder.file("state"));
  ASSERT_FALSE(database);
  EXPECT_THAT(database.error().line(), HasSubstr("schema version 99"));
}

TEST(Database, AFailedWriteIsThrown) {
  const TemporaryFolder folder;
  const auto database = Database::open(folder.file("state"));
  ASSERT_TRUE(database);
  (*database)->query("PRAGMA max_page_count = 20").run();
  Documents documents(**database);
  const std::string large(4096, 'x');
  const auto fill = [&] {
    for (int i = 0; i < 100; ++i) documents.put("kind", std::to_string(i), {{"content", large}});
  };
  EXPECT_THROW(fill(), StoreError);
  EXPECT_TRUE(documents.get("kind", "0")) << "what was written before stays";
}

TEST(LogStore, KeepsGroupsAndStreams) {
  const auto database = in_memory();
  LogStore logs(*database);
  EXPECT_TRUE(logs.create_group("/app", 5));
  EXPECT_FALSE(logs.create_group("/app", 6));
  EXPECT_TRUE(logs.create_group("/other", 7));
  EXPECT_TRUE(logs.create_stream("/app", "b", 8));
  EXPECT_FALSE(logs.create_stream("/app", "b", 9));
  EXPECT_TRUE(logs.create_stream("/app", "a", 9));
  EXPECT_TRUE(logs.has_stream("/app", "b"));
  EXPECT_FALSE(logs.has_stream("/other", "b"));
  ASSERT_EQ(logs.groups("/a").size(), 1U);
  EXPECT_EQ(logs.groups("")[0].created_ms, 5);
  const auto streams = logs.streams("/app", "");
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].name, "a");
  EXPECT_FALSE(streams[0].last_event_ms);
}

TEST(LogStore, OrdersEventsByTimeThenArrival) {
  const auto database = in_memory();
  LogStore logs(*database);
  logs.create_group("g", 0);
  logs.create_stream("g", "s", 0);
  logs.create_stream("g", "t", 0);
  logs.append("g", "s", std::vector{event(10, "one"), event(20, "two"), event(20, "three")}, 100);
  logs.append("g", "t", std::vector{event(15, "elsewhere")}, 101);
  logs.append("g", "s", std::vector{event(12, "late")}, 102);

  LogQuestion question;
  question.streams = {"s"};
  EXPECT_THAT(messages(logs.read("g", question)), ElementsAre("one", "late", "two", "three"));
  question.is_backward = true;
  question.max_events = 2;
  EXPECT_THAT(messages(logs.read("g", question)), ElementsAre("three", "two"));
  EXPECT_THAT(messages(logs.read("g", {})), ElementsAre("one", "late", "elsewhere", "two", "three"));

  const auto streams = logs.streams("g", "s");
  EXPECT_EQ(streams[0].first_event_ms, 10);
  EXPECT_EQ(streams[0].last_event_ms, 20);
  EXPECT_EQ(streams[0].last_ingestion_ms, 102);
}

TEST(LogStore, GoesOnBehindAnEventOfTheSameMillisecond) {
  const auto database = in_memory();
  LogStore logs(*database);
  logs.create_group("g", 0);
  logs.create_stream("g", "s", 0);
  logs.append("g", "s", std::vector{event(10, "a"), event(10, "b"), event(10, "c")}, 100);
  LogQuestion question;
  question.max_events = 1;
  std::vector<std::string> seen;
  for (;;) {
    const auto page = logs.read("g", question);
    if (page.empty()) break;
    seen.push_back(page[0].event.message);
    question.after = {.timestamp_ms = page[0].event.timestamp_ms, .id = page[0].event.id};
  }
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
}

TEST(LogStore, BoundsThePageByItsBytes) {
  const auto database = in_memory();
  LogStore logs(*database);
  logs.create_group("g", 0);
  logs.create_stream("g", "s", 0);
  const std::string large(1000, 'x');
  logs.append("g", "s", std::vector{event(1, large), event(2, large), event(3, large)}, 100);
  LogQuestion question;
  question.max_bytes = 2500;
  EXPECT_EQ(logs.read("g", question).size(), 2U);
  question.max_bytes = 10;
  EXPECT_EQ(logs.read("g", question).size(), 1U) << "else nobody could ever get past it";
}

TEST(LogStore, KeepsBytesThatOnlyLookLikeAnEnd) {
  const auto database = in_memory();
  LogStore logs(*database);
  logs.create_group("g", 0);
  logs.create_stream("g", "s", 0);
  const std::string with_nul("a\0b", 3);
  logs.append("g", "s", std::vector{event(1, with_nul)}, 100);
  EXPECT_THAT(messages(logs.read("g", {})), ElementsAre(with_nul));
}

}  // namespace
}  // namespace ferry::local
