"""ferry run where something goes wrong on the way: what AWS does now and then, by the endpoint's fault rules."""

import datetime
import json
import os
import pty
import re
import signal
import subprocess
import time
import uuid

import pytest
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import environment_of


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"], "assignPublicIp": "ENABLED"}}


@pytest.fixture(scope="module", autouse=True)
def definitions(shared_endpoint):
    fargate = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}
    ecs = shared_endpoint.client("ecs")
    ecs.register_task_definition(**task_definition())
    ecs.register_task_definition(**task_definition(family="fargate", **fargate))


@pytest.fixture
def start(shared_endpoint, ferry):
    processes = []

    def start_task(*words, family="app", environment=()):
        process = subprocess.Popen(
            [ferry, "run", family, *words],
            env={**environment_of(shared_endpoint), **dict(environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start_task
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def run(start):
    """run(words...) is `ferry run app words... -o json`: exit status, result, and what was said."""

    def run_to_the_end(*words, **more):
        process = start("-o", "json", *words, **more)
        output, errors = process.communicate(timeout=120)
        return process.returncode, json.loads(output) if output else None, errors

    return run_to_the_end


@pytest.fixture
def faults(shared_endpoint):
    yield lambda *rules: shared_endpoint.set_faults(list(rules))
    shared_endpoint.set_faults([])


@pytest.fixture
def proxy(shared_endpoint):
    with RecordingProxy(shared_endpoint) as proxy:
        yield proxy


@pytest.fixture
def run_on_fargate(run):
    """The same on Spot where there is room, else on demand."""
    return lambda *words: run(
        "--capacity", "FARGATE_SPOT,FARGATE", "--network-configuration", json.dumps(NETWORK), *words, family="fargate"
    )


def shell(script):
    return ["--", "/bin/sh", "-c", script]


def name():
    return f"test-{uuid.uuid4()}"


def tasks_of(endpoint, started_by):
    ecs = endpoint.client("ecs")
    arns = [arn for status in ("RUNNING", "STOPPED") for arn in ecs.list_tasks(desiredStatus=status)["taskArns"]]
    parts = [arns[begin : begin + 100] for begin in range(0, len(arns), 100)]
    tasks = [task for part in parts for task in ecs.describe_tasks(tasks=part)["tasks"]]
    return [task for task in tasks if task.get("startedBy") == started_by]


NUMBERS = "".join(f"line {number}\n" for number in range(50))
COUNT = shell("i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done; exit 4")


@pytest.mark.parametrize(
    "rule",
    [
        {"log": "late_stream", "delay_ms": 1500},
        {"log": "repeated", "probability": 0.5},
        {"operation": "GetLogEvents", "error": "ThrottlingException", "times": 6},
        {"operation": "FilterLogEvents", "error": "ThrottlingException", "times": 2},
        {"operation": "DescribeTasks", "error": "ThrottlingException", "times": 6},
        {"operation": "RunTask", "error": "ThrottlingException", "times": 2},
        {"operation": "DescribeTasks", "error": "ServerException", "times": 4},
        {"task": "missing", "times": 3},
    ],
    ids=lambda rule: "-".join(str(value) for value in rule.values()),
)
def test_no_line_is_lost_and_the_code_is_right(run, faults, rule):
    faults(rule)
    status, result, _ = run(*COUNT)
    assert (status, result["stdout"]) == (4, NUMBERS)


def test_late_lines_are_there_once(run, faults):
    """Ingested behind the place that was read already: they may come last."""
    faults({"log": "late", "delay_ms": 700, "probability": 0.3})
    status, result, _ = run(*shell("i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); sleep 0.02; done; exit 4"))
    assert (status, sorted(result["stdout"].splitlines())) == (4, sorted(NUMBERS.splitlines()))


def test_a_line_that_was_stored_twice_is_shown_twice(run, faults):
    """Two events of the same time and text are two lines: nothing tells a repetition from a program's own."""
    faults({"log": "doubled", "times": 1})
    assert run(*shell("echo once; echo more"))[1]["stdout"] == "once\nonce\nmore\n"


@pytest.mark.parametrize(
    ("fate", "script", "status", "outcome", "said"),
    [
        ("pull_failure", "true", 125, "not_started", "CannotPullContainerError"),
        ("network_timeout", "true", 125, "not_started", "network interface"),
        ("out_of_memory", "exec sleep 60", 137, "exited", "memory"),
        ("spot_interruption", "exec sleep 60", 143, "exited", "143"),
        ("no_exit_code", "true", 255, "unknown", "no exit code"),
    ],
)
def test_how_a_task_may_end(run, faults, fate, script, status, outcome, said):
    faults({"task": fate, "delay_ms": 50, "times": 1})
    got, result, errors = run(*shell(script))
    assert (got, result["outcome"]) == (status, outcome)
    assert said in result["explanation"]
    assert result["explanation"] in errors


@pytest.mark.parametrize("fate", ["network_timeout", "spot_interruption"])
def test_a_passing_cause_is_tried_again_where_allowed(run, faults, shared_endpoint, fate):
    started_by = name()
    faults({"task": fate, "delay_ms": 50, "times": 1})
    status, result, errors = run("--retries", "2", "--started-by", started_by, *shell("sleep 0.3; echo done"))
    assert (status, result["stdout"]) == (0, "done\n")
    assert "retry 1 of 2" in errors
    assert len(tasks_of(shared_endpoint, started_by)) == 2


@pytest.mark.parametrize(("fate", "script"), [("out_of_memory", "exec sleep 60"), ("pull_failure", "true")])
def test_what_does_not_pass_is_not_tried_again(run, faults, shared_endpoint, fate, script):
    started_by = name()
    faults({"task": fate, "delay_ms": 50, "times": 1})
    status, _, _ = run("--retries", "2", "--started-by", started_by, *shell(script))
    assert status != 0
    assert len(tasks_of(shared_endpoint, started_by)) == 1


def test_the_next_capacity_where_one_has_no_room(run_on_fargate, faults, shared_endpoint):
    started_by = name()
    faults({"failure": "Capacity is unavailable at this time.", "capacity_provider": "FARGATE_SPOT"})
    status, _, errors = run_on_fargate("--started-by", started_by, "--", "true")
    assert status == 0
    assert "trying FARGATE" in errors
    (task,) = tasks_of(shared_endpoint, started_by)
    assert task["capacityProviderName"] == "FARGATE"


def test_the_next_capacity_where_spot_was_taken_back(run_on_fargate, faults, shared_endpoint):
    started_by = name()
    faults({"task": "spot_interruption", "delay_ms": 50, "capacity_provider": "FARGATE_SPOT"})
    assert run_on_fargate("--started-by", started_by, *shell("sleep 0.3"))[0] == 0
    assert sorted(task["capacityProviderName"] for task in tasks_of(shared_endpoint, started_by)) == ["FARGATE", "FARGATE_SPOT"]


def test_without_room_anywhere_nothing_is_started_and_it_is_said(run_on_fargate, faults):
    faults({"failure": "Capacity is unavailable at this time."})
    status, result, errors = run_on_fargate("--", "true")
    assert (status, result["outcome"], result["retryable"], result["task"]) == (125, "not_started", True, None)
    assert (result["cluster"], result["container"]) == ("default", "app")
    assert "Capacity is unavailable at this time." in result["explanation"]
    assert result["explanation"] in errors


def test_a_burst_of_throttling_is_waited_for(run, faults):
    faults({"operation": "DescribeTaskDefinition", "error": "ThrottlingException", "times": 5},
           {"operation": "RunTask", "error": "ThrottlingException", "times": 5})  # fmt: skip
    status, result, _ = run("--", "echo", "in the end")
    assert (status, result["stdout"]) == (0, "in the end\n")


def test_an_interrupt_ends_the_wait_for_a_throttled_start(start, faults, proxy, shared_endpoint):
    started_by = name()
    faults({"operation": "RunTask", "error": "ThrottlingException"})
    process = start("--started-by", started_by, "-o", "json", "--", "true", environment={"AWS_ENDPOINT_URL": proxy.url})
    proxy.wait_for("RunTask")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, json.loads(output)["outcome"]) == (130, "interrupted")
    assert "before a task was started" in errors
    assert tasks_of(shared_endpoint, started_by) == []


@pytest.mark.parametrize("operation", ["DescribeTaskDefinition", "ListTasks"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_the_run_is_planned_starts_nothing(start, faults, proxy, shared_endpoint, operation, number):
    started_by = name()
    faults({"operation": operation, "delay_ms": 20_000})
    process = start("--started-by", started_by, "-o", "json", "--", "true", environment={"AWS_ENDPOINT_URL": proxy.url})
    proxy.wait_for(operation)
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, json.loads(output)["outcome"]) == (130, "interrupted")
    assert errors == f"ferry: interrupted by the user ({number.name}) before a task was started\n"
    assert "RunTask" not in proxy.operations


@pytest.mark.parametrize("operation", ["DescribeTasks", "GetLogEvents"])
def test_an_interrupt_does_not_wait_for_a_call_that_hangs(start, faults, proxy, shared_endpoint, operation):
    started_by = name()
    process = start("--started-by", started_by, *shell("echo ready; exec sleep 1000"), environment={"AWS_ENDPOINT_URL": proxy.url})
    assert process.stdout.readline() == "ready\n"
    seen = proxy.operations.count(operation)
    faults({"operation": operation, "delay_ms": 15_000, "times": 1})
    wait_until(lambda: proxy.operations.count(operation) > seen, f"another {operation}")
    process.send_signal(signal.SIGINT)
    wait_until(lambda: "StopTask" in proxy.operations, "the stop, while that call is under way", timeout_s=8)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert [task["lastStatus"] for task in tasks_of(shared_endpoint, started_by)] == ["STOPPED"]


@pytest.mark.parametrize("reason", ["interrupt", "time limit"])
def test_a_stop_that_is_throttled_is_asked_for_again(start, faults, shared_endpoint, reason):
    started_by = name()
    faults({"operation": "StopTask", "error": "ThrottlingException", "times": 5})
    limit = ["--timeout", "2s"] if reason == "time limit" else []
    process = start("--started-by", started_by, *limit, *shell("echo ready; exec sleep 1000"))
    if reason == "interrupt":
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == (130 if reason == "interrupt" else 124)
    assert [task["lastStatus"] for task in tasks_of(shared_endpoint, started_by)] == ["STOPPED"]


def test_the_time_limit_counts_the_start_too(run, faults):
    faults({"operation": "RunTask", "delay_ms": 1500, "times": 1})
    began = time.monotonic()
    status, result, _ = run("--timeout", "1s", *shell("exec sleep 1000"))
    assert (status, result["outcome"]) == (124, "timeout")
    assert "time limit" in result["explanation"]
    assert time.monotonic() - began < 20


def test_a_terminal_that_is_closed_stops_the_task(ferry, shared_endpoint):
    started_by = name()
    master, slave = pty.openpty()
    words = [ferry, "run", "app", "--started-by", started_by, *shell("echo ready; exec sleep 1000")]
    process = subprocess.Popen(
        ["setsid", "--ctty", *words], env=environment_of(shared_endpoint), stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    shown = b""
    while b"ready" not in shown:
        shown += os.read(master, 65536)
    os.close(master)
    assert process.wait(timeout=60) == 130
    assert [task["lastStatus"] for task in tasks_of(shared_endpoint, started_by)] == ["STOPPED"]


def test_a_stderr_that_takes_nothing_is_no_reason_to_fail(ferry, shared_endpoint):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [ferry, "run", "app", *shell("echo out; exit 3")],
            env=environment_of(shared_endpoint),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=full,
            timeout=60,
        )
    assert (done.returncode, done.stdout) == (3, b"out\n")


def test_success_that_somebody_cut_short_is_not_success(run, faults):
    faults({"task": "spot_interruption", "delay_ms": 300, "times": 1})
    status, result, errors = run(*shell("trap 'exit 0' TERM; echo working; sleep 100 & wait"))
    assert (status, result["outcome"], result["exit_code"], result["retryable"]) == (255, "unknown", 0, True)
    assert "after the task was told to stop" in errors


def test_an_interrupt_between_two_attempts_is_one(start, shared_endpoint):
    process = start("--retries", "5", "--retry-on-exit", "3", "-o", "json", *shell("exit 3"))
    while "retry 1 of 5" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    result = json.loads(output)
    assert (process.returncode, result["outcome"], result["exit_code"]) == (130, "interrupted", None)


def test_the_times_of_a_run_are_the_tasks_own(run, shared_endpoint):
    _, result, _ = run("--", "sleep", "0.2")
    task = shared_endpoint.client("ecs").describe_tasks(tasks=[result["task"]])["tasks"][0]
    times = [datetime.datetime.fromisoformat(result[member]) for member in ("started_at", "ended_at")]
    assert times == [task["startedAt"], task["executionStoppedAt"]]


def test_states_are_lines_where_there_is_no_terminal(run, faults):
    faults({"task": "pull_failure", "delay_ms": 1500, "times": 1})
    _, _, errors = run("--", "true")
    said = [line.removeprefix("ferry: ") for line in errors.splitlines()]
    assert any(line.startswith("PENDING, pulling the image 0:0") for line in said), said
    assert any(line.startswith("STOPPED 0:0") for line in said), said


def test_a_lost_answer_does_not_start_a_second_task(run, proxy, shared_endpoint):
    started_by = name()
    proxy.lost["RunTask"] = 1
    status, result, _ = run("--started-by", started_by, "--", "echo", "once", environment={"AWS_ENDPOINT_URL": proxy.url})
    assert (status, result["stdout"]) == (0, "once\n")
    assert proxy.operations.count("RunTask") == 2
    assert len(tasks_of(shared_endpoint, started_by)) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(("fate", "status"), [("network_timeout", "PROVISIONING"), ("pull_failure", "PENDING")])
def test_an_interrupt_before_the_command_runs_leaves_nothing(start, faults, shared_endpoint, fate, status, number):
    started_by = name()
    faults({"task": fate, "delay_ms": 600_000})
    process = start("--started-by", started_by, "-o", "json", "--", "true")
    wait_until(lambda: [task["lastStatus"] for task in tasks_of(shared_endpoint, started_by)] == [status], status)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(output)["outcome"] == "interrupted"
    assert re.search("interrupted by the user .*stopping the task", errors)
    assert [task["lastStatus"] for task in tasks_of(shared_endpoint, started_by)] == ["STOPPED"]


def test_an_interrupt_while_the_last_lines_are_read_leaves_nothing(start, faults, proxy, shared_endpoint):
    started_by = name()
    faults({"operation": "FilterLogEvents", "error": "ThrottlingException"})
    process = start("--started-by", started_by, "--", "echo", "hello", environment={"AWS_ENDPOINT_URL": proxy.url})
    proxy.wait_for("FilterLogEvents")
    process.send_signal(signal.SIGINT)
    said = []
    while not said or "reading its last lines" not in said[-1]:
        said.append(process.stderr.readline())
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert output == "hello\n"
    assert process.returncode == 0, "the command's own: it had ended"
    assert "may go on running" not in errors
    assert [task["lastStatus"] for task in tasks_of(shared_endpoint, started_by)] == ["STOPPED"]
