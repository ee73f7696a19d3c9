"""ferry wrap and ferry collect: the two steps around an SDK's own ExecuteCommand."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess

import pytest
from running_service import enterable_task

# Nothing that signs: what a program hands on is the response alone.
BARE = {
    **{name: os.environ[name] for name in os.environ if name == "PATH" or name.endswith("SAN_OPTIONS")},
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def open_session(shared_endpoint):
    """open_session(words...) is what boto3 answers to ExecuteCommand with the wrapped words."""
    task = enterable_task(shared_endpoint)

    def execute(*words):
        wrapped = shared_endpoint.run("wrap", "--", *words, check=True).stdout.removesuffix("\n")
        return shared_endpoint.ecs.execute_command(task=task, command=wrapped, interactive=True)

    return execute


@pytest.fixture
def collect(ferry, tmp_path):
    """collect(response, flags...) pipes the response, as JSON where it is no text yet, to `ferry collect`."""

    def run(response, *flags, environment=(), **options):
        text = response if isinstance(response, (str, bytes)) else json.dumps(response)
        return subprocess.run(
            [ferry, "collect", *flags],
            input=text if isinstance(text, bytes) else text.encode(),
            env={**BARE, "HOME": str(tmp_path), **dict(environment)},
            capture_output=True,
            timeout=60,
            **options,
        )

    return run


@pytest.fixture
def free_port():
    """A port of this machine on which nobody listens, and for as long as the test nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


# What is said once of a session that nobody's credentials sign.
NOTICE = re.compile(rb"ferry: the session is opened unsigned, for want of credentials: [^\n]*\n")


def without_notice(done):
    """What came on stderr besides."""
    rest, number = NOTICE.subn(b"", done.stderr)
    assert number == 1, done.stderr
    return rest


def complaint(done):
    lines = NOTICE.sub(b"", done.stderr).decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("ferry: "), lines
    return lines[0]


def capitalized(value):
    """As Go's SDKs spell it."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: capitalized(member) for key, member in value.items()}
    return value


def test_wrap_prints_a_command_that_names_the_users_own(shared_endpoint):
    words = ["psql", "-c", "select 'it''s'", "", "{{x}}", "é"]
    first, second = (shared_endpoint.run("wrap", "--", *words, check=True).stdout for _ in range(2))
    assert first == second
    assert first.endswith("\n")
    split = shlex.split(first)
    assert split[:2] == ["sh", "-c"]
    assert split[-len(words):] == words
    assert "{{" not in first  # the agent would take it for a parameter


@pytest.mark.parametrize("words", [[], ["--"], ["ps"], ["--", ""]], ids=repr)
def test_wrap_without_a_command_is_a_mistake(shared_endpoint, words):
    done = shared_endpoint.run("wrap", *words)
    assert done.returncode == 125
    assert done.stdout == ""
    assert done.stderr.startswith("ferry: wrap: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("spelling", [lambda response: response, capitalized, lambda response: response["session"]], ids=["api", "go", "session"])
def test_both_streams_and_the_exit_code(open_session, collect, spelling):
    response = open_session("sh", "-c", "echo out; echo err >&2; exit 7")
    done = collect(spelling(response))
    assert (done.stdout, without_notice(done), done.returncode) == (b"out\n", b"err\n", 7)


@pytest.mark.parametrize("framing", ["plain", "exact"])
def test_every_byte_of_binary_output(open_session, collect, tmp_path, framing):
    blob = os.urandom(200_000) + b"\0\xff\x1e\xef\xbf\xbd\r\n"
    (tmp_path / "blob").write_bytes(blob)
    done = collect(open_session("cat"), "--input", str(tmp_path / "blob"), "--framing", framing)
    assert done.returncode == 0, done.stderr
    assert done.stdout == blob
    assert without_notice(done) == b""


def test_the_result_as_json_and_in_a_file(open_session, collect, tmp_path):
    response = open_session("sh", "-c", "printf out; printf '\\377' >&2; exit 3")
    done = collect(response, "-o", "json", "--framing", "exact", "--result-file", str(tmp_path / "result.json"))
    assert done.returncode == 3
    assert without_notice(done) == b""
    result = json.loads(done.stdout)
    expected = {
        "mode": "exec",
        "cluster": "default",
        "task": response["taskArn"],
        "container": "app",
        "outcome": "exited",
        "exit_code": 3,
        "exit_code_source": "frame",
        "stdout": "out",
        "stdout_encoding": "utf8",
        "stderr": "/w==",
        "stderr_encoding": "base64",
        "streams_merged": False,
        "framing": "exact",
    }
    assert {name: result[name] for name in expected} == expected
    assert json.loads((tmp_path / "result.json").read_text()) == result


def test_a_result_file_beside_streamed_output(open_session, collect, tmp_path):
    done = collect(open_session("echo", "hello"), "--result-file", str(tmp_path / "result.json"))
    assert (done.stdout, done.returncode) == (b"hello\n", 0)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["exit_code"] == 0
    assert result["stdout"] is None and result["stderr"] is None


def test_standard_input_carries_the_response_and_nothing_else(open_session, collect):
    assert collect(open_session("cat")).stdout == b""
    done = collect("{}", "--input", "-")
    assert done.returncode == 125
    assert "--input" in complaint(done)


def test_a_timeout_ends_the_command_and_says_so(open_session, collect, shared_endpoint):
    done = collect(open_session("sleep", "86399"), "--timeout", "500ms")
    assert done.returncode == 124
    assert "timed out" in complaint(done)
    processes = shared_endpoint.run("exec", "-T", "web", "--", "ps", "axww", "-o", "args", check=True).stdout
    assert "sleep 86399" not in processes.splitlines()


def test_an_interrupt_ends_it(open_session, ferry, tmp_path):
    response = open_session("sh", "-c", "echo started; exec sleep 86398")
    process = subprocess.Popen(
        [ferry, "collect"],
        env={**BARE, "HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        process.stdin.write(json.dumps(response).encode())
        process.stdin.close()
        assert process.stdout.readline() == b"started\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert b"SIGINT" in process.stderr.read()


def test_a_response_can_be_collected_once(open_session, collect):
    response = open_session("true")
    assert collect(response).returncode == 0
    done = collect(response)
    assert done.returncode not in (0, 124, 130)
    assert response["session"]["tokenValue"] not in complaint(done)


def test_credentials_let_it_ask_the_cluster_for_the_framing(open_session, collect, shared_endpoint):
    shared_endpoint.ecs.update_cluster(cluster="default", configuration={"executeCommandConfiguration": {"logging": "NONE"}})
    without = collect(open_session("true"), "-o", "json")
    assert json.loads(without.stdout)["framing"] == "plain"
    with_credentials = collect(open_session("true"), "-o", "json", environment=shared_endpoint.variables)
    assert json.loads(with_credentials.stdout)["framing"] == "exact"


def test_a_profile_that_is_asked_for_must_be_there(open_session, collect):
    done = collect(open_session("true"), "--profile", "nobody")
    assert done.returncode == 125
    assert "nobody" in complaint(done)


BAD = {
    "nothing": "",
    "no JSON": "tokenValue: s3cret",
    "cut off": '{"session": {"tokenValue": "s3cret"',
    "no object": '["s3cret"]',
    "no session": '{"taskArn": "arn:x"}',
    "no address": '{"session": {"sessionId": "i", "tokenValue": "s3cret"}}',
    "no URL": '{"session": {"sessionId": "i", "streamUrl": "nonsense", "tokenValue": "s3cret"}}',
    "not UTF-8": b'{"session": "\xff s3cret"}',
    "too large": " " * 1_000_001,
}


@pytest.mark.parametrize("response", BAD.values(), ids=BAD)
def test_a_bad_response_gets_one_clear_line(collect, response):
    done = collect(response)
    assert done.returncode == 125
    assert done.stdout == b""
    assert "s3cret" not in complaint(done)


def test_a_service_that_stops_listening_is_no_success(collect, free_port):
    session = {"sessionId": "i", "streamUrl": f"ws://127.0.0.1:{free_port}/", "tokenValue": "s3cret"}
    done = collect({"session": session}, "--timeout", "30s")
    assert done.returncode not in (0, 124, 130)
    assert "s3cret" not in complaint(done)
