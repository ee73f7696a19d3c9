"""ferry enable-exec against ferry local: says what it changes, changes it, waits until a task can be entered."""

import pytest
from local_endpoint import task_definition


@pytest.fixture
def ecs(endpoint):
    ecs = endpoint.client("ecs")
    ecs.register_task_definition(**task_definition(family="web", container={"command": ["sleep", "1000000"]}))
    ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
    return ecs


def is_enabled(ecs):
    return ecs.describe_services(services=["web"])["services"][0]["enableExecuteCommand"]


def test_without_a_terminal_and_without_yes_nothing_changes(endpoint, ecs):
    done = endpoint.run("enable-exec", "web")
    assert done.returncode == 125
    assert "pass --yes" in done.stderr and "enableExecuteCommand" in done.stderr
    assert "enable_execute_command = true" in done.stderr and "EnableExecuteCommand: true" in done.stderr
    assert not is_enabled(ecs)


def test_after_it_a_task_can_be_entered(endpoint, ecs):
    done = endpoint.run("enable-exec", "default/web", "--yes", "--wait", "30s")
    assert done.returncode == 0, done.stderr
    assert is_enabled(ecs)
    task = endpoint.wait_for_exec_agent("web")
    assert task.rpartition("/")[2] in done.stderr
    again = endpoint.run("enable-exec", "web")
    assert again.returncode == 0 and "already" in again.stderr


def test_the_wait_is_bounded(endpoint, ecs):
    ecs.update_service(service="web", desiredCount=0)
    done = endpoint.run("enable-exec", "web", "--yes", "--wait", "100ms")
    assert done.returncode == 125
    assert "no task could be entered" in done.stderr
    assert is_enabled(ecs)


@pytest.mark.parametrize(("target", "said"), [("nope", "no service nope"), ("task/0123", "is no service"), ("x/web", "no cluster x")])
def test_what_is_no_service_is_refused(endpoint, target, said):
    done = endpoint.run("enable-exec", target, "--yes")
    assert done.returncode == 125
    assert said in done.stderr
