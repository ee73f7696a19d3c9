"""Signals and time limits are heeded while a call is not answered, and nothing is started afterwards."""

import contextlib
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time

import pytest
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import enterable_task

# A call is given up after 60 s by itself, and most are made three times.
PROMPT_S = 12
KEYS = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def place(start_endpoint):
    endpoint = start_endpoint()
    endpoint.task = enterable_task(endpoint)
    endpoint.ecs.register_task_definition(**task_definition(family="sleeps", container={"command": ["sleep", "1000000"]}))
    return endpoint


@pytest.fixture
def api(place):
    with RecordingProxy(place) as proxy:
        yield proxy


@pytest.fixture
def start(place, api, ferry):
    """start(words...) begins ferry with its calls going through `api`; what is left of it ends with the test."""
    with contextlib.ExitStack() as stack:

        def start_ferry(*words, **variables):
            words = [word.replace("TASK", place.task) for word in words]
            environment = {**place.environment, "AWS_ENDPOINT_URL": api.url, **variables}
            process = subprocess.Popen(
                [ferry, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start_ferry


def ended(process):
    """Its status and what it said on stderr, once it has ended, which is soon."""
    began = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - began < PROMPT_S, errors
    return process.returncode, errors


CHANGING = {"RegisterTaskDefinition", "RunTask", "ExecuteCommand", "StopTask", "UpdateService"}

# What is silent, the command, its status, and what its last line has.
WAITING = [
    ("ListTasks", ["exec", "web", "--", "true"], 130, "before the command was started"),
    ("ExecuteCommand", ["exec", "web", "--", "true"], 130, "a session may have started in"),
    ("ListTasks", ["exec", "--all", "web", "--", "true"], 130, "before a command was started"),
    ("ExecuteCommand", ["exec", "--all", "web", "--", "true"], 130, "a session may have started in"),
    ("DescribeTaskDefinition", ["run", "sleeps"], 130, "before a task was started"),
    ("DescribeServices", ["run", "--like", "default/web"], 130, "before a task was started"),
    ("ListTasks", ["run", "--started-by", "me", "sleeps"], 130, "before a task was started"),
    ("RegisterTaskDefinition", ["run", "--ephemeral-revision", "--image", "other:2", "sleeps"], 130, "before a task was started"),
    ("RunTask", ["run", "sleeps"], 255, "a task may have started"),
    ("RunTask", ["run", "--retries", "3", "sleeps"], 255, "a task may have started"),
    ("RunTask", ["run", "--attach", "sleeps", "--", "true"], 255, "a task may have started"),
    ("ListTasks", ["ps"], 130, "ps: interrupted by"),
    ("DescribeTasks", ["ps"], 130, "ps: interrupted by"),
    ("DescribeTasks", ["explain", "TASK"], 130, "explain: interrupted by"),
    ("DescribeTasks", ["logs", "TASK"], 130, "logs: interrupted by"),
    ("GetLogEvents", ["logs", "-f", "TASK"], 130, "logs: interrupted by"),
    ("DescribeTasks", ["wait", "TASK"], 130, "the task goes on"),
    ("DescribeTasks", ["stop", "TASK"], 130, "before the task was told to stop"),
    ("StopTask", ["stop", "TASK"], 130, "may have been told to stop"),
    ("DescribeServices", ["doctor", "web"], 130, "doctor: interrupted by"),
    ("DescribeServices", ["enable-exec", "web", "--yes"], 130, "enable-exec: interrupted by"),
    ("UpdateService", ["enable-exec", "plain", "--yes"], 130, "may have been updated"),
    ("DescribeClusters", ["api", "ecs", "DescribeClusters"], 130, "interrupted by"),
    ("RunTask", ["api", "ecs", "RunTask", '{"taskDefinition":"sleeps","startedBy":"me"}'], 130, "a task may have started (startedBy 'me')"),
    ("StopTask", ["api", "ecs", "StopTask", '{"task":"0"}'], 130, "it may have been carried out"),
]


def named(cases):
    """The cases, each under what is silent and the command without its target's words."""
    return [pytest.param(*case, id=" ".join([case[0], "in", *(word for word in case[1] if word[0] not in "{/")])) for case in cases]


@pytest.fixture(scope="module")
def plain(place):
    """A service whose tasks cannot be entered."""
    place.ecs.create_service(serviceName="plain", taskDefinition="sleeps", desiredCount=0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(("operation", "words", "status", "said"), named(WAITING))
def test_a_signal_ends_a_command_that_waits_for_a_call(plain, api, start, operation, words, status, said, number):
    api.silent[operation] = 1
    process = start(*words)
    api.wait_for(operation)
    begun = len(api.operations)
    process.send_signal(number)
    code, errors = ended(process)
    assert (code, said in errors.splitlines()[-1]) == (status, True), errors
    assert CHANGING.isdisjoint(api.operations[begun:])


LIMITS = [
    ("ListTasks", ["exec", "--timeout", "1s", "web", "--", "true"], 124, "timed out after 1 s, before the command"),
    ("ExecuteCommand", ["exec", "--timeout", "1s", "web", "--", "true"], 124, "a session may have started in"),
    ("ListTasks", ["exec", "--all", "--timeout", "1s", "web", "--", "true"], 124, "timed out after 1 s"),
    ("ListTasks", ["exec", "--wait", "1s", "web", "--", "true"], 125, "the service has not answered"),
    ("ListTasks", ["exec", "--wait", "0s", "web", "--", "true"], 125, "the service has not answered"),
    ("ExecuteCommand", ["exec", "--wait", "1s", "web", "--", "true"], 125, "a session may have started in"),
    ("DescribeTaskDefinition", ["run", "--timeout", "1s", "sleeps"], 124, "over before a task was started"),
    ("ListTasks", ["run", "--timeout", "1s", "--started-by", "me", "sleeps"], 124, "over before a task was started"),
    ("RegisterTaskDefinition", ["run", "--timeout", "1s", "--ephemeral-revision", "--image", "other:2", "sleeps"], 124, "before a task was started"),
    ("RunTask", ["run", "--timeout", "1s", "sleeps"], 255, "a task may have started"),
    ("RunTask", ["run", "--timeout", "1s", "--count", "3", "sleeps"], 255, "a task may have started"),
    ("ListTasks", ["wait", "--timeout", "1s", "task/0123"], 124, "timed out after 1 s; the task goes on"),
    ("DescribeTasks", ["wait", "--timeout", "1s", "TASK"], 124, "timed out after 1 s; the task goes on"),
    ("DescribeTasks", ["stop", "--timeout", "1s", "TASK"], 124, "before the task was told to stop"),
    ("StopTask", ["stop", "--timeout", "1s", "TASK"], 124, "may have been told to stop"),
    ("UpdateService", ["enable-exec", "plain", "--yes", "--wait", "1s"], 125, "may have been updated"),
]


@pytest.mark.parametrize(("operation", "words", "status", "said"), named(LIMITS))
def test_a_time_limit_ends_a_command_that_waits_for_a_call(plain, api, start, operation, words, status, said):
    api.silent[operation] = 1
    process = start(*words)
    api.wait_for(operation)
    first = api.operations.index(operation)
    code, errors = ended(process)
    assert (code, said in errors.splitlines()[-1]) == (status, True), errors
    assert CHANGING.isdisjoint(api.operations[first + 1 :])


CALLED_OFF = [
    ("RunTask", ["run", "sleeps"], "before a task was started"),
    ("ExecuteCommand", ["exec", "web", "--", "true"], "before the command was started"),
    ("RegisterTaskDefinition", ["run", "--ephemeral-revision", "--image", "other:2", "sleeps"], "before a task was started"),
]


@pytest.mark.parametrize(("operation", "words", "said"), named(CALLED_OFF))
def test_what_the_service_has_put_off_is_not_started_after_a_signal(place, api, start, operation, words, said):
    """The service takes calls again as soon as the signal is there."""
    place.set_faults([{"operation": operation, "error": "ThrottlingException"}])
    process = start(*words)
    api.wait_for_answer(operation)
    process.send_signal(signal.SIGINT)
    place.set_faults([])
    begun = len(api.operations)
    code, errors = ended(process)
    assert (code, said in errors.splitlines()[-1]) == (130, True), errors
    assert CHANGING.isdisjoint(api.operations[begun:])


def test_what_may_have_started_is_said_where_the_signal_comes_between_two_attempts(place, api, start):
    place.set_faults([{"operation": "RunTask", "error": "ServerException"}])
    process = start("run", "sleeps")
    api.wait_for("RunTask")
    process.send_signal(signal.SIGINT)
    code, errors = ended(process)
    place.set_faults([])
    assert (code, "a task may have started" in errors.splitlines()[-1]) == (255, True), errors


def test_a_task_that_may_have_started_is_found_by_the_line_that_is_given(place, api, start, tmp_path):
    api.withheld.add("RunTask")
    process = start("run", "--started-by", "lost-one", "--result-file", str(tmp_path / "result"), "sleeps")
    api.wait_for("RunTask")
    started = wait_until(lambda: place.ecs.list_tasks(startedBy="lost-one")["taskArns"], "the task has started")
    process.send_signal(signal.SIGINT)
    code, errors = ended(process)
    assert code == 255
    token = api.inputs[api.operations.index("RunTask")]["clientToken"]
    assert f"startedBy 'lost-one', client token {token}" in errors
    result = json.loads((tmp_path / "result").read_text())
    assert (result["outcome"], result["exit_code"], result["retryable"]) == ("unknown", None, None)
    line = shlex.split(errors.split("`")[1])
    assert line[:2] == ["ferry", "ps"]
    listed = place.run(*line[1:])
    assert started[0].rpartition("/")[2] in listed.stdout
    stop_line = shlex.split(listed.stderr.rpartition("stop it with: ")[2])
    assert place.run(*stop_line[1:]).returncode == 0


def test_a_run_task_whose_answers_are_lost_is_no_refusal(place, api, start):
    api.lost["RunTask"] = 100
    process = start("run", "--retries", "2", "--started-by", "lost-answers", "sleeps")
    code, errors = ended(process)
    assert (code, "a task may have started" in errors) == (255, True), errors
    tokens = {asked["clientToken"] for operation, asked in zip(api.operations, api.inputs, strict=True) if operation == "RunTask"}
    assert len(tokens) == 1, "a retry with another token starts a second task"
    tasks = place.ecs.list_tasks(startedBy="lost-answers")["taskArns"]
    assert len(tasks) == 1
    place.ecs.stop_task(task=tasks[0])


@pytest.mark.parametrize("operation", ["DescribeTasks", "GetLogEvents"])
def test_a_signal_stops_the_task_of_a_run_that_waits_for_a_call(place, api, start, operation):
    api.silent[operation] = 2
    process = start("run", "sleeps")
    wait_until(lambda: api.operations.count(operation) == 2, "the silent call has come")
    process.send_signal(signal.SIGINT)
    api.wait_for("StopTask", PROMPT_S)
    process.send_signal(signal.SIGINT)
    code, errors = ended(process)
    assert code == 130, errors


def test_a_time_limit_stops_the_task_of_a_run_that_waits_for_a_call(api, start):
    api.silent["DescribeTasks"] = 2
    process = start("run", "--timeout", "3s", "sleeps")
    api.wait_for("StopTask", 3 + PROMPT_S)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # two of a kind may arrive as one
    ended(process)


def test_a_stop_that_is_not_answered_is_left_at_the_second_signal(place, api, start):
    api.silent["StopTask"] = 1
    process = start("run", "sleeps")
    wait_until(lambda: api.operations.count("DescribeTasks") > 0, "the task is watched")
    process.send_signal(signal.SIGINT)
    api.wait_for("StopTask", PROMPT_S)
    process.send_signal(signal.SIGINT)
    code, errors = ended(process)
    assert code == 130
    last = errors.splitlines()[-1]
    assert "may go on running; stop it with: ferry stop" in last
    assert place.run(*shlex.split(last.rpartition("stop it with: ")[2])[1:]).returncode == 0


@contextlib.contextmanager
def silent_server():
    """Takes connections and says nothing; gives its port, and a function that waits for a first byte."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        server.settimeout(30)

        def wait_for_one():
            connection, _ = server.accept()
            stack.enter_context(connection)
            assert connection.recv(1)

        yield server.getsockname()[1], wait_for_one


ANY_COMMAND = [
    ["exec", "web", "--", "true"],
    ["run", "app"],
    ["ps"],
    ["logs", "0" * 32],
    ["wait", "0" * 32],
    ["stop", "0" * 32],
    ["explain", "0" * 32],
    ["doctor", "web"],
    ["enable-exec", "web"],
    ["whoami"],
    ["api", "ecs", "ListClusters"],
]


@pytest.mark.parametrize("kind", ["endpoint", "proxy", "tunnel", "TLS"])
@pytest.mark.parametrize("words", ANY_COMMAND, ids=lambda words: words[0])
def test_a_signal_ends_any_command_whose_server_is_silent(ferry, tmp_path, words, kind):
    with silent_server() as (port, wait_for_one):
        variables = {
            "endpoint": {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
            "proxy": {"AWS_ENDPOINT_URL": "http://ecs.example.test", "HTTP_PROXY": f"http://127.0.0.1:{port}"},
            "tunnel": {"AWS_ENDPOINT_URL": "https://ecs.example.test", "HTTPS_PROXY": f"http://127.0.0.1:{port}"},
            "TLS": {"AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}"},
        }[kind]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **KEYS, **variables}
        process = subprocess.Popen([ferry, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            wait_for_one()
            process.send_signal(signal.SIGINT)
            code, errors = ended(process)
        finally:
            process.kill()
        assert (code, errors.startswith("ferry: "), "interrupted" in errors) == (130, True, True), errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_plugin_whose_server_is_silent(ferry, tmp_path, number):
    with silent_server() as (port, wait_for_one):
        response = {"SessionId": "s-1", "StreamUrl": f"ws://127.0.0.1:{port}/", "TokenValue": "token"}
        words = ["session-manager-plugin", json.dumps(response), "eu-west-1", "StartSession", "", '{"Target":"ecs:a_b_c"}', f"http://127.0.0.1:{port}"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **KEYS}
        process = subprocess.Popen([ferry, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            wait_for_one()
            process.send_signal(number)
            code, _ = ended(process)
        finally:
            process.kill()
        assert code == 128 + number


UNNAMED = [
    ("SIGINT", ["exec", "web", "--", "true"], 130),
    ("SIGTERM", ["run", "app"], 130),
    ("SIGINT", ["ps"], 130),
    ("SIGTERM", ["whoami"], 130),
    ("none", ["exec", "--timeout", "1s", "web", "--", "true"], 124),
    ("none", ["run", "--timeout", "1s", "app"], 124),
]


@pytest.mark.parametrize(("name", "words", "status"), named(UNNAMED))
def test_a_name_that_is_not_looked_up_holds_up_nothing(ferry, tmp_path, name, words, status):
    helper = pathlib.Path(__file__).with_name("silent_names.py")
    done = subprocess.run(
        ["unshare", "-rnm", sys.executable, helper, ferry, name, *words],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **KEYS, "AWS_ENDPOINT_URL": "http://nowhere.example.test"},
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seconds, code, errors = json.loads(done.stdout)
    assert code == status, errors
    assert seconds < PROMPT_S, errors
