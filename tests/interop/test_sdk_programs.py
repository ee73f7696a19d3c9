"""Programs on the Go SDKs (v1 and v2) and the JavaScript SDK: the short tour, and every error told apart."""

import json
import subprocess
from pathlib import Path

import pytest
from local_endpoint import task_definition, wait_until

CLIENTS = Path(__file__).parents[2] / "build" / "clients"
PROGRAMS = {
    "go-v1": [CLIENTS / "go_v1"],
    "go-v2": [CLIENTS / "go_v2"],
    "js": ["node", CLIENTS / "js" / "client.mjs"],
}
GO = ["go-v1", "go-v2"]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-12345678"], "assignPublicIp": "ENABLED"}}


@pytest.fixture
def call(request, endpoint):
    """call(operation, **input) gives what the program printed, with member names as the API spells them."""

    def lower_first(value):
        if isinstance(value, dict):
            return {key[:1].lower() + key[1:]: lower_first(member) for key, member in value.items()}
        return [lower_first(member) for member in value] if isinstance(value, list) else value

    def run(operation, **members):
        words = [*PROGRAMS[request.param], operation, json.dumps(members)]
        environment = {**endpoint.environment, "ENDPOINT": endpoint.url}
        completed = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
        assert completed.returncode == 0, completed.stderr
        return lower_first(json.loads(completed.stdout))

    return run


@pytest.fixture
def job(endpoint):
    """A Fargate task definition whose task runs until it is stopped."""
    endpoint.ecs.register_task_definition(
        family="job",
        taskRoleArn="arn:aws:iam::123456789012:role/job",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "job", "essential": True, "command": ["sleep", "1000000"]}],
    )
    return "job"


@pytest.mark.parametrize("call", PROGRAMS, indirect=True)
def test_run_task_with_overrides_to_its_end(call, job):
    override = {"name": "app", "command": ["sh", "-c", "exit $CODE"], "environment": [{"name": "CODE", "value": "42"}]}
    ran = call("RunTask", taskDefinition=job, launchType="FARGATE", networkConfiguration=NETWORK, overrides={"containerOverrides": [override]})
    task = ran["tasks"][0]["taskArn"]

    stopped = call("WaitTasksStopped", tasks=[task], cluster="default")

    assert stopped["tasks"][0]["containers"][0]["exitCode"] == 42


@pytest.mark.parametrize("call", ["js"], indirect=True)
def test_javascript_reads_the_log_of_a_task_that_ended(call, endpoint):
    endpoint.ecs.register_task_definition(**task_definition(container={"command": ["sh", "-c", "echo one; echo two; echo end"]}))
    task = call("RunTask", taskDefinition="app")["tasks"][0]["taskArn"]
    call("WaitTasksStopped", tasks=[task], cluster="default")
    stream = {"logGroupName": "/app", "logStreamName": f"ecs/app/{task.rpartition('/')[2]}"}

    def read_on(token=None):
        """The messages from the token on, page by page until the token no longer changes."""
        page = call("GetLogEvents", **stream, startFromHead=True, limit=1, **({"nextToken": token} if token else {}))
        following = page["nextForwardToken"]
        messages = [event["message"] for event in page["events"]]
        return messages if following == token else messages + read_on(following)

    def whole_log(messages):
        return messages if "end" in messages else None

    assert wait_until(lambda: whole_log(read_on()), "the log has its end") == ["one", "two", "end"]


@pytest.mark.parametrize("call", PROGRAMS, indirect=True)
def test_execute_command_gives_a_session_that_ferry_can_serve(call, job, endpoint):
    ran = call("RunTask", taskDefinition=job, launchType="FARGATE", networkConfiguration=NETWORK, enableExecuteCommand=True)
    task = ran["tasks"][0]["taskArn"]
    endpoint.wait_for_exec_agent_of(task)

    entered = call("ExecuteCommand", task=task, command="echo from inside", interactive=True)

    assert entered["containerName"] == "app"
    session = {name: entered["session"][name] for name in ("sessionId", "streamUrl", "tokenValue")}
    target = json.dumps({"Target": "ecs:default_x_y"})
    words = [endpoint.ferry, "session-manager-plugin", json.dumps(session), "us-east-1", "StartSession", "", target, endpoint.url]
    served = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert served.returncode == 0
    assert "from inside" in served.stdout


RUN = {"taskDefinition": "job", "launchType": "FARGATE", "networkConfiguration": NETWORK}
# What brings the service to refuse the call by itself.
CAUSES = {
    "cluster not found": ("RunTask", {**RUN, "cluster": "nowhere"}),
    "client": ("RunTask", {**RUN, "taskDefinition": "no-such-family"}),
    "invalid parameter": ("RunTask", {**RUN, "overrides": {"containerOverrides": [{"name": "nobody", "command": ["true"]}]}}),
    "platform unknown": ("RunTask", {**RUN, "platformVersion": "9.9.9"}),
    "platform and task definition incompatible": ("RunTask", {**RUN, "platformVersion": "1.3.0", "enableExecuteCommand": True}),
}

# What it has no cause for on one machine: refused by a fault rule.
FAULTS = {
    "server": ("RunTask", "ServerException"),
    "unsupported feature": ("RunTask", "UnsupportedFeatureException"),
    "access denied": ("RunTask", "AccessDeniedException"),
    "blocked": ("RunTask", "BlockedException"),
    "target not connected": ("ExecuteCommand", "TargetNotConnectedException"),
}


@pytest.mark.parametrize("expected", CAUSES)
@pytest.mark.parametrize("call", GO, indirect=True)
def test_errors_by_their_cause(call, job, endpoint, expected):
    operation, members = CAUSES[expected]
    refused = call(operation, **members)
    assert refused["branch"] == expected
    assert refused["message"]


@pytest.mark.parametrize("expected", FAULTS)
@pytest.mark.parametrize("call", GO, indirect=True)
def test_errors_by_fault_rule(call, job, endpoint, expected):
    operation, code = FAULTS[expected]
    endpoint.set_faults([{"operation": operation, "error": code, "message": f"as {code}", "times": 1}])
    members = RUN if operation == "RunTask" else {"task": "0" * 32, "command": "ps", "interactive": True}
    assert call(operation, **members) == {"branch": expected, "message": f"as {code}"}


@pytest.mark.parametrize("call", ["js"], indirect=True)
@pytest.mark.parametrize("expected", ["cluster not found", "invalid parameter"])
def test_javascript_tells_errors_apart(call, job, expected):
    operation, members = CAUSES[expected]
    assert call(operation, **members)["branch"] == expected
