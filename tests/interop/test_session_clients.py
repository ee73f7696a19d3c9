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
from kms_route import REGION, open_route
from local_endpoint import task_definition

CLIENTS = Path(__file__).parents[2] / "build" / "clients"
PATIENCE_S = 60
# The plugin's own words around a session.
PLUGIN_HEAD = re.compile(
    rb"\A\nStarting session with SessionId: \S+\n(?:This session is encrypted using AWS KMS\.\n)?"
)
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

    def leave_when(self, has_ended, number):
        """Tells ferry's program in a line of that number that the result has arrived, once it has."""
        deadline = time.monotonic() + PATIENCE_S
        while not has_ended(self.printed):
            assert self._read(deadline), self.printed
        self.send(b"%d q\n" % number)
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


def run_task(endpoint, cluster):
    container = {"image": "host", "command": ["sleep", "1000000"]}
    endpoint.ecs.register_task_definition(**task_definition(container=container))
    answer = endpoint.ecs.run_task(cluster=cluster, taskDefinition="app", enableExecuteCommand=True)
    arn = answer["tasks"][0]["taskArn"]
    endpoint.wait_for_exec_agent_of(arn, cluster)
    return arn


@pytest.fixture(scope="module")
def task(shared_endpoint):
    return run_task(shared_endpoint, "default")


@pytest.fixture(scope="module")
def encrypted_task(shared_endpoint):
    configuration = {"executeCommandConfiguration": {"kmsKeyId": "alias/sessions"}}
    shared_endpoint.ecs.create_cluster(clusterName="encrypted", configuration=configuration)
    return run_task(shared_endpoint, "encrypted")


@pytest.fixture(scope="module")
def kms_route(shared_endpoint, tmp_path_factory):
    with open_route(shared_endpoint, tmp_path_factory.mktemp("kms")) as route:
        yield route


def execute(endpoint, cluster, task, command):
    """(session, what ends it)."""
    answer = endpoint.ecs.execute_command(cluster=cluster, task=task, command=command, interactive=True)
    session = answer["session"]
    return session, lambda: endpoint.client("ssm").terminate_session(SessionId=session["sessionId"])


def plugin_words(endpoint, session, target):
    program = CLIENTS / "session-manager-plugin"
    return [program, json.dumps(session), REGION, "StartSession", "", json.dumps({"Target": target}), endpoint.url]


@pytest.fixture
def enter_by_plugin(shared_endpoint, task):
    def open_session(command):
        session, terminate = execute(shared_endpoint, "default", task, command)
        return ForeignSession(plugin_words(shared_endpoint, session, "x"), shared_endpoint.environment, terminate)

    return open_session


@pytest.fixture
def enter_by_ssm_session(shared_endpoint, task):
    def open_session(command):
        session, terminate = execute(shared_endpoint, "default", task, command)
        variables = {"STREAM_URL": session["streamUrl"], "TOKEN": session["tokenValue"]}
        words = ["node", CLIENTS / "ssm_session" / "client.mjs"]
        return ForeignSession(words, {**shared_endpoint.environment, **variables}, terminate)

    return open_session


@pytest.fixture
def open_encrypted(shared_endpoint, encrypted_task):
    """(the plugin in an encrypted session of the command, the encryption context of its data key)."""

    def open_session(command, variables):
        session, terminate = execute(shared_endpoint, "encrypted", encrypted_task, command)
        described = shared_endpoint.ecs.describe_tasks(cluster="encrypted", tasks=[encrypted_task])["tasks"][0]
        target = f"ecs:encrypted_{encrypted_task.split('/')[-1]}_{described['containers'][0]['runtimeId']}"
        words = plugin_words(shared_endpoint, session, target)
        client = ForeignSession(words, {**shared_endpoint.environment, **variables}, terminate)
        return client, {"aws:ssm:SessionId": session["sessionId"], "aws:ssm:TargetId": target}

    return open_session


@pytest.fixture
def enter_encrypted(open_encrypted, kms_route):
    """With the plugin, which must have got a data key of the session from KMS."""
    wanted = []

    def open_session(command):
        client, context = open_encrypted(command, kms_route.variables)
        wanted.append(context)
        return client

    yield open_session
    assert wanted
    assert all(context in kms_route.contexts for context in wanted)


CLIENTS_OF_SESSIONS = {
    "plugin": "enter_by_plugin",
    "ssm-session": "enter_by_ssm_session",
    "encrypted": "enter_encrypted",
}


@pytest.fixture(params=CLIENTS_OF_SESSIONS)
def enter(request):
    """enter(command) opens a session as programs do, and lets the client serve it."""
    return request.getfixturevalue(CLIENTS_OF_SESSIONS[request.param])


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


def test_a_client_that_gets_no_data_key_is_told_so_by_the_agent(open_encrypted, kms_route):
    variables = {**kms_route.variables, "AWS_CA_BUNDLE": ""}
    client, context = open_encrypted("echo never", variables)
    with client as session:
        shown = session.finish() + session.complaint
    assert b"KMSEncryption failed on client with status 2" in shown
    assert b"never" not in shown
    assert context not in kms_route.contexts


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
        return sent[: sent.index(b" .\n") + 3]

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
        number = exec_frames.next_number(program)
        result = exec_frames.decode(session.leave_when(lambda came: exec_frames.has_ended(came, program), number), program)
    lines = b"".join(b"%d\n" % number for number in range(1, 2001))
    assert result.exit_code == 42
    assert result.stdout == b"first b\0\xff\xef\xbf\xbd" + lines
    assert result.stderr == "a  'word' é\n".encode() + b"tail\xfe"
    assert (b"oz" in result.frames) == (framing == "exact")


def test_input_through_ferrys_framing(enter, shared_endpoint, recorded_program):
    """Input in numbered base64 lines, one of them twice, acknowledged by frames, then its end: as docs/exec-framing.md says it."""
    program = recorded_program("--framing", "plain", "-i")
    wrapped = shared_endpoint.run("wrap", "--", "wc", "-c", check=True).stdout
    with enter(wrapped.removesuffix("\n")) as session:
        session.wait_for(exec_frames.READY.pattern)
        session.send(program)
        nonce, _ = exec_frames.SECRETS.search(program).groups()
        session.wait_for(rb"\x1e" + nonce + rb"\+")
        at = exec_frames.next_number(program)
        session.send(b"%d i2,12\n%d:aGVsbG8g\n%d:aGVsbG8g\n%d:d29ybGQK\n" % (at, at + 1, at + 1, at + 2))
        session.wait_for(rb"\x1e" + nonce + rb"r%d\x1e" % (at + 3))
        session.wait_for(rb"\x1e" + nonce + rb"c\x1e")
        session.send(b"%d .\n" % (at + 3))
        ended = session.leave_when(lambda came: exec_frames.has_ended(came, program), at + 4)
        result = exec_frames.decode(ended, program)
    assert (result.exit_code, result.stdout.split()) == (0, [b"12"])
