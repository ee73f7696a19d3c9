"""A reader of our output that is slow, stopped or gone; output without end; logs that are long."""

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import termios
import time

import pytest
from exec_fixtures import web  # noqa: F401 (pytest finds fixtures by name)
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import environment_of, running_tasks

LINE = "0123456789" * 90
LINES = 2000  # about seven pipes and streams full
MUCH = f'i=0; while [ $i -lt {LINES} ]; do echo "$i {LINE}"; i=$((i+1)); done'
EXPECTED = "".join(f"{number} {LINE}\n" for number in range(LINES))
# What a process may take that does not heed its reader is without end; one that does needs a few seconds.
SOON_S = 30


@pytest.fixture(scope="module", autouse=True)
def definitions(shared_endpoint):
    ecs = shared_endpoint.ecs
    ecs.register_task_definition(**task_definition())
    for count in (30, 20_000):
        script = f'yes "{LINE}" | head -n {count}'
        ecs.register_task_definition(**task_definition(family=f"lines-{count}", container={"command": ["sh", "-c", script]}))


class StoppedReader:
    """A pipe that nobody reads until read() is called."""

    def __init__(self):
        self.reading, self.writing = os.pipe()

    def is_full(self):
        waiting = int.from_bytes(fcntl.ioctl(self.reading, termios.FIONREAD, bytes(4)), "little")
        return waiting >= fcntl.fcntl(self.reading, fcntl.F_GETPIPE_SZ) // 2

    def read(self):
        with open(self.reading, "rb", closefd=False) as file:
            return file.read()


@pytest.fixture
def reader():
    reader = StoppedReader()
    yield reader
    os.close(reader.reading)


@pytest.fixture
def start(shared_endpoint, ferry, reader, tmp_path):
    """start(words...) begins `ferry words...`, whose stdout is the stopped reader's and whose stderr is said()."""
    said = tmp_path / "stderr"
    with contextlib.ExitStack() as stack:

        def begin(*words):
            with open(said, "wb") as errors:
                process = subprocess.Popen(
                    [ferry, *words],
                    env=environment_of(shared_endpoint),
                    stdin=subprocess.DEVNULL,
                    stdout=reader.writing,
                    stderr=errors,
                )
            os.close(reader.writing)
            stack.enter_context(process)
            stack.callback(process.kill)
            process.said = said.read_text
            return process

        yield begin


def task_of(process):
    return re.search(r"arn:\S+", process.said()).group()


def status_of(endpoint, arn):
    return endpoint.ecs.describe_tasks(tasks=[arn])["tasks"][0]["lastStatus"]


def shell(script):
    return ["--", "/bin/sh", "-c", script]


def test_a_signal_is_heeded_while_nobody_reads(start, reader, shared_endpoint):
    process = start("run", "app", *shell(f"{MUCH}; sleep 1000"))
    wait_until(reader.is_full, "a full pipe")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=SOON_S) == 130
    assert "interrupted by the user" in process.said()
    assert "the reader takes nothing" in process.said()
    assert status_of(shared_endpoint, task_of(process)) == "STOPPED"


def test_the_time_limit_is_heeded_while_nobody_reads(start, reader, shared_endpoint):
    process = start("run", "app", "--timeout", "4s", *shell(f"{MUCH}; sleep 1000"))
    assert process.wait(timeout=SOON_S) == 124
    assert "the reader takes nothing" in process.said()
    assert status_of(shared_endpoint, task_of(process)) == "STOPPED"


def test_the_end_of_the_task_is_seen_while_nobody_reads_and_nothing_is_lost(start, reader):
    process = start("run", "app", *shell(MUCH))
    wait_until(lambda: "STOPPED" in process.said(), "the end of the task")
    assert process.poll() is None
    assert reader.read().decode() == EXPECTED
    assert process.wait(timeout=SOON_S) == 0


def test_a_signal_costs_a_slow_reader_nothing(start, reader):
    process = start("run", "app", *shell(f"trap 'exit 7' TERM; {MUCH}; sleep 1000 & wait"))
    wait_until(reader.is_full, "a full pipe")
    process.send_signal(signal.SIGTERM)
    assert reader.read().decode() == EXPECTED
    assert process.wait(timeout=SOON_S) == 130
    assert "takes nothing" not in process.said()


@pytest.mark.parametrize(("code", "status"), [(0, 125), (3, 3)])
def test_what_nobody_read_is_said_and_never_a_success(start, code, status):
    process = start("run", "app", *shell(f"{MUCH}; exit {code}"))
    wait_until(lambda: "STOPPED" in process.said(), "the end of the task")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=SOON_S) == status
    assert "the reader takes nothing" in process.said()


def test_a_reader_of_both_streams_that_stops_keeps_nothing_alive(reader, shared_endpoint, ferry):
    process = subprocess.Popen(
        [ferry, "run", "app", "--timeout", "3s", *shell(f"{MUCH}; sleep 1000")],
        env=environment_of(shared_endpoint),
        stdin=subprocess.DEVNULL,
        stdout=reader.writing,
        stderr=reader.writing,
    )
    os.close(reader.writing)
    with process:
        try:
            assert process.wait(timeout=SOON_S) == 124
        finally:
            process.kill()


def test_logs_that_nobody_reads_can_be_interrupted(start, reader, shared_endpoint):
    arn = shared_endpoint.ecs.run_task(taskDefinition="lines-20000")["tasks"][0]["taskArn"]
    process = start("logs", "-f", arn)
    wait_until(reader.is_full, "a full pipe")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=SOON_S) == 130


def test_a_command_in_every_task_heeds_signals_while_nobody_reads(start, reader, web):
    process = start("exec", "web", "--all", *shell(MUCH))
    wait_until(reader.is_full, "a full pipe")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=SOON_S) != 0


@pytest.fixture(scope="module")
def twelve(shared_endpoint):
    """A service of more tasks than commands run at a time."""
    ecs = shared_endpoint.ecs
    ecs.register_task_definition(**task_definition(family="twelve", container={"command": ["sleep", "1000000"]}))
    ecs.create_service(serviceName="twelve", taskDefinition="twelve", desiredCount=12, enableExecuteCommand=True)
    wait_until(lambda: len(running_tasks(shared_endpoint, serviceName="twelve")) == 12, "twelve tasks")


def test_commands_in_every_task_do_not_run_ahead_of_a_reader_that_takes_nothing(twelve, shared_endpoint, ferry, reader):
    with RecordingProxy(shared_endpoint) as proxy:
        process = subprocess.Popen(
            [ferry, "exec", "twelve", "--all", *shell(MUCH)],
            env={**environment_of(shared_endpoint), "AWS_ENDPOINT_URL": proxy.url},
            stdin=subprocess.DEVNULL,
            stdout=reader.writing,
            stderr=subprocess.PIPE,
        )
        os.close(reader.writing)
        with process:
            wait_until(lambda: proxy.operations.count("ExecuteCommand") >= 8 and reader.is_full(), "eight commands and a full pipe")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=SOON_S) != 0
            assert b"the reader takes nothing" in process.stderr.read()
    assert proxy.operations.count("ExecuteCommand") == 8


def test_every_result_of_many_tasks_arrives_in_order(twelve, shared_endpoint, ferry, tmp_path):
    file = tmp_path / "results"
    done = subprocess.run(
        [ferry, "exec", "twelve", "--all", "--result-file", str(file), *shell(MUCH)],
        env=environment_of(shared_endpoint),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, EXPECTED * 12)
    shown = [line.removeprefix("ferry: task ") for line in done.stderr.splitlines() if line.startswith("ferry: task ")]
    results = [json.loads(line) for line in file.read_text().splitlines()]
    assert [result["task"].rpartition("/")[2] for result in results] == shown
    assert len(set(shown)) == 12
    assert [result["stdout"] for result in results] == [EXPECTED] * 12
    assert [entry.name for entry in tmp_path.iterdir()] == ["results"]


def unwritable(how):
    """What a shell does with a command whose stdout is not there, or takes nothing."""
    return f'exec "$0" "$@" {how}'


@pytest.fixture(scope="module")
def ended(shared_endpoint):
    """The ARN of a task that has ended."""
    arn = shared_endpoint.ecs.run_task(taskDefinition="app")["tasks"][0]["taskArn"]
    wait_until(lambda: status_of(shared_endpoint, arn) == "STOPPED", "the end of the task")
    return arn


COMMANDS = [
    "exec web -- echo hi",
    "exec web -o json -- true",
    "exec web --all -- echo hi",
    "run app -- echo hi",
    "run app -o json -- true",
    "run app -d -- true",
    "ps --all",
    "ps -o json --all",
    "logs ENDED",
    "wait -o json ENDED",
    "explain ENDED",
    "explain -o json ENDED",
    "api ecs ListClusters",
    "whoami",
    "whoami -o json",
    "doctor web",
    "wrap -- true",
    "local env --port PORT",
    "local status --port PORT",
    "--help",
    "--version",
    "exec --help",
]


@pytest.mark.parametrize("how", [">/dev/full", ">&-"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_result_that_cannot_be_written_is_no_success(shared_endpoint, ferry, web, ended, command, how):
    places = {"ENDED": ended, "PORT": shared_endpoint.url.rpartition(":")[2]}
    words = [places.get(word, word) for word in command.split()]
    done = subprocess.run(
        ["sh", "-c", unwritable(how), ferry, *words],
        env=environment_of(shared_endpoint),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.returncode == 125, done.stderr
    assert re.search(r"^ferry: .*(cannot write|No space left|Bad file descriptor)", done.stderr, re.MULTILINE), done.stderr


@pytest.mark.parametrize("command", ["wrap -- true", "whoami", "run app -- echo hi"])
def test_a_reader_that_has_gone_is_no_success(shared_endpoint, ferry, command):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [ferry, *command.split()],
        env=environment_of(shared_endpoint),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    os.close(writing)
    assert done.returncode == 125
    assert done.stderr.startswith("ferry: ")


def test_a_captured_command_without_end_is_ended(shared_endpoint, ferry, web):
    def run(*words):
        return subprocess.run(
            [ferry, "exec", "web", *words],
            env=environment_of(shared_endpoint),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )

    done = run("-o", "json", "--capture-limit", "100KiB", *shell("echo $$ >/tmp/endless; exec yes"))
    result = json.loads(done.stdout)
    assert done.returncode == 255
    assert (result["outcome"], result["exit_code"]) == ("unknown", None)
    assert result["stdout"] == "y\n" * (50 * 1024)
    assert "more output than 100 KiB" in result["explanation"]
    assert b"more output than 100 KiB" in done.stderr
    assert run(*shell("kill -0 $(cat /tmp/endless)")).returncode != 0


def test_a_captured_run_without_end_is_stopped(shared_endpoint, ferry):
    done = subprocess.run(
        [ferry, "run", "app", "-o", "json", "--capture-limit", "10KiB", *shell(f"{MUCH}; sleep 1000")],
        env=environment_of(shared_endpoint),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    result = json.loads(done.stdout)
    assert done.returncode == 255
    assert (result["outcome"], result["exit_code"], result["logs"]) == ("unknown", None, "unavailable")
    assert result["stdout"] == EXPECTED[: 10 * 1024]
    assert "more output than 10 KiB" in result["explanation"]
    assert status_of(shared_endpoint, result["task"]) == "STOPPED"


def test_output_up_to_the_limit_is_a_success(shared_endpoint, ferry, web):
    for words in (["exec", "web"], ["run", "app"]):
        done = subprocess.run(
            [ferry, *words, "-o", "json", "--capture-limit", "6", "--", "echo", "hello"],
            env=environment_of(shared_endpoint),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["stdout"] == "hello\n"


def peak_memory(words, environment):
    """How much memory `words` took at most, in bytes, and how many bytes it printed."""
    # Not by getrusage(), which counts what we were before exec.
    process = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    peak = size = 0
    with process:
        while True:
            if select.select([process.stdout], [], [], 0.005)[0]:
                piece = os.read(process.stdout.fileno(), 1 << 16)
                if not piece:
                    break
                size += len(piece)
            with open(f"/proc/{process.pid}/status") as status:
                found = re.search(r"VmHWM:\s+(\d+) kB", status.read())
            peak = max(peak, int(found.group(1)) * 1024 if found else 0)
    assert process.returncode == 0
    return peak, size


@pytest.mark.skipif(os.environ.get("FERRY_PRESET", "dev") not in ("dev", "release"), reason="sanitizers keep what was freed")
def test_memory_does_not_grow_with_the_log(shared_endpoint, ferry):
    peaks = {}
    for count in (30, 20_000):
        arn = shared_endpoint.ecs.run_task(taskDefinition=f"lines-{count}")["tasks"][0]["taskArn"]
        wait_until(lambda arn=arn: status_of(shared_endpoint, arn) == "STOPPED", "the end of the task")
        peaks[count], size = peak_memory([ferry, "logs", arn], environment_of(shared_endpoint))
        assert size == count * (len(LINE) + 1)
    assert size > 16 << 20
    # A page, its JSON and what it is parsed into; and what is remembered of 20,000 events.
    assert peaks[20_000] - peaks[30] < 16 << 20, peaks


def test_many_tasks_share_the_second_reading(shared_endpoint, ferry):
    count = 12
    with RecordingProxy(shared_endpoint) as proxy:
        # Slow enough that the others ask meanwhile.
        proxy.changes["FilterLogEvents"] = lambda answer: time.sleep(1) or answer
        done = subprocess.run(
            [ferry, "run", "app", "--count", str(count), "--", "echo", "hi"],
            env={**environment_of(shared_endpoint), "AWS_ENDPOINT_URL": proxy.url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == count
    calls = [given for operation, given in zip(proxy.operations, proxy.inputs) if operation == "FilterLogEvents"]
    streams = [stream for call in calls for stream in call["logStreamNames"]]
    assert len(streams) == len(set(streams)) == count
    assert len(calls) <= count // 2
    assert all(call["startTime"] > 0 for call in calls)


def test_each_line_of_an_event_says_whose_it_is(shared_endpoint, ferry):
    two = task_definition(family="two-of-many-lines", container={"command": ["sh", "-c", "echo first; sleep 1000"]})
    side = {**two["containerDefinitions"][0], "name": "side", "command": ["sh", "-c", "sleep 1000"]}
    shared_endpoint.ecs.register_task_definition(**{**two, "containerDefinitions": [*two["containerDefinitions"], side]})
    arn = shared_endpoint.ecs.run_task(taskDefinition="two-of-many-lines")["tasks"][0]["taskArn"]
    stream = f"ecs/app/{arn.rpartition('/')[2]}"
    logs = shared_endpoint.client("logs")
    wait_until(lambda: logs.describe_log_streams(logGroupName="/app", logStreamNamePrefix=stream)["logStreams"], "the log stream")
    event = {"timestamp": int(time.time() * 1000), "message": "error\n  at one\n  at two"}
    logs.put_log_events(logGroupName="/app", logStreamName=stream, logEvents=[event])
    shown = subprocess.run(
        [ferry, "logs", "--all-containers", arn],
        env=environment_of(shared_endpoint),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    shared_endpoint.ecs.stop_task(task=arn)
    assert "[app] error\n[app]   at one\n[app]   at two\n" in shown.stdout
    assert all(line.startswith("[") for line in shown.stdout.splitlines())
