// Where a run's log goes in the library: the caller's function, descriptor or capture.
// Owns neither. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "feature/exec_session.hpp"
#include "feature/run/run.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::library {

class LogOutput final : public feature::RunObserver {
 public:
  LogOutput(feature::OutputSink sink, std::function<void(std::string_view)> notice);

  void accepted(const std::string& task_arn) override;
  void found(const std::string& task_arn) override;
  void status(const std::string& task_arn, std::string_view phase) override;
  void log(const std::string& task_arn, std::string_view container,
           std::span<const aws::logs::Event> events) override;
  void notice(std::string_view line) override;
  void second_passed() override;

  // Whether all of it could be written; what comes after a failure is dropped.
  [[nodiscard]] const Result<>& written() const { return written_; }

 private:
  void write(std::string_view text);

  feature::OutputSink sink_;
  std::function<void(std::string_view)> notice_;
  Result<> written_;
};

}  // namespace ferry::library
