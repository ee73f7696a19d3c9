#include "local/store/documents.hpp"

#include <algorithm>

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

std::string value_of(std::string_view member) {
  return fmt::format("json_extract(json, '$.{}')", member);
}

// The rest of a statement, whose questions bind_all() answers.
std::string where(std::span<const Documents::Condition> conditions) {
  std::string text = " FROM document";
  const auto indexed =
      std::ranges::find_first_of(Documents::kIndexed, conditions, {}, {}, &Documents::Condition::member);
  // Named, because SQLite would take the keys' range for the narrower choice.
  if (indexed != Documents::kIndexed.end()) text += fmt::format(" INDEXED BY document_by_{}", *indexed);
  text += " WHERE kind = ? AND key >= ? AND key < ?";
  for (const Documents::Condition& condition : conditions) {
    const std::string value = value_of(condition.member);
    text += condition.is_beginning ? fmt::format(" AND {0} >= ? AND {0} < ?", value)
                                   : fmt::format(" AND {} = ?", value);
  }
  return text;
}

void bind_all(Query& query, std::string_view kind, std::string_view key_prefix,
              std::span<const Documents::Condition> conditions, const std::string& after = {}) {
  // The first text behind `after` that a key can be: they have no control characters.
  const std::string begin = after.empty() ? std::string() : after + '\x01';
  query.bind(kind).bind(std::max(std::string(key_prefix), begin)).bind(behind_all(key_prefix));
  for (const Documents::Condition& condition : conditions) {
    query.bind(condition.value);
    if (condition.is_beginning) query.bind(behind_all(condition.value));
  }
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

std::vector<std::string> Documents::keys(std::string_view kind, std::string_view key_prefix,
                                         std::span<const Condition> conditions, const std::string& after,
                                         std::size_t most) const {
  Query query = database_->query("SELECT key" + where(conditions) + " ORDER BY key LIMIT ?");
  bind_all(query, kind, key_prefix, conditions, after);
  query.bind(static_cast<std::int64_t>(most));
  std::vector<std::string> keys;
  while (query.step()) keys.push_back(query.text(0));
  return keys;
}

std::int64_t Documents::count(std::string_view kind, std::string_view key_prefix,
                              std::span<const Condition> conditions) const {
  Query query = database_->query("SELECT COUNT(*)" + where(conditions));
  bind_all(query, kind, key_prefix, conditions);
  return query.step() ? query.integer(0) : 0;
}

void Documents::erase_below(std::string_view kind, std::string_view member, double bound) {
  database_->query(fmt::format("DELETE FROM document WHERE kind = ? AND {} < ?", value_of(member)))
      .bind(kind)
      .bind(bound)
      .run();
}

void Documents::erase_all() {
  database_->query("DELETE FROM document").run();
}

}  // namespace ferry::local
