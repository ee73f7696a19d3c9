"""Session clients that know nothing of ferry, on sessions of the embedded endpoint: the bytes, and ferry's framing.

Both ends of ferry could share a mistake; these clients and the decoder in exec_frames share nothing with them.
"""

import hashlib
import json
import os
import random
import re
import select
import subprocess
import time
from pathlib import Path

import exec_frames
import pytest
from local_endpoint import task_definition

CLIENTS = Path(__file__).parents[2] / "build" / "clients"
PATIENCE_S = 60
# The plugin's own words around a session.
PLUGIN_HEAD = re.compile(rb"\A\nStarting session with SessionId: \S+\n")
PLUGIN_TAIL = re.compile(rb"\n\nExiting session with sessionId: \S+?\.\n\n\Z")


class ForeignSession:
    """A client's process: what it prints are the session's bytes, what it is given goes in."""

    def __init__(self, words, environment, terminate):
        self._terminate = terminate
        self.printed = b""
        self.complaint = b""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()
        self._terminate()

    def _read(self, deadline):
        readable, _, _ = select.select([self._process.stdout], [], [], deadline - time.monotonic())
        assert readable, f"nothing came after {self.printed[-200:]}"
        piece = os.read(self._process.stdout.fileno(), 65536)
        self.printed += piece
        return piece

    def wait_for(self, text):
        """Until what was printed matches the expression."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(text, self.printed):
            assert self._read(deadline), self.printed

    def leave_when(self, has_ended):
        """Tells ferry's program that the result has arrived, once it has."""
        deadline = time.monotonic() + PATIENCE_S
        while not has_ended(self.printed):
            assert self._read(deadline), self.printed
        self.send(b"q\n")
        return self.finish()

    def send(self, data):
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def finish(self):
        """All that the session printed, without the plugin's own words. Input stays open till then."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read(deadline):
            pass
        self.complaint = self._process.stderr.read()
        assert self._process.wait(PATIENCE_S) == 0, self.complaint
        return PLUGIN_TAIL.sub(b"", PLUGIN_HEAD.sub(b"", self.printed))


@pytest.fixture(scope="module")
def task(shared_endpoint):
    container = {"image": "host", "command": ["sleep", "1000000"]}
    shared_endpoint.ecs.register_task_definition(**task_definition(container=container))
    arn = shared_endpoint.ecs.run_task(taskDefinition="app", enableExecuteCommand=True)["tasks"][0]["taskArn"]
    shared_endpoint.wait_for_exec_agent_of(arn)
    return arn


@pytest.fixture(params=["plugin", "ssm-session"])
def enter(request, shared_endpoint, task):
    """enter(command) opens a session as programs do, and lets the client serve it."""

    def open_session(command):
        answer = shared_endpoint.ecs.execute_command(task=task, command=command, interactive=True)
        session = answer["session"]

        def terminate():
            shared_endpoint.client("ssm").terminate_session(SessionId=session["sessionId"])

        if request.param == "ssm-session":
            variables = {"STREAM_URL": session["streamUrl"], "TOKEN": session["tokenValue"]}
            words = ["node", CLIENTS / "ssm_session" / "client.mjs"]
            return ForeignSession(words, {**shared_endpoint.environment, **variables}, terminate)
        program = CLIENTS / "session-manager-plugin"
        words = [program, json.dumps(session), "us-east-1", "StartSession", "", '{"Target":"x"}', shared_endpoint.url]
        return ForeignSession(words, shared_endpoint.environment, terminate)

    return open_session


def test_output_is_to_the_byte(enter):
    script = "stty -opost; i=0; while [ $i -lt 64 ]; do printf '%b' \"$1\"; i=$((i+1)); done"
    every_byte = "".join(f"\\0{number:03o}" for number in range(256))
    with enter(f"sh -c '{script}' sh '{every_byte}'") as session:
        assert session.finish() == bytes(range(256)) * 64


def test_input_is_to_the_byte(enter):
    data = random.Random(3).randbytes(100_000)
    script = f"stty raw -echo; echo ready; head -c {len(data)} | sha256sum"
    with enter(f"sh -c '{script}'") as session:
        session.wait_for(rb"ready")
        session.send(data)
        assert hashlib.sha256(data).hexdigest().encode() in session.finish()


def test_a_command_that_is_not_there_ends_the_session(enter):
    with enter("no-such-command") as session:
        shown = session.finish() + session.complaint
    assert b"no-such-command" in shown


@pytest.fixture(scope="module")
def recorded_program(simulator, simulated_image, ferry, tmp_path_factory):
    """recorded_program(flags) is the program that ferry itself sends after the container's first words."""

    def record(*flags):
        arn = simulator.add_task("recorded", simulated_image("bash"))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path_factory.mktemp("home")),
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": simulator.url,
        }
        words = [ferry, "exec", *flags, arn, "--", "true"]
        subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, check=True, timeout=PATIENCE_S)
        sent = bytes(simulator.last_session.input)
        return sent[: sent.index(b"\n.\n") + 3]

    return record


SCRIPT = """printf 'first '; echo "$1" >&2; printf 'b\\0\\377\\357\\277\\275'; seq 1 2000; printf 'tail\\376' >&2; exit 42"""


@pytest.mark.parametrize("framing", ["plain", "exact"])
def test_ferrys_framing_is_read_by_others(enter, shared_endpoint, recorded_program, framing):
    program = recorded_program("--framing", framing)
    wrapped = shared_endpoint.run("wrap", "--", "sh", "-c", SCRIPT, "sh", "a  'word' é", check=True).stdout
    with enter(wrapped.removesuffix("\n")) as session:
        session.wait_for(exec_frames.READY.pattern)
        session.send(program)
        nonce, end = exec_frames.SECRETS.search(program).groups()
        session.wait_for(rb"\x1e" + nonce + rb"\+")
        result = exec_frames.decode(session.leave_when(lambda came: exec_frames.has_ended(came, program)), program)
    lines = b"".join(b"%d\n" % number for number in range(1, 2001))
    assert result.exit_code == 42
    assert result.stdout == b"first b\0\xff\xef\xbf\xbd" + lines
    assert result.stderr == "a  'word' é\n".encode() + b"tail\xfe"
    assert (b"oz" in result.frames) == (framing == "exact")


def test_input_through_ferrys_framing(enter, shared_endpoint, recorded_program):
    """Input in base64 lines, acknowledged by a frame, then its end: as docs/exec-framing.md says it."""
    program = recorded_program("--framing", "plain", "-i")
    wrapped = shared_endpoint.run("wrap", "--", "wc", "-c", check=True).stdout
    with enter(wrapped.removesuffix("\n")) as session:
        session.wait_for(exec_frames.READY.pattern)
        session.send(program)
        nonce, _ = exec_frames.SECRETS.search(program).groups()
        session.wait_for(rb"\x1e" + nonce + rb"\+")
        session.send(b"i 2\naGVsbG8g\nd29ybGQK\n")
        session.wait_for(rb"\x1e" + nonce + rb"c\x1e")
        session.send(b".\n")
        result = exec_frames.decode(session.leave_when(lambda came: exec_frames.has_ended(came, program)), program)
    assert (result.exit_code, result.stdout.split()) == (0, [b"12"])
