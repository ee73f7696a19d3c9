"""The mission's tour with the AWS CLI, v1 from PyPI and Debian's v2, ferry as its session-manager-plugin."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CLIS = {"v1": Path(sys.executable).with_name("aws"), "v2": Path("/usr/bin/aws")}
NETWORK = "awsvpcConfiguration={subnets=[subnet-12345678],securityGroups=[sg-12345678],assignPublicIp=ENABLED}"


@pytest.fixture(params=CLIS)
def aws(request, endpoint, tmp_path):
    """aws(words...) runs the CLI against the endpoint, with ferry found under the plugin's name."""
    plugins = tmp_path / "bin"
    plugins.mkdir()
    (plugins / "session-manager-plugin").symlink_to(endpoint.ferry)
    environment = {
        **endpoint.environment,
        "PATH": f"{plugins}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "AWS_PAGER": "",
    }

    def run(*words):
        command = [CLIS[request.param], *words, "--endpoint-url", endpoint.url, "--output", "json"]
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    version = subprocess.run([CLIS[request.param], "--version"], capture_output=True, text=True).stdout
    assert version.startswith(f"aws-cli/{request.param[1]}.")
    return run


def answer(completed):
    assert completed.returncode == 0, completed.stderr
    return json.loads(completed.stdout) if completed.stdout.strip() else {}


@pytest.fixture
def registered(aws, tmp_path):
    """The name of a task definition that the CLI registered: awsvpc, both roles, awslogs."""
    logs = {"awslogs-group": "/tour", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}
    container = {
        "name": "app",
        "image": "tour",
        "essential": True,
        "command": ["sleep", "1000000"],
        "logConfiguration": {"logDriver": "awslogs", "options": logs},
    }
    definition = tmp_path / "definition.json"
    definition.write_text(json.dumps([container]))
    answer(aws("logs", "create-log-group", "--log-group-name", "/tour"))
    role = "arn:aws:iam::123456789012:role/tour"
    registration = ["--family", "tour", "--network-mode", "awsvpc", "--requires-compatibilities", "FARGATE"]
    registration += ["--cpu", "256", "--memory", "512", "--task-role-arn", role, "--execution-role-arn", role]
    made = answer(aws("ecs", "register-task-definition", *registration, "--container-definitions", f"file://{definition}"))
    assert made["taskDefinition"]["revision"] == 1
    return "tour"


def running_task(endpoint, service):
    return endpoint.wait_for_exec_agent(service)


def test_create_a_service_and_enter_it(aws, endpoint, registered):
    service = ["--service-name", "web", "--task-definition", registered, "--desired-count", "1", "--launch-type", "FARGATE"]
    answer(aws("ecs", "create-service", *service, "--network-configuration", NETWORK))
    answer(aws("ecs", "update-service", "--service", "web", "--enable-execute-command", "--force-new-deployment"))
    task = running_task(endpoint, "web")

    entered = aws("ecs", "execute-command", "--interactive", "--task", task, "--command", "ps ax")

    assert entered.returncode == 0, entered.stderr
    assert "Starting session with SessionId: ecs-execute-command-" in entered.stdout
    assert "sleep 1000000" in entered.stdout
    assert "Exiting session with sessionId: ecs-execute-command-" in entered.stdout
    assert "Cannot perform start session" not in entered.stdout


def test_run_a_task_and_enter_it(aws, endpoint, registered):
    where = ["--launch-type", "FARGATE", "--network-configuration", NETWORK]
    ran = answer(aws("ecs", "run-task", "--task-definition", registered, "--enable-execute-command", *where))
    task = ran["tasks"][0]["taskArn"]
    endpoint.wait_for_exec_agent_of(task)

    entered = aws("ecs", "execute-command", "--interactive", "--task", task, "--container", "app", "--command", "echo from inside")

    assert entered.returncode == 0, entered.stderr
    assert "from inside" in entered.stdout


def test_run_a_task_to_its_end(aws, registered, tmp_path):
    overrides = tmp_path / "overrides.json"
    command = ["sh", "-c", "echo $GREETING; exit 5"]
    environment = [{"name": "GREETING", "value": "hello from the tour"}]
    overrides.write_text(json.dumps({"containerOverrides": [{"name": "app", "command": command, "environment": environment}]}))
    where = ["--launch-type", "FARGATE", "--network-configuration", NETWORK]
    ran = answer(aws("ecs", "run-task", "--task-definition", registered, "--overrides", f"file://{overrides}", *where))
    task = ran["tasks"][0]["taskArn"]

    answer(aws("ecs", "wait", "tasks-stopped", "--tasks", task))

    stopped = answer(aws("ecs", "describe-tasks", "--tasks", task))["tasks"][0]
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["containers"][0]["exitCode"] == 5
    stream = f"ecs/app/{task.split('/')[-1]}"
    events = answer(aws("logs", "get-log-events", "--log-group-name", "/tour", "--log-stream-name", stream))["events"]
    assert [event["message"] for event in events] == ["hello from the tour"]


def test_what_is_refused_is_said_by_the_cli(aws):
    refused = aws("ecs", "execute-command", "--interactive", "--task", "0" * 32, "--cluster", "nowhere", "--command", "ps")
    assert refused.returncode != 0
    assert "ClusterNotFoundException" in refused.stderr
