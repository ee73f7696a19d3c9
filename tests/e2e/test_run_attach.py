"""ferry run --attach: the command in a session of a task that waits for it, and what is left of that task."""

import json
import os
import signal
import subprocess

import pytest
from local_endpoint import task_definition, wait_until
from running_service import environment_of
from terminal import Terminal

# Seconds until nobody has entered, after the session, and of a silent ferry.
SHORT_LIMITS = {"FERRY_ATTACH_LIMITS": "60,1,2"}
# Bytes that terminals, text and JSON damage.
HARD_BYTES = bytes(range(256)) * 40 + b"\r\n\x04\xef\xbf\xbd\x00"


@pytest.fixture(scope="module", autouse=True)
def definitions(shared_endpoint):
    ecs = shared_endpoint.client("ecs")
    environment = [{"name": "PATH", "value": "/opt/none"}]
    ecs.register_task_definition(**task_definition(family="pathless", container={"environment": environment}))
    entry_points = {"app": [], "swallows": ["true"], "broken": ["/no/such/program"], "execs": ["env", "VIA=entry"]}
    for family, entry_point in entry_points.items():
        ecs.register_task_definition(**task_definition(family=family, container={"entryPoint": entry_point}))


@pytest.fixture
def run(shared_endpoint, ferry):
    """run(words...) is `ferry run --attach words...` without a terminal, as CI does it."""

    def run_attached(*words, environment=(), **more):
        if "input" not in more:
            more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [ferry, "run", "--attach", *words],
            env={**environment_of(shared_endpoint), **dict(environment)},
            capture_output=True,
            timeout=120,
            start_new_session=True,
            **more,
        )

    return run_attached


@pytest.fixture
def start(shared_endpoint, ferry):
    """start(words...) begins it; what is left of it ends with the test."""
    processes = []

    def start_attached(*words, environment=()):
        process = subprocess.Popen(
            [ferry, "run", "--attach", *words],
            env={**environment_of(shared_endpoint), **dict(environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield start_attached
    for process in processes:
        process.kill()
        process.communicate()


def stopped_task(endpoint, started_by):
    """The one task of that name, once it has stopped by itself or was stopped."""
    ecs = endpoint.client("ecs")

    def look():
        arns = ecs.list_tasks(desiredStatus="STOPPED")["taskArns"]
        tasks = ecs.describe_tasks(tasks=arns)["tasks"] if arns else []
        return [task for task in tasks if task["startedBy"] == started_by and task["lastStatus"] == "STOPPED"]

    (task,) = wait_until(look, f"the task of {started_by} stops")
    assert not ecs.list_tasks(startedBy=started_by)["taskArns"]
    return task


def test_a_path_that_leads_to_no_shell_is_helped(run):
    done = run("pathless", "--", "sh", "-c", "echo here; exit 6")
    assert (done.returncode, done.stdout) == (6, b"here\n"), done.stderr


def test_both_streams_to_the_byte_and_the_code(run, shared_endpoint, tmp_path):
    result_path = tmp_path / "result.json"
    script = "printf 'out\\r\\n\\000\\377'; printf 'err\\t\\001' >&2; exit 42"
    done = run("app", "--started-by", "streams", "--result-file", str(result_path), "--", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (42, b"out\r\n\x00\xff")
    assert done.stderr.startswith(b"ferry: started task ") and done.stderr.endswith(b"err\t\x01")
    task = stopped_task(shared_endpoint, "streams")
    result = json.loads(result_path.read_text())
    assert (result["mode"], result["outcome"], result["exit_code"]) == ("run", "exited", 42)
    assert (result["exit_code_source"], result["logs"]) == ("frame", "complete")
    assert (result["task"], result["container"]) == (task["taskArn"], "app")
    assert result["streams_merged"] is False
    assert task["stopCode"] == "UserInitiated" and "ferry run" in task["stoppedReason"]


def test_json_holds_the_streams_apart(run):
    done = run("app", "-o", "json", "--", "sh", "-c", "echo out; echo err >&2")
    result = json.loads(done.stdout)
    assert (result["stdout"], result["stderr"], result["exit_code"]) == ("out\n", "err\n", 0)


def test_standard_input_arrives_whole_and_ends(run):
    done = run("app", "-i", "--", "cat", input=HARD_BYTES)
    assert (done.returncode, done.stdout) == (0, HARD_BYTES)


def test_without_i_the_input_is_empty(run):
    done = run("app", "--", "cat", input=b"not sent")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"ferry: standard input has bytes" in done.stderr


def test_a_command_line_in_one_word_is_explained(run):
    done = run("app", "--", "echo hi")
    assert (done.returncode, done.stdout) == (127, b"")
    assert done.stderr.endswith(b"sh -c 'echo hi'\n")


@pytest.mark.parametrize("code", [0, 1, 75, 76, 127, 143, 255])
def test_exit_codes(run, code):
    assert run("app", "--", "sh", "-c", f"exit {code}").returncode == code


def test_the_container_is_as_the_run_asks(run):
    done = run("app", "-e", "GREETING=hello you", "--", "sh", "-c", 'echo "$GREETING"')
    assert done.stdout == b"hello you\n"


def test_an_entry_point_that_runs_its_command(run):
    done = run("execs", "--", "sh", "-c", "echo fine")
    assert (done.returncode, done.stdout) == (0, b"fine\n")


def test_a_terminal(shared_endpoint, ferry):
    command = [ferry, "run", "app", "--attach", "-it", "--", "sh", "-c", "test -t 0 && test -t 1 && echo yes; exit 3"]
    with Terminal(command, environment_of(shared_endpoint)) as terminal:
        terminal.expect("yes")
        assert terminal.wait() == 3


def test_input_and_terminal_need_attach(shared_endpoint):
    done = shared_endpoint.run("run", "app", "-i", "--", "cat")
    assert done.returncode == 125
    assert "--attach" in done.stderr


def test_an_entry_point_that_swallows_the_command_is_told_with_the_next_step(run):
    done = run("swallows", "--", "true")
    assert done.returncode == 125
    assert b"ENTRYPOINT" in done.stderr and b"--ephemeral-revision --entry-point" in done.stderr


def test_a_container_that_does_not_start_is_told_by_its_reason(run):
    done = run("broken", "--", "true")
    assert done.returncode == 125
    assert b"/no/such/program" in done.stderr or b"sh" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_an_interrupt_ends_the_command_and_stops_the_task(start, shared_endpoint, number):
    name = f"interrupt-{number}"
    process = start("app", "--started-by", name, "--", "sh", "-c", "echo up; exec sleep 1000")
    assert process.stdout.readline() == b"up\n"
    process.send_signal(number)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert b"interrupted by " in errors
    assert stopped_task(shared_endpoint, name)["stopCode"] == "UserInitiated"


def test_a_time_limit_ends_the_command_and_stops_the_task(run, shared_endpoint):
    done = run("app", "--started-by", "limit", "--timeout", "3s", "--", "sleep", "1000")
    assert done.returncode == 124
    assert stopped_task(shared_endpoint, "limit")["stopCode"] == "UserInitiated"


def test_the_task_ends_by_itself_when_ferry_was_killed(start, shared_endpoint):
    command = ["sh", "-c", "echo up; exec sleep 1000"]
    process = start("app", "--started-by", "killed", "--", *command, environment=SHORT_LIMITS)
    assert process.stdout.readline() == b"up\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    task = stopped_task(shared_endpoint, "killed")
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["containers"][0]["exitCode"] == 76


def test_the_task_ends_by_itself_when_nobody_entered(start, shared_endpoint):
    shared_endpoint.set_faults([{"operation": "ExecuteCommand", "error": "ClientException", "message": "not today"}])
    try:
        process = start("app", "--started-by", "empty", "--", "true", environment={"FERRY_ATTACH_LIMITS": "1,1,2"})
        line = process.stderr.readline()
        assert b"started task" in line
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        task = stopped_task(shared_endpoint, "empty")
    finally:
        shared_endpoint.set_faults([])
    assert task["containers"][0]["exitCode"] == 75


def test_a_silent_command_goes_on_while_ferry_lives(run):
    done = run("app", "--", "sh", "-c", "sleep 6; echo late", environment=SHORT_LIMITS)
    assert (done.returncode, done.stdout) == (0, b"late\n")


def test_limits_that_are_none_are_refused(run):
    done = run("app", "--", "true", environment={"FERRY_ATTACH_LIMITS": "5,x,1"})
    assert done.returncode == 125
    assert b"FERRY_ATTACH_LIMITS" in done.stderr
