#include "local/store/documents.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace ferry::local {
namespace {

// Sorts behind every text that begins with `prefix`: no UTF-8 text has a byte above it.
std::string behind_all(std::string_view prefix) {
  return std::string(prefix) + "\xF4\x8F\xBF\xBF";
}

boost::json::object parse_document(const std::string& json) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(json, error);
  if (error || !value.is_object()) {
    throw StoreError(fmt::format("the endpoint's database holds a document that is no JSON object: {}",
                                 json.substr(0, 100)));
  }
  return std::move(value.as_object());
}

}  // namespace

Documents::Documents(Database& database) : database_(&database) {}

void Documents::put(std::string_view kind, std::string_view key, const boost::json::object& document) {
  database_->query("INSERT OR REPLACE INTO document (kind, key, json) VALUES (?, ?, ?)")
      .bind(kind)
      .bind(key)
      .bind(boost::json::serialize(document))
      .run();
}

std::optional<boost::json::object> Documents::get(std::string_view kind, std::string_view key) const {
  Query query = database_->query("SELECT json FROM document WHERE kind = ? AND key = ?");
  query.bind(kind).bind(key);
  if (!query.step()) return std::nullopt;
  return parse_document(query.text(0));
}

bool Documents::erase(std::string_view kind, std::string_view key) {
  database_->query("DELETE FROM document WHERE kind = ? AND key = ?").bind(kind).bind(key).run();
  return database_->changes() != 0;
}

std::vector<boost::json::object> Documents::list(std::string_view kind, std::string_view key_prefix) const {
  Query query =
      database_->query("SELECT json FROM document WHERE kind = ? AND key >= ? AND key < ? ORDER BY key");
  query.bind(kind).bind(key_prefix).bind(behind_all(key_prefix));
  std::vector<boost::json::object> documents;
  while (query.step()) documents.push_back(parse_document(query.text(0)));
  return documents;
}

void Documents::erase_all() {
  database_->query("DELETE FROM document").run();
}

}  // namespace ferry::local
