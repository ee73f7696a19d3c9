"""ferry explain: why a task ended as it did."""

import json
import subprocess

import pytest
from local_endpoint import task_definition, wait_until


@pytest.fixture(scope="module")
def place(shared_endpoint):
    shared_endpoint.ecs.register_task_definition(**task_definition(container={"command": ["sh", "-c", "exit 3"]}))
    return shared_endpoint


@pytest.fixture
def start(place):
    """start(script, **fault) runs the script and gives the ARN; the task meets the fault."""
    tasks = []

    def start_one(script, **fault):
        place.set_faults([{**fault, "times": 1}] if fault else [])
        overrides = {"containerOverrides": [{"name": "app", "command": ["sh", "-c", script]}]}
        tasks.append(place.ecs.run_task(taskDefinition="app", overrides=overrides)["tasks"][0]["taskArn"])
        return tasks[-1]

    yield start_one
    place.set_faults([])
    for task in tasks:
        place.ecs.stop_task(task=task)


@pytest.fixture
def explain(place, ferry):
    def run_explain(*words):
        return subprocess.run(
            [ferry, "explain", *words], env=place.environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run_explain


def in_state(place, task, status):
    wait_until(lambda: place.ecs.describe_tasks(tasks=[task])["tasks"][0]["lastStatus"] == status, status)
    return task


@pytest.mark.parametrize(
    ("fate", "script", "verdict", "cause", "retryable"),
    [
        (None, "exit 0", "every container ended with exit code 0", None, None),
        (None, "exit 3", "container 'app' exited with 3", None, None),
        (None, "no-such-command", "container 'app' exited with 127", "the command was not found", None),
        ("pull_failure", "true", "the command never ran", "registry", None),
        ("network_timeout", "true", "the command never ran", "network interface", True),
        ("out_of_memory", "sleep 60", "container 'app' exited with 137", "memory", None),
        ("spot_interruption", "exec sleep 60", "container 'app' exited with 143", "spot capacity", True),
        ("no_exit_code", "true", "the command ended, but ECS has no exit code for it", None, None),
    ],
)
def test_what_became_of_a_task(start, explain, place, fate, script, verdict, cause, retryable):
    task = in_state(place, start(script, **({"task": fate, "delay_ms": 50} if fate else {})), "STOPPED")
    done = explain(task, "-o", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["task"], told["status"]) == (task, "STOPPED")
    assert told["verdict"] == verdict
    if cause:
        assert cause in told["cause"]
    if retryable is not None:
        assert told["retryable"] is retryable
    assert told["timeline"][-1]["what"] == "stopped"


def test_what_a_person_reads(start, explain, place):
    task = in_state(place, start("exit 3"), "STOPPED")
    done = explain(task.rpartition("/")[2])
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == f"task {task.rpartition('/')[2]}: container 'app' exited with 3"
    assert any("Essential container in task exited" in line for line in lines)
    assert any(line.endswith("running") for line in lines)


def test_a_user_who_stopped_it_is_evidence(start, explain, place):
    task = in_state(place, start("exec sleep 60"), "RUNNING")
    place.ecs.stop_task(task=task, reason="deploy of 12:00")
    in_state(place, task, "STOPPED")
    assert "deploy of 12:00" in explain(task).stdout


def test_a_task_that_has_not_ended(start, explain, place):
    task = in_state(place, start("sleep 60"), "RUNNING")
    done = explain(task)
    assert done.returncode == 0
    assert "the task is RUNNING" in done.stdout


def test_a_task_that_ecs_does_not_know(explain):
    done = explain("0" * 32)
    assert (done.returncode, done.stdout) == (125, "")
    assert "about an hour" in done.stderr
