"""A container that ends with 0 because its task is being stopped did not succeed: run, wait and explain agree on that."""

import json
import os
import subprocess

import pytest
from local_endpoint import task_definition
from running_service import environment_of
from task_script import ENVIRONMENT, TASK, definition, poll, scripted_task

PAIR = definition(app=True, side=True)
SIDECAR = definition(app=True, side=False)
ENDED = "EssentialContainerExited"
RUNS = poll(app="RUNNING", side="RUNNING")
TOLD = poll(stop_code=ENDED, app="RUNNING", side="RUNNING")


def over(app, side, stop_code=ENDED, reason=None):
    return poll("STOPPED", stop_code, reason, app=app, side=side)


def stopped_by(stop_code):
    told = poll(stop_code=stop_code, reason="somebody's reason", app="RUNNING", side="RUNNING")
    return [RUNS, told, over(0, 143, stop_code, "somebody's reason")]


# What the polls see, the exit status, and what is said where it is no success.
SUCCESSES = {
    "seen-to-end-first": (PAIR, [RUNS, poll(app=0, side="RUNNING"), over(0, 0)]),
    "seen-to-end-first-then-told": (PAIR, [RUNS, poll(stop_code=ENDED, app=0, side="RUNNING"), over(0, 0)]),
    "done-before-somebody-stopped-it": (PAIR, [RUNS, poll(app=0, side="RUNNING"), over(0, 0, "UserInitiated")]),
    "sidecar-ends-after-it": (SIDECAR, [RUNS, TOLD, over(0, 0)]),
    "sidecar-ended-before-it": (SIDECAR, [RUNS, poll(app="RUNNING", side=3), over(0, 3)]),
    "others-told-to-stop": (PAIR, [RUNS, over(0, 143)]),
    "others-killed": (PAIR, [RUNS, over(0, 137)]),
}
UNKNOWN = {
    "other-seen-to-end-first": (PAIR, [RUNS, poll(app="RUNNING", side=0), over(0, 0)], "container 'side' exited with 0"),
    "other-failed-first": (PAIR, [RUNS, poll(app="RUNNING", side=3), over(0, 3)], "container 'side' exited with 3"),
    "other-failed-order-unseen": (PAIR, [RUNS, over(0, 3)], "container 'side' exited with 3"),
    "order-unseen": (PAIR, [RUNS, TOLD, over(0, 0)], "`essential: false`"),
    "user": (SIDECAR, stopped_by("UserInitiated"), "somebody's reason"),
    "deployment": (SIDECAR, stopped_by("ServiceSchedulerInitiated"), "somebody's reason"),
    "spot": (SIDECAR, stopped_by("SpotInterruption"), "somebody's reason"),
    "termination": (SIDECAR, stopped_by("TerminationNotice"), "somebody's reason"),
    "definition-unreadable": (None, [RUNS, over(0, 0)], "not authorized to perform it"),
}


@pytest.fixture
def ask(ferry):
    def run_ferry(server, *words):
        done = subprocess.run(
            [ferry, *words],
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_ENDPOINT_URL": server.url, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    return run_ferry


def words_of(command):
    chosen = ["--cluster", "prod", "--container", "app", "-o", "json"]
    return ["run", "job", *chosen, "--", "work"] if command == "run" else ["wait", *chosen, TASK]


@pytest.mark.parametrize("command", ["run", "wait"])
@pytest.mark.parametrize("row", SUCCESSES)
def test_a_job_that_was_done_succeeded(ask, command, row):
    known, polls = SUCCESSES[row]
    with scripted_task(known, polls) as server:
        status, result, errors = ask(server, *words_of(command))
    assert (status, result["outcome"], result["exit_code"]) == (0, "exited", 0), errors
    assert result["exit_code_source"] == "describe"


# A run without its task definition does not begin.
@pytest.mark.parametrize(("row", "command"), [(row, "wait") for row in UNKNOWN] + [(row, "run") for row in UNKNOWN if UNKNOWN[row][0]])
def test_a_zero_of_a_job_that_may_have_been_stopped_is_unknown(ask, command, row):
    known, polls, said = UNKNOWN[row]
    with scripted_task(known, polls) as server:
        status, result, errors = ask(server, *words_of(command))
    assert (status, result["outcome"]) == (255, "unknown"), errors
    assert (result["exit_code"], result["exit_code_source"]) == (0, "describe")
    assert said in result["explanation"]
    assert said in errors


@pytest.mark.parametrize(
    ("known", "last", "said", "calls"),
    [
        (PAIR, over(0, 0), "whether its work was done is not known", 1),
        (PAIR, over(0, 3), "container 'side' exited with 3", 1),
        (PAIR, over(0, 143), "container 'app' ended with exit code 0", 1),
        (SIDECAR, over(0, 0), "every container ended with exit code 0", 1),
        (SIDECAR, over(0, 0, "UserInitiated", "enough"), "told to stop (enough)", 1),
        (None, over(0, 0), "not authorized to perform it", 1),
        (None, poll("STOPPED", ENDED, app=0), "every container ended with exit code 0", 0),
    ],
)
def test_explain_says_the_same(ask, known, last, said, calls):
    with scripted_task(known, [last]) as server:
        status, result, errors = ask(server, "explain", "--cluster", "prod", "-o", "json", TASK)
        assert server.calls.count("DescribeTaskDefinition") == calls
    assert status == 0, errors
    assert said in result["verdict"]


def test_waiting_for_the_only_container_needs_no_definition(ask):
    with scripted_task(None, [poll("STOPPED", ENDED, app=0)]) as server:
        status, _, errors = ask(server, "wait", "--cluster", "prod", TASK)
        assert server.calls == ["DescribeTasks"]
    assert status == 0, errors


def test_guardduty_beside_the_only_container_needs_no_choice(ask):
    last = poll("STOPPED", ENDED, app=0, **{"aws-guardduty-agent-AbC": 0})
    with scripted_task(None, [last]) as server:
        status, _, errors = ask(server, "wait", "--cluster", "prod", TASK)
    assert status == 0, errors


# The embedded endpoint tells the containers to stop as ECS does.

SLOW_END = "trap 'sleep 2; exit 0' TERM; while :; do sleep 0.05; done"
QUICK_END = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


def shell(script, **more):
    return {"image": "any", "memory": 64, "command": ["/bin/sh", "-c", script], **more}


@pytest.fixture
def run(shared_endpoint, ferry):
    """run(containers, words...) runs a task of them; exit status, result, and what was said."""

    def run_task(containers, *words):
        given = task_definition(family="several")
        first = given["containerDefinitions"][0]
        given["containerDefinitions"] = [{**first, "name": name, **one} for name, one in containers.items()]
        shared_endpoint.ecs.register_task_definition(**given)
        done = subprocess.run(
            [ferry, "run", "several", "--container", "app", *words],
            env=environment_of(shared_endpoint),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done

    return run_task


def result_of(done):
    return json.loads(done.stdout.splitlines()[-1])


def test_an_essential_sidecar_that_ends_after_the_job_leaves_it_a_success(run):
    done = run({"app": shell("sleep 0.3"), "side": shell(SLOW_END)}, "-o", "json")
    assert (done.returncode, result_of(done)["outcome"]) == (0, "exited"), done.stderr


def test_a_job_that_ends_because_a_sidecar_failed_is_no_success(run):
    done = run({"app": shell(SLOW_END), "side": shell("sleep 0.3; exit 3")}, "-o", "json")
    assert (done.returncode, result_of(done)["outcome"]) == (255, "unknown")
    assert "container 'side' exited with 3" in done.stderr


def test_a_sidecar_that_is_not_essential_may_fail(run):
    done = run({"app": shell("sleep 0.3"), "side": shell("exit 3", essential=False)}, "-o", "json")
    assert (done.returncode, result_of(done)["outcome"]) == (0, "exited"), done.stderr


def test_the_container_that_could_not_be_made_is_named_with_its_reason(run):
    side = shell("true")
    done = run({"app": shell("sleep 5"), "side": {**side, "command": []}})
    assert done.returncode != 0
    assert "container 'side' was not started: " in done.stderr
    assert "container 'app' was not started: CannotCreate" not in done.stderr


def test_a_failed_dependency_is_named_and_its_log_is_shown(run):
    waits = [{"containerName": "init", "condition": "SUCCESS"}]
    containers = {
        "app": shell("echo never", dependsOn=waits),
        "init": shell("echo the schema is missing; exit 3", essential=False),
    }
    done = run(containers, "--all-containers")
    assert done.returncode == 125
    assert "it depends on container 'init', which exited with 3" in done.stderr
    assert "the schema is missing" in done.stdout
