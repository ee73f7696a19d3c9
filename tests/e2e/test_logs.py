"""ferry logs: the log of a task that is there, running or stopped."""

import subprocess
import time

import pytest
from local_endpoint import task_definition

MANY = 30_000


@pytest.fixture(scope="module")
def place(shared_endpoint):
    ecs = shared_endpoint.ecs
    for family, script in {
        "app": "echo one; echo two; sleep 1000000",
        "ends": "echo one; echo two >&2; exit 3",
        "many": f"seq {MANY}",
    }.items():
        ecs.register_task_definition(**task_definition(family=family, container={"command": ["sh", "-c", script]}))
    two = task_definition(family="two", container={"command": ["sh", "-c", "echo from app; sleep 1000000"]})
    side = {**two["containerDefinitions"][0], "name": "side", "command": ["sh", "-c", "echo from side; sleep 1000000"]}
    ecs.register_task_definition(family="two", containerDefinitions=[*two["containerDefinitions"], side])
    silent = task_definition(family="silent", container={"logConfiguration": {"logDriver": "splunk"}})
    ecs.register_task_definition(**silent)
    return shared_endpoint


@pytest.fixture
def start(place):
    return lambda family: place.ecs.run_task(taskDefinition=family)["tasks"][0]["taskArn"]


@pytest.fixture
def logs(place, ferry):
    def run(*words):
        return subprocess.run([ferry, "logs", *words], env=place.environment, capture_output=True, text=True, timeout=60, check=False)

    return run


def has_lines(logs, arn, count, *flags):
    """What the log of a running task holds once it has so many lines."""
    deadline = time.monotonic() + 30
    while len((done := logs(arn, *flags)).stdout.splitlines()) < count:
        assert time.monotonic() < deadline, done
        time.sleep(0.05)
    return done


def test_a_running_task_shows_what_there_is_and_returns(logs, start):
    done = has_lines(logs, start("app"), 2)
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\ntwo\n", "")


def test_following_ends_with_the_task_and_its_last_line(logs, start):
    arn = start("ends")
    done = logs("-f", arn)
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == ["one", "two"]
    assert logs(arn.rpartition("/")[2]).stdout == done.stdout


def test_following_ends_with_its_reader_also_where_no_further_line_comes(place, ferry, logs, start):
    arn = start("app")
    has_lines(logs, arn, 2)
    with subprocess.Popen([ferry, "logs", "-f", arn], env=place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"one\n"
        process.stdout.close()
        assert process.wait(timeout=20) == 125
        said = process.stderr.read().decode()
    assert said.splitlines() == ["ferry: standard output: cannot write: the reader has closed"]


def test_many_lines_arrive_once_and_in_order(logs, start):
    assert logs("-f", start("many")).stdout == "".join(f"{number}\n" for number in range(1, MANY + 1))


def test_one_or_all_of_several_containers(logs, start):
    arn = start("two")
    ambiguous = logs(arn)
    assert ambiguous.returncode == 125
    assert "app, side" in ambiguous.stderr
    assert has_lines(logs, arn, 1, "--container", "side").stdout == "from side\n"
    every = has_lines(logs, arn, 2, "--all-containers").stdout.splitlines()
    assert sorted(every) == ["[app] from app", "[side] from side"]


def test_since_leaves_out_what_is_older(logs, start):
    arn = start("app")
    has_lines(logs, arn, 2)
    assert logs("--since", "1h", arn).stdout == "one\ntwo\n"
    time.sleep(1.1)  # the lines have to grow older than a second
    assert logs("--since", "1s", arn).stdout == ""


def test_a_driver_that_cannot_be_read_back_is_said(logs, start):
    done = logs(start("silent"))
    assert (done.returncode, done.stdout) == (125, "")
    assert "splunk" in done.stderr


def test_a_task_that_is_not_there(logs):
    done = logs("0" * 32)
    assert done.returncode == 125
    assert "0" * 32 in done.stderr
