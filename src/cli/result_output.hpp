// What ferry prints on stdout that is its own and not a command's or a log's, and --result-file. Foreign text
// in it is made printable here. Each failure is one of writing.
#pragma once

#include "base/result.hpp"
#include "sys/whole_file.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::cli {

// Before the command runs: whether --result-file can be written; true of an empty path.
Result<> check_result_path(const std::string& path);

// Lines of text with their ends.
Result<> print_text(std::string_view lines);
// Lines whose every foreign piece is printable() already, as they are coloured.
Result<> print_coloured(std::string_view lines);
// Lines of JSON with their ends. Says the same, with what acts on a terminal as escapes.
Result<> print_json(std::string_view lines);

// `json` is one object on one line, without its line end. Prints it where `on_stdout`, and writes it to the
// file `path` where that is not empty.
Result<> show_result(std::string_view json, bool on_stdout, const std::string& path);

// A --result-file of several results, a line each, which has its name once it is finished. Without a path it
// takes them and writes nothing.
class ResultFile {
 public:
  explicit ResultFile(std::string path) : path_(std::move(path)) {}

  // `json` is one object on one line, without its line end.
  void add(std::string_view json);
  // The first failure counts.
  Result<> finish();

 private:
  std::string path_;
  std::optional<sys::WholeFile> file_;
  Result<> written_;
};

}  // namespace ferry::cli
