"""ferry ps, wait and stop: tasks that are there already."""

import json
import signal
import subprocess
import time

import pytest
from local_endpoint import task_definition

RUNS = {"app": "sleep 1000000", "talks": "echo talking; exec sleep 1000000", "ends": "exit 7", "fine": "true"}


@pytest.fixture(scope="module")
def place(shared_endpoint):
    for family, script in RUNS.items():
        container = {"command": ["sh", "-c", script]}
        shared_endpoint.ecs.register_task_definition(**task_definition(family=family, container=container))
    return shared_endpoint


@pytest.fixture
def start(place):
    """start(FAMILY, **RunTask's members) gives the task's ARN."""

    def start_one(family, **members):
        return place.ecs.run_task(taskDefinition=family, **members)["tasks"][0]["taskArn"]

    return start_one


@pytest.fixture
def run(place, ferry):
    def run_ferry(*words, timeout=60):
        return subprocess.run([ferry, *words], env=place.environment, capture_output=True, text=True, timeout=timeout, check=False)

    return run_ferry


def id_of(arn):
    return arn.rpartition("/")[2]


def stopped(place, arn):
    while True:
        task = place.ecs.describe_tasks(tasks=[arn])["tasks"][0]
        if task["lastStatus"] == "STOPPED":
            return task
        time.sleep(0.05)


@pytest.mark.parametrize("name", [lambda arn: arn, id_of, lambda arn: "task/" + id_of(arn), lambda arn: id_of(arn)[:12]])
@pytest.mark.parametrize(("family", "code"), [("ends", 7), ("fine", 0)])
def test_wait_exits_with_the_code_of_the_container(run, start, name, family, code):
    arn = start(family)
    done = run("wait", name(arn))
    assert (done.returncode, done.stdout) == (code, "")


def test_wait_says_the_outcome_in_json(run, start):
    arn = start("ends")
    done = run("wait", "-o", "json", arn)
    outcome = json.loads(done.stdout)
    assert (outcome["task"], outcome["outcome"], outcome["exit_code"]) == (arn, "exited", 7)
    assert outcome["exit_code_source"] == "describe"


def test_wait_with_a_time_limit_leaves_the_task_alone(run, start, place):
    arn = start("app")
    done = run("wait", "--timeout", "500ms", arn)
    assert done.returncode == 124
    assert "has not stopped in 0.5 s" in done.stderr
    assert place.ecs.describe_tasks(tasks=[arn])["tasks"][0]["desiredStatus"] == "RUNNING"


def test_stop_waits_until_the_task_has_stopped(run, start, place):
    arn = start("app")
    done = run("stop", "--reason", "the migration was wrong", id_of(arn))
    assert (done.returncode, done.stdout) == (0, "")
    task = place.ecs.describe_tasks(tasks=[arn])["tasks"][0]
    assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", "the migration was wrong")
    again = run("stop", id_of(arn))
    assert again.returncode == 0
    assert "had stopped already" in again.stderr


@pytest.mark.parametrize("command", ["wait", "stop"])
@pytest.mark.parametrize("task", ["0" * 32, "0123abcd", "task/0123abc"])
def test_a_task_that_is_not_there(run, command, task):
    done = run(command, task)
    assert done.returncode == 125
    assert f"there is no task {task.removeprefix('task/')}" in done.stderr


def test_a_prefix_of_several_tasks_lists_them(run, start):
    arns = [start("fine") for _ in range(17)]
    shared = next(digit for digit in "0123456789abcdef" if sum(id_of(arn).startswith(digit) for arn in arns) > 1)
    done = run("wait", f"task/{shared}")
    assert done.returncode == 125
    assert all(id_of(arn) in done.stderr for arn in arns if id_of(arn).startswith(shared))


def test_ps_lists_what_runs_and_with_all_what_has_stopped(run, start, place):
    running, ended = start("app"), start("ends")
    stopped(place, ended)
    listed = run("ps")
    assert listed.returncode == 0
    assert id_of(running) in listed.stdout
    assert id_of(ended) not in listed.stdout
    every = run("ps", "-a").stdout
    line = next(line for line in every.splitlines() if line.startswith(id_of(ended)))
    assert "STOPPED" in line
    assert line.endswith("app=7")


def test_ps_of_a_service_and_in_json(run, place):
    place.ecs.create_service(serviceName="web", taskDefinition="app", desiredCount=1)
    while not (arns := place.ecs.list_tasks(serviceName="web")["taskArns"]):
        time.sleep(0.05)
    lines = [json.loads(line) for line in run("ps", "default/web", "-o", "json").stdout.splitlines()]
    assert [line["task"] for line in lines] == arns
    assert lines[0]["group"] == "service:web"
    assert lines[0]["definition"] == "app:1"


def test_ps_of_those_that_one_name_has_started(run, start, place):
    mine, others, ended = start("app", startedBy="me"), start("app"), start("ends", startedBy="me")
    stopped(place, ended)
    assert [json.loads(line)["task"] for line in run("ps", "--started-by", "me", "-o", "json").stdout.splitlines()] == [mine]
    every = {json.loads(line)["task"] for line in run("ps", "-a", "--started-by", "me", "-o", "json").stdout.splitlines()}
    assert every == {mine, ended}
    assert others not in every


def test_ps_says_how_to_stop_what_a_run_has_left(run, start, ferry):
    left = run("run", "-d", "app").stdout.strip()
    done = run("ps")
    assert f"stop it with: ferry stop --cluster default {id_of(left)}" in done.stderr
    assert run("stop", "--cluster", "default", id_of(left)).returncode == 0


def test_ps_of_a_cluster_that_is_not_there(run):
    done = run("ps", "nowhere")
    assert done.returncode == 125
    assert "nowhere" in done.stderr
    assert "ClusterNotFoundException" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [["wait"], ["logs", "-f"]])
def test_waiting_that_is_interrupted_says_so_and_leaves_the_task(place, start, ferry, words, number):
    arn = start("talks")
    process = subprocess.Popen([ferry, *words, arn], env=place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Its first sign: the state that is waited for, or the first line of the log.
    first = process.stdout.readline() if words == ["logs", "-f"] else process.stderr.readline()
    assert first
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in errors.splitlines()[-1]
    assert place.ecs.describe_tasks(tasks=[arn])["tasks"][0]["desiredStatus"] == "RUNNING"


def test_ps_says_how_to_stop_what_belongs_to_no_service(run, start):
    arn = start("app", startedBy="migrate-42")
    (line,) = [line for line in run("ps", "--started-by", "migrate-42").stderr.splitlines() if id_of(arn) in line]
    assert line.endswith(f"stop it with: ferry stop --cluster default {id_of(arn)}")
