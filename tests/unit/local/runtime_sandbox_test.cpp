#include "local/runtime/container_process.hpp"
#include "local/runtime/sandbox_runtime.hpp"
#include "local/runtime/syscall_policy.hpp"
#include "runtime_test_support.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::local {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A folder that is gone after the test.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& parent) : path_(parent + "/ferry-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryFolder() {
    if (!path_.empty()) fs::remove_all(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override { open({}); }

  void open(std::vector<std::string> hidden_folders) {
    Result<std::unique_ptr<SandboxRuntime>> runtime =
        loop_.run(SandboxRuntime::probe(loop_, std::move(hidden_folders), "ferry-sandbox"));
    ASSERT_TRUE(runtime) << runtime.error().line();
    runtime_ = std::move(*runtime);
  }

  ContainerOutcome run(ContainerSpec spec) {
    return loop_.run(run_container(loop_, *runtime_, std::move(spec)));
  }
  ContainerOutcome run_script(std::string script) { return run(shell_container(std::move(script))); }
  std::unique_ptr<Container> start(ContainerSpec spec) {
    Result<std::unique_ptr<Container>> container = loop_.run(runtime_->start(std::move(spec)));
    EXPECT_TRUE(container) << container.error().line();
    return container ? std::move(*container) : nullptr;
  }

  net::Loop loop_;
  std::unique_ptr<SandboxRuntime> runtime_;
};

TEST_F(Sandbox, BringsBackBothStreamsAndTheExitCode) {
  const ContainerOutcome outcome = run_script("echo out; echo err >&2; exit 7");
  EXPECT_EQ(outcome.output, "out\n");
  EXPECT_EQ(outcome.error, "err\n");
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST_F(Sandbox, RunsAsRootInNamespacesOfItsOwn) {
  const std::string output =
      run_script("id -u; cat /proc/sys/kernel/hostname; ls /proc | grep -c '^[0-9]'").output;
  EXPECT_TRUE(output.starts_with("0\n0123456789ab\n")) << output;
  // Init, the shell, ls and grep: nothing of the host.
  EXPECT_THAT(output.substr(15), AnyOf("4\n", "5\n"));
  const auto host = fs::read_symlink("/proc/self/ns/ipc").string();
  EXPECT_THAT(run_script("readlink /proc/self/ns/ipc").output, Not(HasSubstr(host)));
}

TEST_F(Sandbox, GetsNoDescriptorOfTheEndpoint) {
  // The fourth is the folder that ls itself has open.
  EXPECT_EQ(run_script("exec ls /proc/self/fd").output, "0\n1\n2\n3\n");
}

TEST_F(Sandbox, HasTheEnvironmentOfTheTaskOnly) {
  ::setenv("FERRY_TEST_SECRET", "host", 1);  // NOLINT(concurrency-mt-unsafe): the test has one thread
  ContainerSpec spec = shell_container("");
  spec.command = {"env"};
  spec.environment = {{"GREETING", "hello world"}};
  const std::string output = run(spec).output;
  ::unsetenv("FERRY_TEST_SECRET");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(output,
            "GREETING=hello world\nHOME=/root\n"
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\n");
}

TEST_F(Sandbox, SeesNeitherHomesNorHiddenFolders) {
  const TemporaryFolder in_tmp("/tmp"), in_var_tmp("/var/tmp");
  ASSERT_FALSE(fs::is_empty("/usr/share"));
  open({"/usr/share", "/no/such/folder", "/"});
  // find names what it finds below the folders, but not the folders themselves.
  const ContainerOutcome outcome =
      run_script("find /root /home /tmp /var/tmp /run /usr/share -mindepth 1 -type f -o -name 'ferry-test*'");
  EXPECT_THAT(outcome.output, AnyOf("", "/run/systemd/resolve/stub-resolv.conf\n"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_FALSE(fs::is_empty("/usr/share"));
}

TEST_F(Sandbox, WritesStayInside) {
  const std::string name = "/tmp/ferry-sandbox-" + std::to_string(::getpid());
  const ContainerOutcome outcome =
      run_script("echo x >" + name + " && echo y >/var" + name + " && echo z >/root/z && cat " + name);
  EXPECT_EQ(outcome.output, "x\n") << outcome.error;
  EXPECT_FALSE(fs::exists(name));
  EXPECT_FALSE(fs::exists("/var" + name));
  EXPECT_EQ(run_script("cat " + name).exit_code, 1);
}

TEST_F(Sandbox, TheWholeRootIsWritableWhereAnOverlayCanBeMounted) {
  if (!runtime_->mode().has_overlay) {
    EXPECT_NE(run_script("touch /etc/ferry-test-file").exit_code, 0);
    return;
  }
  const ContainerOutcome outcome =
      run_script("echo changed >/etc/ferry-test-file && rm /etc/passwd && cat /etc/ferry-test-file");
  EXPECT_EQ(outcome.output, "changed\n") << outcome.error;
  EXPECT_FALSE(fs::exists("/etc/ferry-test-file"));
  EXPECT_TRUE(fs::exists("/etc/passwd"));
}

TEST_F(Sandbox, WithoutAnOverlayOnlyPrivateFoldersAreWritable) {
  const SandboxMode mode{.has_user_namespace = ::geteuid() != 0, .has_overlay = false};
  SandboxRuntime runtime(loop_, "/usr/bin/bwrap", mode, {}, container_syscall_filter().value(),
                         "ferry-sandbox");
  const std::string name = "ferry-sandbox-" + std::to_string(::getpid());
  const std::string script = "cd /tmp && touch A /var/tmp/A /run/A /root/A && touch /etc/A || echo done";
  const ContainerSpec spec = shell_container(std::regex_replace(script, std::regex("A"), name));
  const ContainerOutcome outcome = loop_.run(run_container(loop_, runtime, spec));
  EXPECT_EQ(outcome.output, "done\n") << outcome.failure.what;
  EXPECT_THAT(outcome.error, HasSubstr("/etc/" + name));
  EXPECT_THAT(outcome.error, Not(HasSubstr("/root/" + name)));
  EXPECT_FALSE(fs::exists("/tmp/" + name));
}

TEST_F(Sandbox, ReadOnlyRootCannotBeWritten) {
  ContainerSpec spec = shell_container("touch /etc/x /tmp/x /root/x; ls /etc/x /tmp/x /root/x");
  spec.read_only_root = true;
  EXPECT_EQ(run(spec).output, "");
}

TEST_F(Sandbox, LeavesNoMountOnTheHost) {
  const auto mounts = [] {
    std::ifstream file("/proc/self/mountinfo");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = mounts();
  const std::unique_ptr<Container> container = start(shell_container("sleep 1000"));
  EXPECT_EQ(mounts(), before);
}

TEST_F(Sandbox, CommandThatIsNotThereDoesNotStart) {
  ContainerSpec spec = shell_container("");
  spec.command = {"no-such-program"};
  ContainerOutcome outcome = run(spec);
  EXPECT_EQ(outcome.failure.code, FailureCode::not_found);
  EXPECT_EQ(outcome.failure.what,
            "CannotStartContainerError: exec: \"no-such-program\": executable file not found in $PATH");

  spec.command = {"/etc/passwd"};
  outcome = run(spec);
  EXPECT_EQ(outcome.failure.code, FailureCode::denied);
  EXPECT_EQ(outcome.failure.what, "CannotStartContainerError: exec: \"/etc/passwd\": permission denied");

  spec.command = {};
  EXPECT_EQ(run(spec).failure.code, FailureCode::usage);
}

TEST_F(Sandbox, CommandInAHiddenFolderIsNotThere) {
  const TemporaryFolder folder("/tmp");
  const std::string program = folder.path() + "/program";
  fs::copy_file("/bin/true", program);
  ContainerSpec spec = shell_container("");
  spec.command = {program};
  EXPECT_EQ(run(spec).failure.code, FailureCode::not_found);
}

TEST_F(Sandbox, StartsInItsWorkingDirectory) {
  ContainerSpec spec = shell_container("pwd");
  spec.working_directory = "/usr/share";
  EXPECT_EQ(run(spec).output, "/usr/share\n");
  spec.working_directory = "/no/such/folder";
  const ContainerOutcome outcome = run(spec);
  if (runtime_->mode().has_overlay)
    EXPECT_EQ(outcome.output, "/no/such/folder\n");
  else
    EXPECT_THAT(outcome.failure.what, HasSubstr("/no/such/folder"));
}

TEST_F(Sandbox, WorkingDirectoryStaysBelowTheRoot) {
  EXPECT_EQ(plain_working_directory("/a/./b/../c").value(), "/a/c");
  EXPECT_EQ(plain_working_directory("/../../oldroot").value(), "/oldroot");
  EXPECT_EQ(plain_working_directory("a").error().code, FailureCode::usage);
  EXPECT_EQ(plain_working_directory("").error().code, FailureCode::usage);
}

TEST_F(Sandbox, ImagesMayLieInTmpButShowNoHiddenFolder) {
  const TemporaryFolder folder("/tmp");
  const std::string image = folder.path() + "/image", hidden = folder.path() + "/hidden";
  fs::create_directories(image);
  fs::create_directories(hidden + "/below");
  EXPECT_EQ(folder_shown_by(image, {hidden}), std::nullopt);
  EXPECT_EQ(folder_shown_by(hidden + "-too", {hidden}), std::nullopt);
  for (const std::string& shown : {hidden, hidden + "/below", folder.path()})
    EXPECT_EQ(folder_shown_by(shown, {hidden}), hidden) << shown;
  EXPECT_EQ(folder_shown_by("/tmp", {}), "/tmp");
  EXPECT_EQ(folder_shown_by("/root/image", {}), "/root");
  // A home of "/" (system accounts have such) is no folder that could be hidden.
  EXPECT_EQ(folder_shown_by(image, {"/", "/no/such/folder"}), std::nullopt);
}

TEST_F(Sandbox, TextsWithANulReachNoContainer) {
  ContainerSpec spec = shell_container("true");
  spec.environment = {{"A", std::string("1\0--bind\0/\0/mnt", 16)}};
  EXPECT_EQ(run(spec).failure.code, FailureCode::usage);
  spec = shell_container("true");
  spec.command.emplace_back("a\0b", 3);
  EXPECT_EQ(run(spec).failure.code, FailureCode::usage);
  spec = shell_container("true");
  spec.working_directory = std::string("/tmp\0x", 6);
  EXPECT_EQ(run(spec).failure.code, FailureCode::usage);
}

TEST_F(Sandbox, TooManyVariablesAreCountedInTheRefusal) {
  ContainerSpec spec = shell_container("env | grep -c ^V");
  for (int i = 0; i < 2'800; ++i) spec.environment["V" + std::to_string(i)] = "";
  EXPECT_EQ(run(spec).output, "2800\n");
  for (int i = 0; i < 3'100; ++i) spec.environment["V" + std::to_string(i)] = "";
  EXPECT_THAT(run(spec).failure.what, HasSubstr("three for each environment variable"));
}

TEST_F(Sandbox, SignalsReachTheCommand) {
  const std::unique_ptr<Container> plain = start(shell_container("exec sleep 1000"));
  plain->signal(SIGTERM);
  EXPECT_EQ(loop_.run(plain->wait()).code, 128 + SIGTERM);

  const std::unique_ptr<Container> polite =
      start(shell_container("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done"));
  const StandardStreams streams = polite->take_streams();
  ASSERT_EQ(loop_.run(read_line(loop_, streams.output.get())), "ready\n");
  polite->signal(SIGTERM);
  EXPECT_EQ(loop_.run(polite->wait()).code, 3);
  EXPECT_EQ(loop_.run(read_to_end(loop_, streams.output.get())), "bye\n");

  const std::unique_ptr<Container> stubborn = start(shell_container("trap '' TERM; echo ready; sleep 1000"));
  const StandardStreams stubborn_streams = stubborn->take_streams();
  ASSERT_EQ(loop_.run(read_line(loop_, stubborn_streams.output.get())), "ready\n");
  stubborn->signal(SIGTERM);
  stubborn->signal(SIGKILL);
  EXPECT_EQ(loop_.run(stubborn->wait()).code, 128 + SIGKILL);
}

TEST_F(Sandbox, TheEndOfTheCommandEndsWhatItStarted) {
  // setsid takes the background process out of every process group; its end closes the pipe.
  const ContainerOutcome outcome = run_script("setsid sh -c 'trap \"\" TERM HUP; sleep 1000' & exit 5");
  EXPECT_EQ(outcome.exit_code, 5);
}

TEST_F(Sandbox, DestroyingItEndsEverythingInside) {
  std::unique_ptr<Container> container = start(shell_container("setsid sleep 1000 & echo ready; sleep 1000"));
  const StandardStreams streams = container->take_streams();
  ASSERT_EQ(loop_.run(read_line(loop_, streams.output.get())), "ready\n");
  container.reset();
  EXPECT_EQ(loop_.run(read_to_end(loop_, streams.output.get())), "");
}

// Whether any process has this word among its arguments.
bool is_anyone_called_with(const std::string& word) {
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    for (std::string argument; std::getline(file, argument, '\0');)
      if (argument == word) return true;
  }
  return false;
}

TEST_F(Sandbox, EndsWhenTheEndpointIsKilled) {
  const std::string mark = "1000." + std::to_string(::getpid());
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const sys::UniqueFd reading(ends[0]), writing(ends[1]);
  const pid_t endpoint = ::fork();
  if (endpoint == 0) {
    net::Loop loop;
    Result<std::unique_ptr<SandboxRuntime>> runtime =
        loop.run(SandboxRuntime::probe(loop, {}, "ferry-sandbox"));
    Result<std::unique_ptr<Container>> container = loop.run(
        (*runtime)->start(shell_container("setsid sleep " + mark + " & echo ready; exec sleep " + mark)));
    const StandardStreams streams = (*container)->take_streams();
    const std::string ready = loop.run(read_line(loop, streams.output.get()));
    [[maybe_unused]] const auto written = ::write(writing.get(), ready.data(), ready.size());
    ::pause();
  }
  EXPECT_EQ(loop_.run(read_line(loop_, reading.get())), "ready\n");
  // Between "ready" and the sleep, and between the kill and the end, lies a moment; what does not come runs
  // into the test's time-out.
  while (!is_anyone_called_with(mark)) ::usleep(1000);
  ::kill(endpoint, SIGKILL);
  ::waitpid(endpoint, nullptr, 0);
  while (is_anyone_called_with(mark)) ::usleep(1000);
}

TEST_F(Sandbox, ExecEntersOnATerminal) {
  const std::unique_ptr<Container> container =
      start(shell_container("echo kept >/tmp/kept; exec sleep 1000"));
  Result<Container::Exec> exec = loop_.run(container->exec(
      {"sh", "-c",
       "tty; cat /proc/sys/kernel/hostname; cat /tmp/kept; id -u; echo $TERM $LANG $HOME; exit 4"},
      {}, true));
  ASSERT_TRUE(exec) << exec.error().line();
  const std::string output = loop_.run(read_to_end(loop_, exec->streams.terminal.get()));
  EXPECT_EQ(output, "/dev/pts/0\r\n0123456789ab\r\nkept\r\n0\r\nxterm-256color C.UTF-8 /root\r\n");
  EXPECT_EQ(loop_.run(exec->process->wait()).code, 4);
}

TEST_F(Sandbox, ExecHasTheRightsOfTheCommand) {
  const std::string script = "grep -E '^(NoNewPrivs|CapEff|CapPrm|Seccomp):' /proc/self/status";
  ContainerSpec spec = shell_container(script + "; exec sleep 1000");
  const std::unique_ptr<Container> container = start(spec);
  const StandardStreams streams = container->take_streams();
  std::string of_command;
  for (int line = 0; line < 4; ++line) of_command += loop_.run(read_line(loop_, streams.output.get()));
  Result<Container::Exec> exec = loop_.run(container->exec({"sh", "-c", script}, {}, false));
  ASSERT_TRUE(exec) << exec.error().line();
  EXPECT_EQ(loop_.run(read_to_end(loop_, exec->streams.output.get())), of_command);
  EXPECT_THAT(of_command, AllOf(HasSubstr("NoNewPrivs:\t1"), HasSubstr("Seccomp:\t2")));
}

TEST_F(Sandbox, ExecKeepsStreamsApart) {
  const std::unique_ptr<Container> container = start(shell_container("exec sleep 1000"));
  Result<Container::Exec> exec =
      loop_.run(container->exec({"sh", "-c", "cat; echo out; echo err >&2; exit 9"}, {{"A", "1"}}, false));
  ASSERT_TRUE(exec) << exec.error().line();
  EXPECT_EQ(loop_.run(read_to_end(loop_, exec->streams.output.get())), "out\n");
  EXPECT_EQ(loop_.run(read_to_end(loop_, exec->streams.error.get())), "err\n");
  EXPECT_EQ(loop_.run(exec->process->wait()).code, 9);
}

TEST_F(Sandbox, ExecHasAnEmptyInputWhateverTheContainerCallsNull) {
  for (const std::string null : {"rm /dev/null; mkfifo /dev/null", "rm /dev/null; echo words >/dev/null",
                                 "rm /dev/null; ln -s /dev/zero /dev/null", "rm /dev/null", "true"}) {
    const std::unique_ptr<Container> container =
        start(shell_container(null + "; echo ready; exec sleep 1000"));
    const StandardStreams streams = container->take_streams();
    ASSERT_EQ(loop_.run(read_line(loop_, streams.output.get())), "ready\n") << null;
    Result<Container::Exec> exec = loop_.run(container->exec({"sh", "-c", "cat; echo end"}, {}, false));
    ASSERT_TRUE(exec) << exec.error().line();
    EXPECT_EQ(loop_.run(read_to_end(loop_, exec->streams.output.get())), "end\n") << null;
  }
}

TEST_F(Sandbox, ExecSaysWhatCouldNotBeExecuted) {
  const std::unique_ptr<Container> container = start(shell_container("exec sleep 1000"));
  const Result<Container::Exec> missing = loop_.run(container->exec({"no-such-program"}, {}, true));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, FailureCode::not_found);
  EXPECT_EQ(missing.error().what, "exec: \"no-such-program\": executable file not found in $PATH");
  const Result<Container::Exec> denied = loop_.run(container->exec({"/etc/passwd"}, {}, false));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, FailureCode::denied);
}

TEST_F(Sandbox, DestroyingAnExecKillsIt) {
  const std::unique_ptr<Container> container = start(shell_container("exec sleep 1000"));
  sys::UniqueFd output;
  {
    Result<Container::Exec> exec =
        loop_.run(container->exec({"sh", "-c", "echo ready; sleep 1000"}, {}, false));
    ASSERT_TRUE(exec) << exec.error().line();
    output = std::move(exec->streams.output);
    ASSERT_EQ(loop_.run(read_line(loop_, output.get())), "ready\n");
  }
  EXPECT_EQ(loop_.run(read_to_end(loop_, output.get())), "");
}

TEST_F(Sandbox, EndedContainerCannotBeEntered) {
  const std::unique_ptr<Container> container = start(shell_container("exit 0"));
  EXPECT_EQ(loop_.run(container->wait()).code, 0);
  EXPECT_EQ(loop_.run(container->wait()).code, 0);
  EXPECT_FALSE(loop_.run(container->exec({"true"}, {}, false)));
}

TEST_F(Sandbox, ImageIsAFolder) {
  const TemporaryFolder image("/tmp");
  // The smallest one: a shell and its libraries.
  const std::string script = "cd " + image.path() +
                             " && mkdir proc dev sys etc tmp && echo from the image >etc/mark && "
                             "cp -L --parents $(ldd /bin/sh | grep -o '/[^ ]*') /bin/sh .";
  sys::ChildSpec build;
  build.argv = {"sh", "-c", script};
  build.environment = {"PATH=/usr/bin:/bin"};
  build.search_path = "/usr/bin:/bin";
  Result<sys::Child> builder = sys::Child::start(build);
  ASSERT_TRUE(builder) << builder.error().line();
  ASSERT_EQ(loop_.run(wait_for_end(loop_, std::make_shared<sys::Child>(std::move(*builder)))).code, 0);

  ContainerSpec spec =
      shell_container("read line </etc/mark; echo $line; echo x >/etc/new; echo y >/tmp/new");
  spec.image = "rootfs:" + image.path();
  const ContainerOutcome outcome = run(spec);
  EXPECT_EQ(outcome.output, "from the image\n") << outcome.failure.what << outcome.error;
  EXPECT_FALSE(fs::exists(image.path() + "/etc/new"));
  EXPECT_FALSE(fs::exists(image.path() + "/tmp/new"));

  spec.command = {"env"};
  EXPECT_EQ(run(spec).failure.code, FailureCode::not_found);
  spec.image = "rootfs:/no/such/image";
  EXPECT_THAT(run(spec).failure.what, HasSubstr("CannotPullContainerError"));
}

}  // namespace
}  // namespace ferry::local
