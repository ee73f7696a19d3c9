"""Sessions opened with the StartSession, ResumeSession and TerminateSession of SSM, served by ferry as the plugin."""

import json
import pathlib
import re
import subprocess

import pytest
from local_endpoint import descendants, process_start, wait_until
from running_service import enterable_task, environment_of

BOTH_OUTPUTS = "sh -c 'echo o; echo e >&2; exit 3'"
NO_LIMIT = "sleep 1000"


@pytest.fixture
def ssm(shared_endpoint):
    return shared_endpoint.client("ssm")


@pytest.fixture
def target(shared_endpoint):
    """The container of a running task, as SSM names it."""
    task = enterable_task(shared_endpoint)
    shared_endpoint.wait_for_exec_agent_of(task)
    described = shared_endpoint.ecs.describe_tasks(tasks=[task])["tasks"][0]
    return f"ecs:default_{task.rpartition('/')[2]}_{described['containers'][0]['runtimeId']}"


@pytest.fixture
def start(ssm, target):
    """start(document, **parameters) opens a session; all of them are ended after the test."""
    opened = []

    def start_session(document=None, **parameters):
        named = {"DocumentName": document, "Parameters": parameters} if document else {}
        opened.append(ssm.start_session(Target=target, **named))
        return opened[-1]

    yield start_session
    for session in opened:
        ssm.terminate_session(SessionId=session["SessionId"])


@pytest.fixture
def plugin_command(shared_endpoint, target):
    """plugin_command(session) is the call of the plugin that serves it."""

    def words(session):
        response = json.dumps({name: session[name] for name in ("SessionId", "TokenValue", "StreamUrl")})
        request = json.dumps({"Target": target})
        return [shared_endpoint.ferry, "session-manager-plugin", response, "us-east-1", "StartSession", "", request,
                shared_endpoint.url]

    return words


@pytest.fixture
def serve(shared_endpoint, plugin_command):
    """serve(session) serves it to its end."""

    def run(session, **more):
        if "input" not in more:
            more["stdin"] = subprocess.DEVNULL
        more.setdefault("env", environment_of(shared_endpoint))
        return subprocess.run(plugin_command(session), capture_output=True,
                              timeout=60, **more)

    return run


def shown(done, session):
    """The lines between the banners."""
    name = re.escape(session["SessionId"].encode())
    between = re.fullmatch(
        rb"\nStarting session with SessionId: " + name + rb"\n(.*)\n\nExiting session with sessionId: " + name + rb"\.\n\n",
        done.stdout, re.DOTALL)
    assert between, done
    return between[1].decode().splitlines()


def sleepers(endpoint):
    """{pid: start} of the endpoint's processes that run NO_LIMIT."""

    def runs_it(pid):
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return b" ".join(words[-2:]) == NO_LIMIT.encode()

    return {pid: start for pid, start in descendants(endpoint.process.pid).items() if start and runs_it(pid)}


def test_a_non_interactive_command_has_two_outputs_and_an_exit_status(start, serve):
    session = start("AWS-StartNonInteractiveCommand", command=[BOTH_OUTPUTS], separateOutputStream=["true"])
    done = serve(session)
    assert shown(done, session) == ["o"]
    assert done.stderr.splitlines() == [b"e"]
    assert done.returncode == 3


def test_a_non_interactive_command_has_one_output_by_default(start, serve):
    session = start("AWS-StartNonInteractiveCommand", command=[BOTH_OUTPUTS])
    done = serve(session)
    assert sorted(shown(done, session)) == ["e", "o"]
    assert (done.returncode, done.stderr) == (0, b"")


def test_without_a_document_a_shell_reads_the_input(start, serve):
    session = start()
    done = serve(session, input=b"echo from-$((20+22))\nexit\n")
    assert b"from-42\r\n" in done.stdout
    assert shown(done, session)
    assert done.returncode == 0


def test_an_interactive_command_runs_on_a_terminal(start, serve):
    session = start("AWS-StartInteractiveCommand", command=["sh -c 'test -t 0 && echo ran-$((20+22))'"])
    done = serve(session)
    assert shown(done, session) == ["ran-42"]
    assert done.returncode == 0


def test_terminate_session_ends_the_plugin_and_the_command(start, ssm, shared_endpoint, plugin_command):
    session = start("AWS-StartInteractiveCommand", command=[f"sh -c 'echo begun; exec {NO_LIMIT}'"])
    with subprocess.Popen(plugin_command(session), env=environment_of(shared_endpoint), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as plugin:
        try:
            seen = iter(plugin.stdout.readline, b"")
            assert b"begun\r\n" in seen
            running = wait_until(lambda: sleepers(shared_endpoint), "the command runs")
            assert plugin.poll() is None

            assert ssm.terminate_session(SessionId=session["SessionId"])["SessionId"] == session["SessionId"]

            assert plugin.wait(30) == 0
        finally:
            plugin.kill()
    wait_until(lambda: all(process_start(pid) != begun for pid, begun in running.items()), "the command is gone")


def test_resume_session_gives_the_only_token_that_opens_it(start, serve, ssm, shared_endpoint):
    session = start("AWS-StartInteractiveCommand", command=["echo hello"])
    resumed = ssm.resume_session(SessionId=session["SessionId"])
    assert resumed["SessionId"] == session["SessionId"]
    assert resumed["TokenValue"] != session["TokenValue"]

    without = {name: value for name, value in environment_of(shared_endpoint).items() if not name.startswith("AWS_")}
    refused = serve({**resumed, "TokenValue": session["TokenValue"]}, env=without)
    assert refused.returncode == 255
    assert b"hello" not in refused.stdout

    served = serve(resumed)
    assert served.returncode == 0
    assert shown(served, resumed) == ["hello"]


def test_a_terminated_session_cannot_be_resumed(start, ssm):
    session = start("AWS-StartInteractiveCommand", command=["sleep 2000"])
    ssm.terminate_session(SessionId=session["SessionId"])
    with pytest.raises(ssm.exceptions.DoesNotExistException, match=re.escape(session["SessionId"])):
        ssm.resume_session(SessionId=session["SessionId"])
