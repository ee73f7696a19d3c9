#include "library/log_output.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace ferry::library {
namespace {

aws::logs::Event line(std::string text) {
  aws::logs::Event event;
  event.message = std::move(text);
  return event;
}

TEST(LogOutput, ACaptureIsTheLastAttempts) {
  net::Loop loop;
  std::string kept;
  LogOutput output(loop, &kept, 10, [](std::string_view) {});
  output.log("first", "app", std::vector{line("0123456789")});
  EXPECT_EQ(output.exceeded("first"), 10U) << "its line end does not fit";
  output.superseded("first");
  output.log("second", "app", std::vector{line("done")});
  EXPECT_EQ(kept, "done\n");
  EXPECT_EQ(output.exceeded("second"), std::nullopt);
}

TEST(LogOutput, AFunctionGetsEveryAttempts) {
  net::Loop loop;
  std::string seen;
  LogOutput output(loop, std::function<void(BytesView)>([&seen](BytesView bytes) { seen += as_text(bytes); }),
                   10, [](std::string_view) {});
  output.log("first", "app", std::vector{line("one")});
  output.superseded("first");
  output.log("second", "app", std::vector{line("two")});
  EXPECT_EQ(seen, "one\ntwo\n");
}

}  // namespace
}  // namespace ferry::library
