// The endpoint's state: JSON documents by kind and key, in SQLite, written through before a call is answered.
// A document is a resource in the very shape that the service's API shows it, so that nothing is lost in
// between. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "local/store/database.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace ferry::local {

class Documents {
 public:
  explicit Documents(Database& database);

  // `kind` is one of the endpoint's resource kinds ("cluster", "task", ...). put() replaces.
  void put(std::string_view kind, std::string_view key, const boost::json::object& document);
  [[nodiscard]] std::optional<boost::json::object> get(std::string_view kind, std::string_view key) const;
  bool erase(std::string_view kind, std::string_view key);
  // Documents whose key begins with `key_prefix`, in order of key (bytewise).
  [[nodiscard]] std::vector<boost::json::object> list(std::string_view kind,
                                                      std::string_view key_prefix = {}) const;
  void erase_all();

  // What a member (a text) of a document must be, or where `is_beginning`, begin with. A search costs what
  // the first of kIndexed among its conditions finds; without one, each document is looked at.
  struct Condition {
    std::string_view member;
    std::string value;
    bool is_beginning = false;
  };
  static constexpr std::array<std::string_view, 5> kIndexed{"startedBy", "group", "taskDefinitionArn",
                                                            "lastStatus", "desiredStatus"};
  // Of the documents that list() would give, the keys of those that meet all conditions, in order: the first
  // `most` of them behind the key `after`.
  [[nodiscard]] std::vector<std::string> keys(std::string_view kind, std::string_view key_prefix,
                                              std::span<const Condition> conditions, const std::string& after,
                                              std::size_t most) const;
  // How many that are.
  [[nodiscard]] std::int64_t count(std::string_view kind, std::string_view key_prefix,
                                   std::span<const Condition> conditions) const;
  // Those of whom `member`, a number that is indexed ("stoppedAt"), is less.
  void erase_below(std::string_view kind, std::string_view member, double bound);

 private:
  Database* database_;
};

}  // namespace ferry::local
