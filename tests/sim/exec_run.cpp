#include "exec_run.hpp"

#include "wire/exec_lines.hpp"
#include "wire/exec_wrapper.hpp"

#include <algorithm>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

namespace ferry::sim {

namespace {

constexpr milliseconds longest_run{3'600'000};
constexpr milliseconds real_agents_patience{2'000};
constexpr std::uint64_t longest_step_ms = 20;

void append(Bytes& to, BytesView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

// Nothing, lines of text, anything, or what ends in, or looks like, what ferry or an agent would take for its
// own.
Bytes some_output(Random& random) {
  const std::size_t size = random.below(4) == 0 ? random.below(20'000) : random.below(600);
  Bytes bytes;
  switch (random.below(6)) {
    case 0:
      break;
    case 1:
      while (bytes.size() < size) append(bytes, as_bytes("2026-01-01 GET /index.html 200 \xc3\xa9\r\n\n"));
      break;
    case 2:
      bytes = random.bytes(size);
      break;
    case 3:
      while (bytes.size() < size) append(bytes, as_bytes("a \xef\xbf\xbd b \xef\xbf"));
      break;
    case 4:
      while (bytes.size() < size)
        append(bytes, as_bytes("\x1e"
                               "ferry1r\x1e+s:\x1e"
                               "0123456789abcdef=0;\x1e"));
      break;
    default:
      bytes = Bytes(size, 'x');
      break;
  }
  return bytes;
}

// The client's half of `ferry exec`, and the agent's with the program behind it.
class ExecEnds : public Ends {
 public:
  ExecEnds(const ExecScenario& scenario, Random& random)
      : scenario_(scenario),
        random_(random),
        nonce_(hex(random.bytes(16))),
        decoder_(nonce_, scenario.is_exact),
        program_(scenario.image, scenario.command, scenario.on_terminal, random) {}

  void take_output(BytesView bytes, Instant now) override {
    now_ = now;
    decoder_.feed(bytes);
    while (const auto event = decoder_.poll_event()) {
      std::visit([this](const auto& what) { handle(what); }, *event);
    }
  }

  void take_input(BytesView bytes, Instant now) override {
    if (now >= World::start + scenario_.agent_delay) program_.type(bytes);
  }

  void write(wire::ClientSession& client, wire::AgentSession& agent, Instant now) override {
    lines_.tick(now);
    send_messages(client, now);
    if (scenario_.task_stops_after && now >= World::start + *scenario_.task_stops_after) {
      agent.close("the task stopped", now);
      return;
    }
    if (now < World::start + scenario_.agent_delay) {
      next_step_ = World::start + scenario_.agent_delay;
      return;
    }
    if (now >= next_step_) {
      program_.step();
      next_step_ = now + milliseconds(1 + random_.below(longest_step_ms));
    }
    append(shown_, program_.take_output());
    // The agent reads at most 1,024 bytes of the terminal at a time, and whatever there is.
    while (!shown_.empty() && agent.has_room()) {
      const std::size_t size = std::min<std::size_t>(shown_.size(), 1 + random_.below(1'024));
      const std::size_t sent =
          agent.send_output(wire::OutputKind::output, BytesView(shown_).first(size), now);
      shown_.erase(shown_.begin(), shown_.begin() + static_cast<std::ptrdiff_t>(sent));
    }
    if (shown_.empty() && program_.has_exited()) agent.close("", now);
  }

  [[nodiscard]] std::optional<Instant> deadline() const override {
    if (program_.has_exited() && shown_.empty()) return lines_.deadline();
    return std::min(next_step_, lines_.deadline().value_or(Instant::max()));
  }
  // ferry waits for the session's orderly end, but not for ever: the result is there.
  [[nodiscard]] bool is_client_done() const override {
    const bool has_left = !to_send_ || !is_quiet_;
    return is_damaged || lines_.has_given_up() || (exit_code && has_left && program_.has_exited());
  }

  [[nodiscard]] const ProgramModel& program() const { return program_; }

  Bytes output, error;
  std::optional<int> exit_code;
  bool is_damaged = false, is_refused = false, is_line_cut = false;

 private:
  void handle(const wire::exec_event::Ready& ready) {
    wire::ExecPlan plan;
    plan.nonce = nonce_;
    plan.exact = scenario_.is_exact;
    plan.has_input = scenario_.has_input;
    if (scenario_.on_terminal) plan.terminal = wire::ExecTerminal{.columns = 80, .rows = 24, .type = "xterm"};
    lines_.send_program(plan, ready.is_echoing);
  }
  void handle(const wire::exec_event::Started& started) {
    lines_.started(started.tier, now_);
    is_quiet_ = started.tier.is_quiet;
    if (scenario_.has_input) send_input();
  }
  void handle(const wire::exec_event::Received& received) { lines_.received(received.below, now_); }
  void handle(const wire::exec_event::Wanted& wanted) { lines_.wanted(wanted.from, now_); }
  void handle(const wire::exec_event::InputTaken& /*taken*/) {
    lines_.taken();
    send_input();
  }
  void handle(const wire::exec_event::Output& piece) {
    append(piece.stream == wire::OutputStreamKind::standard_output ? output : error, piece.bytes);
  }
  void handle(const wire::exec_event::Ended& ended) {
    exit_code = ended.exit_code;
    if (is_quiet_) lines_.send(wire::exec_word::quit);
  }
  void handle(const wire::exec_event::Damaged& /*damaged*/) { is_damaged = true; }
  void handle(const wire::exec_event::Refused& /*refused*/) { is_refused = true; }
  void handle(const wire::exec_event::InputClosed& /*closed*/) {}

  void send_input() {
    while (lines_.has_room() && input_sent_ < scenario_.input.size()) {
      const BytesView left = BytesView(scenario_.input).subspan(input_sent_);
      const std::size_t size = std::min<std::size_t>(left.size(), 1 + random_.below(5'000));
      lines_.send_chunk(left.first(size));
      input_sent_ += size;
    }
    if (input_sent_ == scenario_.input.size() && !std::exchange(is_end_sent_, true))
      lines_.send_end_of_input();
  }

  // Each message as it is, or not yet: a message holds whole lines.
  void send_messages(wire::ClientSession& client, Instant now) {
    while (true) {
      if (!to_send_) to_send_ = lines_.poll_message(now);
      if (!to_send_) return;
      const std::size_t taken = client.send_input(as_bytes(*to_send_), now);
      if (taken == 0) return;
      is_line_cut = is_line_cut || taken != to_send_->size();
      to_send_.reset();
    }
  }

  const ExecScenario& scenario_;
  Random& random_;
  std::string nonce_;
  wire::ExecDecoder decoder_;
  ProgramModel program_;
  wire::ExecLines lines_;
  std::optional<std::string> to_send_;
  std::size_t input_sent_ = 0;
  bool is_end_sent_ = false, is_quiet_ = false;
  Instant now_ = World::start;
  Bytes shown_;
  Instant next_step_ = World::start;
};

Verdict verdict_of(const ExecScenario& scenario, const ExecEnds& ends) {
  if (ends.is_line_cut) return Verdict::wrong_bytes;
  if (ends.is_damaged || !ends.exit_code) return Verdict::lost;
  const ProgramModel& program = ends.program();
  if (!program.is_command_over || *ends.exit_code != scenario.command.exit_code) {
    return *ends.exit_code == 0 ? Verdict::false_success : Verdict::wrong_code;
  }
  const bool is_exact = ends.output == program.written_output && ends.error == program.written_error &&
                        (!scenario.command.reads_input || program.read_input == scenario.input) &&
                        program.typed_to_command.find_first_not_of('\n') == std::string::npos;
  return is_exact ? Verdict::right : Verdict::wrong_bytes;
}

}  // namespace

ExecScenario exec_scenario(std::uint64_t seed, Trouble trouble) {
  Random random(seed);
  ExecScenario scenario;
  scenario.network.seed = seed;
  scenario.network.faults = {.drop = 5, .duplicate = 5, .reorder = 10, .delay = 2};
  scenario.network.has_handshake = random.chance(10);
  scenario.network.agent_acknowledges_duplicates = random.chance(50);
  scenario.image = {.has_stty = random.chance(90),
                    .has_base64 = random.chance(90),
                    .has_gzip = random.chance(80),
                    .has_dd = random.chance(90)};
  scenario.command = {.standard_output = some_output(random),
                      .standard_error = some_output(random),
                      .exit_code = random.chance(20) ? 0 : static_cast<int>(random.below(256))};
  scenario.is_exact = random.chance(50);
  scenario.on_terminal = random.chance(10);
  scenario.has_input = !scenario.on_terminal && scenario.image.has_stty && random.chance(20);
  if (scenario.has_input) scenario.input = some_output(random);
  // The real agent's pause before it reads the terminal, or nearly none.
  scenario.agent_delay = milliseconds(random.chance(50) ? 1'000 : random.below(20));
  // A cut may come at once, in the middle of the output or at the very end.
  scenario.network.longest_before_cut = scenario.agent_delay + milliseconds(1 + random.below(2'000));
  if (trouble == Trouble::cut || trouble == Trouble::cut_for_good) scenario.network.cuts = 1;
  scenario.network.is_resume_refused = trouble == Trouble::cut_for_good;
  if (trouble == Trouble::impatient_agent) {
    scenario.network.close_timeout = real_agents_patience;
    scenario.network.faults.drop = 30;
  }
  if (trouble == Trouble::task_stops) {
    scenario.network.close_timeout = real_agents_patience;
    scenario.task_stops_after = scenario.agent_delay + milliseconds(random.below(1'500));
  }
  if (trouble == Trouble::agent_breaks) {
    // Echoed among merged streams, what comes twice cannot be told from output (docs/exec-framing.md).
    scenario.image.has_dd = scenario.image.has_dd || !scenario.image.has_stty;
    scenario.has_input = !scenario.on_terminal && scenario.image.has_stty && random.chance(70);
    scenario.input.clear();
    if (scenario.has_input)
      scenario.input = random.chance(30) ? random.bytes(random.below(60'000)) : some_output(random);
    scenario.command.dawdles = random.chance(30);
    if (random.chance(50)) scenario.network.faults = {};
    if (random.chance(50)) {
      scenario.network.agent_breaks_percent = 5 + static_cast<int>(random.below(40));
    } else {
      scenario.network.agent_breaks_at = random.below(12);
    }
  }
  return scenario;
}

ExecReport run_exec(const ExecScenario& scenario) {
  Random random(scenario.network.seed ^ 0x5eedU);
  ExecEnds ends(scenario, random);
  World world(scenario.network, ends);
  world.run(longest_run);
  ExecReport report;
  report.verdict = verdict_of(scenario, ends);
  report.connections = world.connections;
  report.written_twice = world.written_twice;
  report.detail = fmt::format(
      "exit code {} of {}, {} of {} bytes of output, {} of {} of errors, after {} ms and {} "
      "connections{}{}{}",
      ends.exit_code.value_or(-1), scenario.command.exit_code, ends.output.size(),
      ends.program().written_output.size(), ends.error.size(), ends.program().written_error.size(),
      world.elapsed().count(), world.connections, ends.is_damaged ? ", damaged" : "",
      ends.is_refused ? ", refused" : "", world.client_failure ? ", " + world.client_failure->line() : "");
  if (ends.is_line_cut) report.detail += ", a line was cut";
  if (!ends.program().typed_to_command.empty())
    report.detail += fmt::format(", typed into the command: '{}'", ends.program().typed_to_command);
  if (!world.protocol_error.empty()) report.detail += ", " + world.protocol_error;
  return report;
}

}  // namespace ferry::sim
