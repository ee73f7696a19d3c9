"""The short tour with boto3: its waiters, its errors and its ExecuteCommand, served by ferry."""

import json
import subprocess

import pytest


@pytest.fixture
def web(endpoint):
    """A service of one task that can be entered."""
    endpoint.ecs.register_task_definition(
        family="web",
        taskRoleArn="arn:aws:iam::123456789012:role/web",
        containerDefinitions=[{"name": "app", "image": "web", "memory": 64, "command": ["sleep", "1000000"]}],
    )
    endpoint.ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1, enableExecuteCommand=True)
    return "web"


def test_the_waiters_are_satisfied(endpoint, web):
    often = {"Delay": 1, "MaxAttempts": 60}
    endpoint.ecs.get_waiter("services_stable").wait(services=[web], WaiterConfig=often)
    tasks = endpoint.ecs.list_tasks(serviceName=web)["taskArns"]
    endpoint.ecs.get_waiter("tasks_running").wait(tasks=tasks, WaiterConfig=often)
    endpoint.ecs.delete_service(service=web, force=True)
    endpoint.ecs.get_waiter("services_inactive").wait(services=[web], WaiterConfig=often)
    endpoint.ecs.get_waiter("tasks_stopped").wait(tasks=tasks, WaiterConfig=often)


def test_execute_command_is_served_by_ferry(endpoint, web):
    task = endpoint.wait_for_exec_agent(web)
    entered = endpoint.ecs.execute_command(task=task, command="echo from inside", interactive=True)
    words = [endpoint.ferry, "session-manager-plugin", json.dumps(entered["session"]), "us-east-1", "StartSession"]
    words += ["", json.dumps({"Target": "ecs:default_x_y"}), endpoint.url]
    served = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert served.returncode == 0
    assert "from inside" in served.stdout


def test_errors_are_boto3s_own_exceptions(endpoint):
    ecs = endpoint.ecs
    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.list_tasks(cluster="nowhere")
    with pytest.raises(ecs.exceptions.ClientException):
        ecs.describe_task_definition(taskDefinition="no-such-family")
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="Interactive is the only mode supported currently"):
        ecs.execute_command(task="0" * 32, command="ps", interactive=False)
    with pytest.raises(endpoint.logs.exceptions.ResourceNotFoundException):
        endpoint.logs.get_log_events(logGroupName="/nowhere", logStreamName="x")
