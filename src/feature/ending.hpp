// Why ferry gives up what it was asked to do before that has its own end: as an outcome and in words. Pure.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "feature/result.hpp"

#include <string>
#include <string_view>

namespace ferry::feature {

enum class EndCause { interrupt, terminate, hang_up, quit, time_limit, caller };

struct Ending {
  EndCause cause = EndCause::interrupt;
  milliseconds time_limit{0};  // of EndCause::time_limit
};

// Of SIGINT, SIGTERM, SIGHUP and SIGQUIT.
EndCause cause_of_signal(int number);

// timeout or interrupted.
Outcome outcome_of(const Ending& ending);
// "interrupted by SIGTERM", "timed out after 2 s".
std::string in_words(const Ending& ending);
// 124 or 130.
int exit_status(const Ending& ending);

// The lines that find and end a session whose ExecuteCommand was not answered.
std::string session_lines();

// How long a call that may have been sent is waited for once nobody wants to wait: what it starts can be
// ended where its answer comes in that time.
inline constexpr milliseconds kAnswerGrace{800};

// Whether a call that failed so may have had its effect: it was sent, and what became of it was not said. A
// refusal says that, and so does a connection that was never made.
bool may_have_acted(const Failure& failure);
// The same, and where the service says that it failed itself: it does not say before what.
bool may_have_been_carried_out(const Failure& failure);

}  // namespace ferry::feature
