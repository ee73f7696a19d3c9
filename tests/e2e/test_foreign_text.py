"""What a service, a container or a program says may hold anything: none of it acts on a terminal or gets into JSON raw."""

import json
import subprocess

import pytest
from hostile_endpoint import ACTING, ESCAPES, acting, answer, hostile_endpoint, refusal
from identity_fixtures import PROCESS, home, identity, place, printed, program  # noqa: F401: some are fixtures
from terminal import Terminal

TASK = "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef0123456789abcdef"
NASTY = "x" + ESCAPES
LOG = {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}}


@pytest.fixture
def endpoint():
    with hostile_endpoint() as one:
        yield one


@pytest.fixture
def environment(endpoint, tmp_path):
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": endpoint.url,
    }


@pytest.fixture
def ask(ferry, environment):
    def run(*words, **more):
        done = subprocess.run([ferry, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, **more)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()  # both are UTF-8, or this fails
        return done

    return run


def nasty_task(**members):
    container = {"name": "app" + NASTY, "lastStatus": "STOPPED", "exitCode": 1, "reason": NASTY}
    task = {
        "taskArn": TASK + NASTY,
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod" + NASTY,
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web" + NASTY,
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "startedBy": NASTY,
        "group": "family:" + NASTY,
        "stopCode": NASTY,
        "stoppedReason": NASTY,
        "containers": [container],
    }
    return {**task, **members}


def knows(endpoint, task):
    endpoint.answers["ListTasks"] = answer({"taskArns": [TASK]})
    endpoint.answers["DescribeTasks"] = answer({"tasks": [task], "failures": []})
    containers = [{"name": one["name"], "logConfiguration": LOG} for one in task["containers"]]
    endpoint.answers["DescribeTaskDefinition"] = answer({"taskDefinition": {"taskDefinitionArn": "a", "family": "web", "containerDefinitions": containers}})


def own_lines(text):
    """The lines of ferry's own: none is begun by a line end in foreign text."""
    lines = text.splitlines()
    assert all(line.startswith("ferry: ") for line in lines), text
    assert "ferry: all is well" not in lines
    return lines


@pytest.mark.parametrize("words", [("ps", "prod"), ("explain", TASK), ("doctor", "prod/web"), ("exec", "prod/web", "--", "true"), ("stop", TASK), ("run", "web")], ids=lambda words: words[0])
def test_a_refusal_is_one_line_that_acts_on_nothing(endpoint, ask, words):
    for operation in ("ListTasks", "DescribeTasks", "DescribeServices", "DescribeClusters", "DescribeTaskDefinition", "ExecuteCommand", "RunTask", "StopTask", "GetCallerIdentity"):
        endpoint.answers[operation] = refusal(NASTY, name="Client" + NASTY + "Exception")
    done = ask(*words)
    assert (done.returncode == 0) == (words[0] == "doctor")  # which cannot tell, and says so
    assert acting(done.stdout + done.stderr) == []
    assert "\\u001b[2J" in done.stdout + done.stderr
    assert "ferry: all is well" not in done.stderr.splitlines() + done.stdout.splitlines()


def test_debug_lines_too(endpoint, ask):
    endpoint.answers["ListTasks"] = refusal(NASTY, name="Client" + NASTY + "Exception")
    done = ask("ps", "prod", "--debug")
    assert acting(done.stderr) == []
    own_lines(done.stderr)


def test_tables_stay_tables(endpoint, ask):
    knows(endpoint, nasty_task())
    done = ask("ps", "prod", "--all")
    assert done.returncode == 0, done.stderr
    assert acting(done.stdout + done.stderr) == []
    assert len(done.stdout.splitlines()) == 2
    assert "\\u202e" in done.stdout


def test_an_explanation_stays_one(endpoint, ask):
    knows(endpoint, nasty_task())
    done = ask("explain", TASK)
    assert done.returncode == 0, done.stderr
    assert acting(done.stdout) == []
    assert all(line.startswith(("task ", "  ")) for line in done.stdout.splitlines()), done.stdout


@pytest.mark.parametrize("words", [("ps", "prod", "--all", "-o", "json"), ("explain", TASK, "-o", "json"), ("api", "ecs", "DescribeTasks", "{}")], ids=lambda words: words[0])
def test_json_keeps_the_value_and_acts_on_nothing(endpoint, ask, words):
    knows(endpoint, nasty_task())
    done = ask(*words)
    assert done.returncode == 0, done.stderr
    assert acting(done.stdout) == []
    (line,) = done.stdout.splitlines()
    value = json.loads(line)
    reason = value["tasks"][0]["stoppedReason"] if words[0] == "api" else value["stopped_reason"]
    assert reason == NASTY


def test_wait_brings_the_reason_in_a_result_that_acts_on_nothing(endpoint, ask, tmp_path):
    knows(endpoint, nasty_task())
    done = ask("wait", TASK, "--container", "app" + NASTY, "-o", "json", "--result-file", str(tmp_path / "result"))
    assert acting(done.stdout + done.stderr + (tmp_path / "result").read_text()) == []
    assert json.loads(done.stdout)["stopped_reason"] == NASTY
    own_lines(done.stderr)


def test_a_terminal_is_not_moved(endpoint, ferry, environment):
    endpoint.answers["ListTasks"] = refusal(NASTY)
    with Terminal([ferry, "ps", "prod"], {**environment, "TERM": "xterm"}) as person:
        person.wait()
    shown = person.shown.decode().replace("\r\n", "\n")
    assert acting(shown) == []
    assert len(shown.strip().splitlines()) >= 1


@pytest.mark.parametrize("size", [8_000_000])
def test_a_message_of_megabytes_is_cut(endpoint, ask, size):
    endpoint.answers["ListTasks"] = refusal("begin" + "x" * size)
    done = ask("ps", "prod")
    assert done.returncode == 125
    (line,) = own_lines(done.stderr)
    assert len(line) < 5_000
    assert "beginxxx" in line
    assert " more) ..." in line
    assert line.endswith("(ecs ListTasks)")


def test_bytes_that_are_no_text_are_shown_as_such(endpoint, ask):
    endpoint.answers["ListTasks"] = answer(b"\xff\xfe\x1b[2J", status=500, kind="text/html\xff\x1b")
    done = ask("ps", "prod")
    assert done.returncode == 125
    assert acting(done.stderr) == []
    own_lines(done.stderr)


def test_what_a_program_for_credentials_says_is_shown_but_acts_on_nothing(place, identity):
    said = "printf 'open https://login\\n\\033[2J\\302\\233\\342\\200\\256\\377' >&2\n"
    place.write({".aws/config": PROCESS, **program(said + printed())})
    done = place.ask_ferry({})
    assert done.returncode == 0, done.stderr
    assert done.stderr == "open https://login\n\\u001b[2J\\u009b\\u202e\\xff"


def test_the_command_s_own_output_stays_as_it_is(endpoint, ask):
    """Log lines on stdout are the command's."""
    knows(endpoint, nasty_task(taskArn=TASK, containers=[{"name": "app", "lastStatus": "STOPPED", "exitCode": 0}]))
    event = {"timestamp": 1, "ingestionTime": 1, "message": "\x1b[31mred\x9b", "eventId": "1"}
    endpoint.answers["GetLogEvents"] = lambda asked: answer({"events": [] if "nextToken" in asked else [event], "nextForwardToken": "t"})
    endpoint.answers["FilterLogEvents"] = answer({"events": [event]})
    done = ask("logs", TASK)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "\x1b[31mred\x9b\n"


def test_the_list_of_what_acts_is_what_is_sent():
    assert set(ACTING) <= set(NASTY)
