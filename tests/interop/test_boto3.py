"""The short tour with boto3: its waiters, its errors and its ExecuteCommand, served by ferry."""

import json
import subprocess

import pytest
from local_endpoint import task_definition, wait_until


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


def test_run_task_with_overrides_to_its_status_and_log(endpoint, tmp_path):
    endpoint.ecs.register_task_definition(**task_definition())
    override = {
        "name": "app",
        "command": ["sh", "-c", 'echo "said $WORD"; exit 42'],
        "environment": [{"name": "WORD", "value": "overridden"}],
    }
    file = tmp_path / "overrides.json"
    file.write_text(json.dumps({"containerOverrides": [override]}))
    ran = endpoint.ecs.run_task(taskDefinition="app", overrides=json.loads(file.read_text()))
    assert ran["failures"] == []
    task = ran["tasks"][0]["taskArn"]

    endpoint.ecs.get_waiter("tasks_stopped").wait(tasks=[task], WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    stopped = endpoint.ecs.describe_tasks(tasks=[task])["tasks"][0]
    assert stopped["containers"][0]["exitCode"] == 42
    stream = {"logGroupName": "/app", "logStreamName": f"ecs/app/{task.rpartition('/')[2]}"}
    events = wait_until(lambda: endpoint.logs.get_log_events(**stream, startFromHead=True)["events"], "the log has an event")
    assert [event["message"] for event in events] == ["said overridden"]


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
