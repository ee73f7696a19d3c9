"""Answers of wrong types, and answers without an end: each is one clear failure, in time, and never an empty success."""

import signal
import subprocess
import time

import pytest
from hostile_endpoint import answer, endless, hostile_endpoint
from identity_fixtures import PROCESS, home, identity, place, program  # noqa: F401: some are fixtures
from local_endpoint import wait_until

TASK = "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef0123456789abcdef"
IN_TIME = 45


@pytest.fixture
def endpoint():
    with hostile_endpoint() as one:
        yield one


@pytest.fixture
def ask(ferry, endpoint, tmp_path):
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": endpoint.url,
    }

    def run(*words):
        return subprocess.run([ferry, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=IN_TIME)

    return run


def the_failure(done):
    assert (done.returncode, done.stdout) == (125, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ferry: ")
    return line


def stopped(**members):
    container = {"name": "app", "lastStatus": "STOPPED", "exitCode": 0}
    return {"taskArn": TASK, "lastStatus": "STOPPED", "desiredStatus": "STOPPED", "containers": [container], **members}


@pytest.mark.parametrize("wrong", [5, "a", {}, [5], [None], True], ids=str)
def test_a_list_that_is_none_is_no_empty_list(endpoint, ask, wrong):
    endpoint.answers["ListTasks"] = answer({"taskArns": wrong})
    line = the_failure(ask("ps", "prod"))
    assert "ecs ListTasks: the answer has no usable taskArns" in line


@pytest.mark.parametrize("absent", [{}, {"taskArns": None}, {"taskArns": []}], ids=str)
def test_absent_is_absent(endpoint, ask, absent):
    endpoint.answers["ListTasks"] = answer(absent)
    done = ask("ps", "prod", "-o", "json")
    assert (done.returncode, done.stdout) == (0, "")


WRONG_TASKS = {
    "tasks": {"tasks": "none"},
    "tasks[0]": {"tasks": [None]},
    "tasks[0].containers": {"tasks": [stopped(containers={})]},
    "tasks[0].containers[0].exitCode": {"tasks": [stopped(containers=[{"name": "app", "exitCode": "0"}])]},
    "tasks[0].stoppedAt": {"tasks": [stopped(stoppedAt=1e300)]},
    "tasks[0].lastStatus": {"tasks": [stopped(lastStatus=["STOPPED"])]},
    "failures": {"tasks": [], "failures": 1},
}


@pytest.mark.parametrize("member", WRONG_TASKS)
def test_each_member_of_a_task_has_its_type(endpoint, ask, member):
    endpoint.answers["DescribeTasks"] = answer(WRONG_TASKS[member])
    assert f"the answer has no usable {member}:" in the_failure(ask("wait", TASK))


def test_an_exit_code_beyond_all_codes_is_none(endpoint, ask):
    endpoint.answers["DescribeTasks"] = answer({"tasks": [stopped(containers=[{"name": "app", "lastStatus": "STOPPED", "exitCode": 1 << 40}])]})
    assert "exitCode" in the_failure(ask("wait", TASK))


def test_raw_json_is_shown_as_it_came(endpoint, ask):
    endpoint.answers["ListTasks"] = answer({"taskArns": 5})
    done = ask("api", "ecs", "ListTasks", "{}")
    assert (done.returncode, done.stdout) == (0, '{"taskArns":5}\n')


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "interim answers": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"),
    "continues": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers": endless(OK, b"X-More: and more\r\n"),
    "one header": endless(OK + b"X-Long: ", b"x" * 4096),
    "status line": endless(b"HTTP/1.1 200 ", b"x" * 4096),
    "no HTTP at all": endless(b"", b"x" * 65536),
    "chunk extension": endless(CHUNKED + b"2;x=", b"x" * 4096),
    "trailer": endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-More: and more\r\n"),
    "body": endless(OK + b"\r\n", b"x" * 65536),
    "chunks": endless(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_without_an_end_is_a_failure(endpoint, ask, kind):
    endpoint.answers["ListTasks"] = ENDLESS[kind]
    begin = time.monotonic()
    line = the_failure(ask("ps", "prod"))
    assert "the answer" in line
    assert time.monotonic() - begin < IN_TIME


def test_a_list_whose_token_comes_back_is_a_failure(endpoint, ask):
    endpoint.answers["ListTasks"] = answer({"taskArns": [TASK], "nextToken": "again"})
    assert "its pages do not end" in the_failure(ask("ps", "prod"))
    assert len(endpoint.calls) == 2


def test_a_list_with_ever_new_tokens_is_a_failure(endpoint, ask):
    endpoint.answers["ListTasks"] = lambda asked: answer({"taskArns": [], "nextToken": str(int(asked.get("nextToken", 0)) + 1)})
    assert "its pages do not end" in the_failure(ask("ps", "prod"))
    assert len(endpoint.calls) <= 1000


def pid_of(path):
    text = path.read_text() if path.exists() else ""
    return int(text) if text.endswith("\n") else None


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_for_credentials_that_prints_too_much_is_ended(place, home, identity):
    place.write({".aws/config": PROCESS, **program("echo $$ > HOME/pid\nexec yes\n")})
    begin = time.monotonic()
    done = place.ask_ferry({})
    assert "printed more than 1048576 bytes" in the_failure(done)
    assert time.monotonic() - begin < 20
    wait_until(lambda: not is_running(pid_of(home / "pid")), "the program has ended")


def test_a_program_that_complains_without_an_end_is_cut(place, home, identity):
    place.write({".aws/config": PROCESS, **program("yes complaint | head -c 3000000 >&2\nexit 3\n")})
    done = place.ask_ferry({})
    assert done.returncode == 125
    assert "exited with 3" in done.stderr.splitlines()[-1]
    assert len(done.stderr) < 200_000
    assert "left out" in done.stderr


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_program_for_credentials_ends_with_ferry(place, home, identity, how):
    place.write({".aws/config": PROCESS, **program("echo $$ > HOME/pid\nexec sleep 600\n")})
    words = [place.ferry, "ps", "prod"]
    asking = subprocess.Popen(words, env=place.environment({}), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: pid_of(home / "pid"), "the program runs")
        program_s = pid_of(home / "pid")
        assert is_running(program_s)
        asking.send_signal(getattr(signal, how))
        wait_until(lambda: not is_running(program_s), "the program has ended")
    finally:
        asking.kill()
        asking.wait()
