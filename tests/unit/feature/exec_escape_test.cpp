#include "feature/exec_escape.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace ferry::feature {
namespace {

struct Session {
  std::string input;
  bool disconnected = false;
  int helps = 0;
};

// All at once and key by key must be the same.
Session type(std::string_view keys, std::size_t at_once) {
  Session session;
  EscapeKeys escape;
  while (!keys.empty() && !session.disconnected) {
    const EscapeKeys::Typed typed = escape.feed(as_bytes(keys.substr(0, at_once)));
    session.input += as_text(typed.input);
    session.disconnected = typed.disconnect;
    session.helps += typed.help ? 1 : 0;
    keys.remove_prefix(std::min(at_once, keys.size()));
  }
  return session;
}

void expect_session(std::string_view keys, std::string_view input, bool disconnected, int helps = 0) {
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{1000}}) {
    const Session session = type(keys, at_once);
    EXPECT_EQ(session.input, input) << keys;
    EXPECT_EQ(session.disconnected, disconnected) << keys;
    EXPECT_EQ(session.helps, helps) << keys;
  }
}

TEST(EscapeKeys, DisconnectAtTheStartOfALineOnly) {
  expect_session("~.x", "", true);
  expect_session("ls\r~.", "ls\r", true);
  expect_session("ls\n~.", "ls\n", true);
  expect_session("ls ~.\r", "ls ~.\r", false);
  expect_session("cd ~/.ssh\r", "cd ~/.ssh\r", false);
}

TEST(EscapeKeys, PassATildeThatIsNone) {
  expect_session("~~.", "~.", false);
  expect_session("~/bin/x\r", "~/bin/x\r", false);
  expect_session("~\r~.", "~\r", true);
}

TEST(EscapeKeys, HelpStaysAtTheStartOfTheLine) {
  expect_session("~?~.", "", true, 1);
  expect_session("a~?", "a~?", false);
}

}  // namespace
}  // namespace ferry::feature
