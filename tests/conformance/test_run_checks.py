"""What ferry run promises, seen from outside: codes, logs, time, interrupts, several tasks, finding a run again."""

import json
import signal
import subprocess
import uuid

import pytest


@pytest.fixture
def log(subject):
    if not subject.has_log():
        pytest.skip("the container's log driver is not awslogs")


def last_status(subject, task):
    (described,) = subject.api("DescribeTasks", cluster=subject.cluster, tasks=[task])["tasks"]
    return described["lastStatus"], described["desiredStatus"]


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exit_code_of_a_run(subject, code):
    """a run's exit code is the command's"""
    status, (result,) = subject.run_task("sh", "-c", f"exit {code}")
    assert (status, result["outcome"], result["exit_code"]) == (code, "exited", code)
    assert result["exit_code_source"] == "describe"


def test_every_line_once_and_in_order(subject, log, observe):
    """every line of the log comes once and in order"""
    script = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"
    status, (result,) = subject.run_task("sh", "-c", script)
    observe("the log of a run", result["logs"])
    assert status == 0
    assert result["stdout"].splitlines() == [f"line {number}" for number in range(2000)]


def test_a_task_that_ends_at_once(subject, log):
    """a command that is over before anybody looks loses nothing"""
    status, (result,) = subject.run_task("echo", "only line")
    assert (status, result["stdout"]) == (0, "only line\n")


def test_a_time_limit_stops_the_task(subject):
    """a time limit stops the task"""
    status, (result,) = subject.run_task("sleep", "900", flags=("--timeout", "20s"))
    assert (status, result["outcome"], result["exit_code"]) == (124, "timeout", None)
    assert last_status(subject, result["task"])[1] == "STOPPED"


def test_an_interrupt_stops_the_task(subject):
    """an interrupt stops the task"""
    process = subject.start_words(
        *subject.run_words("sleep", "900"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    task = process.stderr.readline().split()[-1]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=subject.left_s(180))
    assert process.returncode == 130
    assert last_status(subject, task)[1] == "STOPPED"


def test_several_tasks_at_once(subject):
    """several tasks of one run have a result each"""
    status, results = subject.run_task("sh", "-c", "exit 3", flags=("--count", "3"))
    assert (status, [result["exit_code"] for result in results]) == (3, [3, 3, 3])
    assert len({result["task"] for result in results}) == 3


def test_a_client_token_starts_its_task_once(subject):
    """two calls of RunTask with one client token are one task"""
    given = json.dumps({"clientToken": str(uuid.uuid4())})
    # Without --started-by nothing is looked for: both call RunTask.
    words = subject.run_words("sleep", "60", flags=("--cli-input-json", given, "-d"))
    at = words.index("--started-by")
    first, second = (subject.run(*words[:at], *words[at + 2 :]).stdout.decode().strip() for _ in range(2))
    assert first == second != ""
    subject.api("StopTask", cluster=subject.cluster, task=first)


def test_a_run_is_found_again(subject):
    """a run that is going is followed by its name, and no second task is started"""
    name = f"{subject.started_by}-again"
    started = subject.run(*subject.run_words("sleep", "30", flags=("-d",), name=name)).stdout.decode().strip()
    status, (result,) = subject.run_task("sleep", "30", name=name)
    assert (status, result["task"]) == (0, started)


def test_a_task_that_has_ended_is_explained(subject):
    """ferry explain says what became of a task"""
    _, (result,) = subject.run_task("sh", "-c", "exit 9")
    done = subject.run("explain", result["task"], "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["verdict"] == f"container '{subject.container}' exited with 9"
    moments = [step["at"] for step in told["timeline"]]
    assert len(moments) >= 3
    assert moments == sorted(moments)


def test_a_definition_that_is_not_there(subject):
    """a run that cannot start says so and exits with 125"""
    done = subject.run("run", f"no-such-family-{uuid.uuid4().hex}", "--cluster", subject.cluster)
    assert (done.returncode, done.stdout) == (125, b"")
    assert len(done.stderr.splitlines()) == 1
