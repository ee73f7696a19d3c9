// The endpoint's state: JSON documents by kind and key, in SQLite, written through before a call is answered.
// A document is a resource in the very shape that the service's API shows it, so that nothing is lost in
// between. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "local/store/database.hpp"

#include <memory>
#include <optional>
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

 private:
  Database* database_;
};

}  // namespace ferry::local
