// What ferry says on stderr of its way to AWS: with --debug each step of it, and in any case which files with
// keys others can read, each once.
#pragma once

#include "aws/observer.hpp"

#include <set>
#include <string>
#include <string_view>

namespace ferry::cli {

class ConnectionNotes : public aws::Observer {
 public:
  explicit ConnectionNotes(bool is_debug) : is_debug_(is_debug) {}

  void setting(std::string_view name, std::string_view value, std::string_view origin) override;
  void source(std::string_view method, std::string_view finding) override;
  void attempt(const aws::Attempt& attempt) override;
  void open_file(std::string_view path) override;

 private:
  void debug(std::string_view line) const;

  bool is_debug_;
  std::set<std::string, std::less<>> open_files_;  // that were warned about
};

}  // namespace ferry::cli
