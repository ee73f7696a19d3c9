// Tells the command's output from the frames that the wrapper put around it (wire/exec_wrapper.hpp).
//
//   frame = RS nonce kind text RS      RS is U+001E
//   "+r"  the command starts; its bytes arrive as written
//   "+c"  the command starts; the terminal turned each LF into CR LF
//   "=N"  the command ended with exit code N, 0 to 255
//   "!W"  the command was not started: the image lacks the tool W
//
// Owns what may still turn out to be a frame; bounded by the longest frame. Pure.
#pragma once

#include "base/text.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::wire {

class ExecDecoder {
 public:
  explicit ExecDecoder(std::string_view nonce);

  // The bytes of the command's output that are now certain; cut anywhere.
  Bytes feed(BytesView bytes);
  // What was held back, once nothing more will come: it was output after all.
  Bytes finish();

  [[nodiscard]] bool has_started() const { return started_; }
  // The command's exit code, from its end frame on; what follows that is dropped.
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }
  // The tool that the image lacks, where the wrapper refused.
  [[nodiscard]] const std::optional<std::string>& missing_tool() const { return missing_tool_; }
  // What came before the start frame (at most 1,024 bytes): a shell's complaint, for an explanation.
  [[nodiscard]] const std::string& preamble() const { return preamble_; }

 private:
  enum class Match { no, maybe, yes };
  [[nodiscard]] Match match_held() const;
  [[nodiscard]] bool is_over() const { return exit_code_.has_value() || missing_tool_.has_value(); }
  bool take_frame(std::string_view kind_and_text);
  void release_held(Bytes& output);
  void emit(BytesView bytes, Bytes& output);

  std::string opening_;  // RS and nonce
  std::string held_;     // begins with RS; may become a frame
  bool started_ = false;
  bool undo_line_ends_ = false;
  bool carriage_return_held_ = false;
  std::optional<int> exit_code_;
  std::optional<std::string> missing_tool_;
  std::string preamble_;
};

}  // namespace ferry::wire
