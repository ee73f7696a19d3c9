"""ferry in the place of session-manager-plugin, called as the AWS CLI calls it."""

import json
import os
import re
import signal
import subprocess

import pytest
from running_service import enterable_task, environment_of
from terminal import Terminal


@pytest.fixture
def session(shared_endpoint):
    """session(command) opens a session: the plugin's arguments for it."""
    task = enterable_task(shared_endpoint)

    def open_session(command):
        answer = shared_endpoint.client("ecs").execute_command(task=task, container="app", command=command, interactive=True)
        request = {"Target": "ecs:default_0123_0123-1"}
        return [json.dumps(answer["session"]), "us-east-1", "StartSession", "", json.dumps(request), shared_endpoint.url]

    return open_session


@pytest.fixture
def environment(shared_endpoint):
    return environment_of(shared_endpoint)


@pytest.fixture
def plugin(ferry, environment):
    def run(*words, **more):
        if "input" not in more:
            more["stdin"] = subprocess.DEVNULL
        command = [ferry, "session-manager-plugin", *words]
        variables = more.pop("variables", environment)
        return subprocess.run(command, env=variables, capture_output=True, timeout=60, **more)

    return run


def test_shows_a_session_between_its_banners(session, plugin):
    done = plugin(*session("echo hello"))
    assert done.returncode == 0
    assert done.stderr == b""
    assert re.fullmatch(
        rb"\nStarting session with SessionId: (ecs-execute-command-\S+)\n"
        rb"hello\r\n"
        rb"\n\nExiting session with sessionId: \1\.\n\n", done.stdout), done.stdout


def test_works_under_the_plugins_name_with_the_session_in_the_environment(session, ferry, environment, tmp_path):
    link = tmp_path / "session-manager-plugin"
    link.symlink_to(ferry)
    response, *rest = session("echo hello")
    environment = {**environment, "AWS_SSM_START_SESSION_RESPONSE": response}
    done = subprocess.run([link, "AWS_SSM_START_SESSION_RESPONSE", *rest], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert b"hello" in done.stdout


def test_the_end_of_input_does_not_end_the_session(session, plugin):
    done = plugin(*session("sh -c 'echo one; sleep 1; echo two'"))
    assert b"one\r\ntwo\r\n\n\nExiting" in done.stdout


def test_input_and_its_end_reach_the_command(session, plugin):
    done = plugin(*session("sh -c 'stty -echo; echo ready; cat; echo after'"), input=b"line\n")
    assert b"ready\r\nline\r\nafter\r\n" in done.stdout
    assert done.returncode == 0


def test_input_reaches_a_command_that_says_nothing_first(session, plugin):
    done = plugin(*session("sh -c 'stty -echo; cat; echo after'"), input=b"line\n")
    assert b"line\r\n" in done.stdout and b"after\r\n" in done.stdout
    assert done.returncode == 0


def test_a_terminal_is_raw_and_restored(session, ferry, environment):
    command = [ferry, "session-manager-plugin", *session("sh")]
    with Terminal(command, environment, columns=111, rows=22) as shell:
        before = shell.settings()
        shell.expect("Starting session")
        shell.expect("# ")
        shell.type("stty size\r")
        shell.expect("22 111")
        shell.type("sh -c 'echo be''gun; exec sleep 1000'\r")
        shell.expect("begun")
        shell.type("\x03")
        shell.expect("# ")
        shell.type("exit 3\r")
        shell.expect("Exiting session with sessionId")
        assert shell.wait() == 0
        assert shell.settings() == before


def test_a_signal_becomes_a_key_of_the_remote_terminal(session, ferry, environment):
    command = [ferry, "session-manager-plugin", *session("sh -c 'trap \"echo caught; exit\" INT; echo begun; while :; do sleep 0.1; done'")]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        while process.stdout.readline() != b"begun\r\n":
            pass
        process.send_signal(signal.SIGINT)
        assert b"caught" in process.stdout.read()
        assert process.wait(30) == 0


def test_a_command_that_cannot_start_is_told_and_no_success(session, plugin):
    done = plugin(*session("/no/such/command"))
    assert done.returncode == 255
    assert re.search(rb"\n\nSessionId: \S+ : .*no/such/command", done.stdout, re.DOTALL), done.stdout


def test_a_session_that_never_starts_is_255(plugin):
    response = {"sessionId": "s-1", "streamUrl": "ws://127.0.0.1:1/v1/data-channel/s-1", "tokenValue": "secret-token"}
    done = plugin(json.dumps(response), "us-east-1", "StartSession", "", '{"Target":"ecs:a_b_c"}', "http://127.0.0.1:1")
    assert done.returncode == 255
    assert done.stderr.startswith(b"ferry: ") and b"s-1" in done.stderr
    assert b"secret-token" not in done.stderr + done.stdout


def test_a_wrong_token_is_255_without_credentials_to_get_another(session, plugin, environment):
    response, *rest = session("echo hello")
    without = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    without["AWS_EC2_METADATA_DISABLED"] = "true"
    done = plugin(json.dumps({**json.loads(response), "tokenValue": "wrong"}), *rest, variables=without)
    assert done.returncode == 255
    assert b"hello" not in done.stdout


def test_a_wrong_token_is_replaced_by_a_fresh_one(session, plugin):
    response, *rest = session("echo hello")
    done = plugin(json.dumps({**json.loads(response), "tokenValue": "wrong"}), *rest)
    assert done.returncode == 0
    assert b"hello" in done.stdout


@pytest.mark.parametrize("words", [
    ["{", "us-east-1", "StartSession"],
    ['{"sessionId":"s-1"}', "us-east-1", "StartSession"],
    ["AWS_SSM_START_SESSION_RESPONSE_X", "us-east-1", "StartSession"],
    ["{}", "us-east-1", "StopSession"],
])
def test_bad_input_gets_one_line(plugin, words):
    done = plugin(*words)
    assert done.returncode == 125
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("ferry: ")


def test_says_that_it_is_installed(plugin):
    done = plugin()
    assert (done.returncode, done.stdout) == (
        0, b"\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n\n")


def test_is_quiet_about_standard_output_being_closed(session, ferry, environment):
    reader, writer = os.pipe()
    os.close(reader)
    command = [ferry, "session-manager-plugin", *session("echo hello")]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=writer,
                          stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert done.returncode == 125
    assert done.stderr.count(b"\n") == 1
