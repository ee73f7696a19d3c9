#include "local/agent/session_registry.hpp"

#include "local/agent/session.hpp"
#include "net/clock.hpp"
#include "sys/random.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace ferry::local {

namespace {

constexpr std::string_view data_channel_path = "/v1/data-channel/";

// "ecs:CLUSTER_TASKID_RUNTIMEID": only a cluster's name may have underscores of its own.
std::string_view runtime_id_of(std::string_view target) {
  const auto last = target.rfind('_');
  return target.starts_with("ecs:") && last != std::string_view::npos ? target.substr(last + 1)
                                                                      : std::string_view();
}

Failure no_session(std::string_view id) {
  return {.code = FailureCode::not_found,
          .what = fmt::format("there is no session {}", id),
          .hint = {},
          .service_code = {}};
}

}  // namespace

struct SessionRegistry::State {
  struct Entry {
    std::string runtime_id;
    std::shared_ptr<Session> session;
  };

  State(net::Loop& shared_loop, SessionLimits session_limits, SessionMeans session_means)
      : loop(shared_loop),
        limits(session_limits),
        means(std::move(session_means)),
        is_empty(shared_loop),
        tasks(shared_loop) {
    is_empty.set();
  }

  static net::Task<> run_session(std::shared_ptr<State> state, std::string id,
                                 std::shared_ptr<Session> session) {
    co_await Session::run(std::move(session));
    state->sessions.erase(id);
    if (state->sessions.empty()) state->is_empty.set();
  }

  [[nodiscard]] std::shared_ptr<Session> find(std::string_view id) const {
    const auto found = sessions.find(id);
    return found == sessions.end() ? nullptr : found->second.session;
  }

  [[nodiscard]] std::vector<std::shared_ptr<Session>> sessions_of(std::string_view runtime_id) const {
    std::vector<std::shared_ptr<Session>> found;
    for (const auto& [id, entry] : sessions)
      if (entry.runtime_id == runtime_id) found.push_back(entry.session);
    return found;
  }

  net::Loop& loop;
  SessionLimits limits;
  SessionMeans means;
  std::map<std::string, Container*, std::less<>> containers;  // by runtime id
  std::map<std::string, Entry, std::less<>> sessions;         // by session id
  bool is_shut_down = false;
  net::Event is_empty;
  net::TaskGroup tasks;
};

SessionRegistry::SessionRegistry(net::Loop& loop, SessionLimits limits, SessionMeans means)
    : state_(std::make_shared<State>(loop, limits, std::move(means))) {}

SessionRegistry::~SessionRegistry() = default;

void SessionRegistry::container_started(std::string runtime_id, Container& container) {
  state_->containers.insert_or_assign(std::move(runtime_id), &container);
}

net::Task<> SessionRegistry::container_ended(std::string runtime_id) {
  const std::shared_ptr<State> state = state_;
  state->containers.erase(runtime_id);
  const std::vector<std::shared_ptr<Session>> sessions = state->sessions_of(runtime_id);
  for (const std::shared_ptr<Session>& session : sessions) {
    session->begin_no_more();
    co_await session->wait_until_begun();
    session->kill_command();
  }
}

Result<SessionTicket> SessionRegistry::open(SessionRequest request) {
  const std::string runtime_id(runtime_id_of(request.target));
  const auto container = state_->containers.find(runtime_id);
  if (container == state_->containers.end() || state_->is_shut_down)
    return fail(FailureCode::not_found, fmt::format("{} is not a running container", request.target));
  const auto existing = state_->sessions_of(runtime_id);
  const auto occupied = std::ranges::count_if(
      existing, [](const std::shared_ptr<Session>& session) { return session->is_occupied(); });
  if (occupied >= state_->limits.max_sessions_a_container)
    return fail(FailureCode::refused,
                fmt::format("Unable to start new execute sessions because the maximum session limit of {} "
                            "has been reached.",
                            state_->limits.max_sessions_a_container));

  constexpr std::size_t id_bytes = 9;
  const std::string id = request.id_prefix + sys::random_hex(id_bytes);
  const auto session = std::make_shared<Session>(state_->loop, id, std::move(request), *container->second,
                                                 state_->limits, state_->means);
  SessionTicket ticket{.session_id = id, .token_value = session->renew_token()};
  state_->sessions.emplace(id, State::Entry{.runtime_id = runtime_id, .session = session});
  state_->is_empty.reset();
  state_->tasks.spawn(State::run_session(state_, id, session));
  return ticket;
}

Result<SessionTicket> SessionRegistry::resume(const std::string& session_id) {
  const std::shared_ptr<Session> session = state_->find(session_id);
  if (!session) return fail(no_session(session_id));
  return SessionTicket{.session_id = session_id, .token_value = session->renew_token()};
}

bool SessionRegistry::terminate(const std::string& session_id) {
  const std::shared_ptr<Session> session = state_->find(session_id);
  if (session) session->end({});
  return session != nullptr;
}

std::optional<net::WebSocketSession> SessionRegistry::session_for(std::string_view target) {
  if (!target.starts_with(data_channel_path)) return std::nullopt;
  const std::string_view rest = target.substr(data_channel_path.size());
  const std::shared_ptr<Session> session = state_->find(rest.substr(0, rest.find('?')));
  if (!session) return std::nullopt;
  return [session](net::WebSocket socket) { return Session::serve(session, std::move(socket)); };
}

net::Task<> SessionRegistry::shut_down() {
  constexpr milliseconds patience{2'000};
  const std::shared_ptr<State> state = state_;
  state->is_shut_down = true;
  state->containers.clear();
  for (const auto& [id, entry] : state->sessions) entry.session->end({});
  const bool is_empty = co_await state->is_empty.wait_until(net::steady_now() + patience);
  if (!is_empty)
    for (const auto& [id, entry] : state->sessions) entry.session->abandon();
  co_await state->tasks.join();
}

}  // namespace ferry::local
