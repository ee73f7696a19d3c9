// Where a run's log goes in the library: the caller's function, descriptor or capture.
// Owns neither. The loop's thread only.
#pragma once

#include "base/result.hpp"
#include "feature/exec_session.hpp"
#include "feature/output_stream.hpp"
#include "feature/run/run.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::library {

class LogOutput final : public feature::RunObserver {
 public:
  // `limit`: bytes that a capture takes.
  LogOutput(net::Loop& loop, feature::OutputSink sink, std::size_t limit,
            std::function<void(std::string_view)> notice);

  void accepted(const std::string& task_arn) override;
  void found(const std::string& task_arn) override;
  void status(const std::string& task_arn, std::string_view phase) override;
  void log(const std::string& task_arn, std::string_view container,
           std::span<const aws::logs::Event> events) override;
  void superseded(const std::string& task_arn) override;
  void notice(std::string_view line) override;
  void second_passed() override;
  feature::OutputStream* output() override { return stream_ ? &*stream_ : nullptr; }
  [[nodiscard]] std::optional<std::size_t> exceeded(const std::string& task_arn) const override;

  // To a descriptor; it is cancelled before this object goes.
  net::Task<> write_output();
  // Whether all of it could be written; what comes after a failure is dropped.
  [[nodiscard]] Result<> written() const;

 private:
  void write(std::string_view text);

  feature::OutputSink sink_;
  std::size_t limit_;
  bool is_over_limit_ = false;
  std::function<void(std::string_view)> notice_;
  std::optional<feature::OutputStream> stream_;
};

}  // namespace ferry::library
