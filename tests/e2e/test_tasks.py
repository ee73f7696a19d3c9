"""Tasks through an SDK: they really run, end with their own codes and leave their whole output in the log."""

import time

import botocore.exceptions
import pytest

from local_endpoint import task_definition, wait_until

SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}}


@pytest.fixture(scope="module")
def ecs(shared_endpoint):
    client = shared_endpoint.client("ecs", parameter_validation=False)
    client.register_task_definition(**task_definition())
    return client


@pytest.fixture(scope="module")
def logs(shared_endpoint):
    return shared_endpoint.client("logs")


def shell(script, **members):
    return {"containerOverrides": [{"name": "app", "command": ["/bin/sh", "-c", script], **members}]}


def start(ecs, script, **arguments):
    """The ARN of a new task that runs the script."""
    answer = ecs.run_task(**{"taskDefinition": "app", "overrides": shell(script), **arguments})
    assert answer["failures"] == []
    return answer["tasks"][0]["taskArn"]


def described(ecs, arn):
    return ecs.describe_tasks(tasks=[arn])["tasks"][0]


def stopped(ecs, arn):
    return wait_until(lambda: (task := described(ecs, arn))["lastStatus"] == "STOPPED" and task, f"{arn} stopped")


def running(ecs, arn):
    return wait_until(lambda: (task := described(ecs, arn))["lastStatus"] == "RUNNING" and task, f"{arn} runs")


def lines(logs, arn, group="/app"):
    """Every event of the task's stream, page after page to the repeated token."""
    stream, messages, token = f"ecs/app/{arn.rpartition('/')[2]}", [], None
    while True:
        more = {"nextToken": token} if token else {}
        page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **more)
        messages += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            return messages
        token = page["nextForwardToken"]


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return caught.value.response["Error"]


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_a_task_ends_with_its_commands_code(ecs, code):
    task = stopped(ecs, start(ecs, f"exit {code}"))
    assert task["containers"][0]["exitCode"] == code
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    moments = ["createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "executionStoppedAt", "stoppedAt"]
    assert [task[moment] for moment in moments] == sorted(task[moment] for moment in moments)
    assert abs(task["createdAt"].timestamp() - time.time()) < 60


def test_death_by_a_signal_is_128_plus_its_number(ecs):
    task = stopped(ecs, start(ecs, "sh -c 'kill -KILL $$'"))
    assert task["containers"][0]["exitCode"] == 137


def test_the_log_has_all_output_once_the_task_is_stopped(ecs, logs):
    arn = start(ecs, "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; printf 'no line feed'")
    stopped(ecs, arn)
    assert lines(logs, arn) == [f"line {i}" for i in range(5000)] + ["no line feed"]


def test_a_line_is_in_the_log_while_the_task_runs(ecs, logs):
    arn = start(ecs, "echo early; echo trouble >&2; exec sleep 1000")
    running(ecs, arn)
    wait_until(lambda: sorted(lines(logs, arn)) == ["early", "trouble"], "both lines", timeout_s=5)
    ecs.stop_task(task=arn)


def test_long_lines_are_split_and_bad_bytes_replaced(ecs, logs):
    arn = start(ecs, r"head -c 300000 /dev/zero | tr '\0' x; echo; printf 'caf\351\n'")
    stopped(ecs, arn)
    first, second, last = lines(logs, arn)
    assert (len(first), len(second), last) == (262118, 300000 - 262118, "caf\ufffd")


def test_the_environment_is_injected_then_defined_then_overridden(ecs, logs):
    environment = [{"name": "GREETING", "value": "overridden"}]
    ecs.register_task_definition(
        **task_definition(
            family="environment",
            container={"environment": [{"name": "GREETING", "value": "defined"}, {"name": "KEPT", "value": "yes"}]},
        )
    )
    script = 'echo "$AWS_EXECUTION_ENV $AWS_REGION $GREETING $KEPT $AWS_SECRET_ACCESS_KEY."'
    arn = start(ecs, "", taskDefinition="environment", overrides=shell(script, environment=environment))
    stopped(ecs, arn)
    assert lines(logs, arn) == ["AWS_ECS_EC2 us-east-1 overridden yes ."]


def test_stopping_sends_sigterm_and_keeps_the_callers_reason(ecs, logs):
    arn = start(ecs, "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    running(ecs, arn)
    wait_until(lambda: lines(logs, arn) == ["ready"], "the trap is set")
    answer = ecs.stop_task(task=arn, reason="enough")
    assert answer["task"]["desiredStatus"] == "STOPPED"
    task = stopped(ecs, arn)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == 5
    assert lines(logs, arn) == ["ready", "bye"]


def test_who_does_not_heed_sigterm_is_killed_after_the_stop_timeout(ecs):
    ecs.register_task_definition(**task_definition(family="stubborn", container={"stopTimeout": 2}))
    arn = start(ecs, "trap '' TERM; while :; do sleep 0.05; done", taskDefinition="stubborn")
    running(ecs, arn)
    ecs.stop_task(task=arn)
    task = stopped(ecs, arn)
    assert task["containers"][0]["exitCode"] == 137
    assert 2 <= (task["stoppedAt"] - task["stoppingAt"]).total_seconds() < 8


def test_a_command_that_is_not_there_fails_the_task(ecs):
    overrides = {"containerOverrides": [{"name": "app", "command": ["/no/such/program"]}]}
    task = stopped(ecs, start(ecs, "", overrides=overrides))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotStartContainerError")
    assert "/no/such/program" in task["containers"][0]["reason"]
    assert "exitCode" not in task["containers"][0]


def test_a_container_without_command_says_what_is_missing(ecs):
    definition = task_definition(family="empty")
    del definition["containerDefinitions"][0]["command"]
    ecs.register_task_definition(**definition)
    answer = ecs.run_task(taskDefinition="empty")
    task = stopped(ecs, answer["tasks"][0]["taskArn"])
    assert task["stopCode"] == "TaskFailedToStart"
    assert "command" in task["containers"][0]["reason"]


def test_a_missing_log_group_fails_the_task(ecs):
    options = {"awslogs-group": "/missing", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}
    container = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    ecs.register_task_definition(**task_definition(family="unlogged", container=container))
    task = stopped(ecs, start(ecs, "true", taskDefinition="unlogged"))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError")


def test_an_essential_container_takes_the_others_with_it(ecs):
    definition = task_definition(family="pair", container={"command": ["/bin/sh", "-c", "exit 3"]})
    side = {"name": "side", "image": "any", "memory": 64, "command": ["/bin/sh", "-c", "exec sleep 1000"]}
    definition["containerDefinitions"].append({**side, "stopTimeout": 2})
    ecs.register_task_definition(**definition)
    answer = ecs.run_task(taskDefinition="pair")
    task = stopped(ecs, answer["tasks"][0]["taskArn"])
    codes = {container["name"]: container["exitCode"] for container in task["containers"]}
    assert codes["app"] == 3
    assert codes["side"] in (137, 143)


def test_ten_tasks_at_once(ecs, logs):
    answer = ecs.run_task(taskDefinition="app", count=10, startedBy="ten", overrides=shell("sleep 0.2; echo $$; exit 9"))
    arns = [task["taskArn"] for task in answer["tasks"]]
    assert len(set(arns)) == 10
    assert {stopped(ecs, arn)["containers"][0]["exitCode"] for arn in arns} == {9}
    assert all(len(lines(logs, arn)) == 1 for arn in arns)


def test_the_sdks_waiters_agree(ecs):
    arn = start(ecs, "exec sleep 1000")
    ecs.get_waiter("tasks_running").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert arn in ecs.list_tasks()["taskArns"]
    ecs.stop_task(task=arn)
    ecs.get_waiter("tasks_stopped").wait(tasks=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 40})
    assert arn not in ecs.list_tasks()["taskArns"]
    assert arn in ecs.list_tasks(desiredStatus="STOPPED")["taskArns"]


def test_a_fargate_task_has_its_network_interface(ecs):
    ecs.register_task_definition(
        **task_definition(family="fargate", cpu="256", memory="512", networkMode="awsvpc",
                          requiresCompatibilities=["FARGATE"], executionRoleArn="arn:aws:iam::123456789012:role/e")
    )
    arn = start(ecs, "exec sleep 1000", taskDefinition="fargate", launchType="FARGATE", networkConfiguration=SUBNETS)
    task = running(ecs, arn)
    attachment = task["attachments"][0]
    details = {detail["name"]: detail["value"] for detail in attachment["details"]}
    assert (attachment["type"], attachment["status"]) == ("ElasticNetworkInterface", "ATTACHED")
    assert details["subnetId"] == "subnet-1"
    assert details["networkInterfaceId"].startswith("eni-")
    assert task["containers"][0]["networkInterfaces"][0]["attachmentId"] == attachment["id"]
    assert (task["launchType"], task["platformVersion"], task["cpu"]) == ("FARGATE", "1.4.0", "256")
    ecs.stop_task(task=arn)


def test_a_client_token_starts_a_task_once(ecs):
    first = start(ecs, "exit 0", clientToken="once")
    assert start(ecs, "exit 0", clientToken="once") == first
    error = refusal(ecs.run_task, taskDefinition="app", clientToken="once", count=2)
    assert error["Code"] == "ConflictException"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ({"taskDefinition": "nope"}, "ClientException", "TaskDefinition not found."),
        ({"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        ({"count": 11}, "InvalidParameterException", "count"),
        ({"launchType": "FARGATE"}, "InvalidParameterException", "does not support launch_type FARGATE."),
        ({"tags": [{"key": f"k{i}", "value": ""} for i in range(51)]}, "InvalidParameterException", "tags"),
        (
            {"overrides": {"containerOverrides": [{"name": "X"}]}},
            "InvalidParameterException",
            "Override for container named X is not a container in the TaskDefinition.",
        ),
        (
            {"overrides": shell("x" * 8200)},
            "InvalidParameterException",
            "Container Overrides length must be at most 8192",
        ),
        ({"count": "many"}, "SerializationException", "can not be converted"),
    ],
)
def test_refuses_as_the_service_does(ecs, arguments, code, says):
    error = refusal(ecs.run_task, **{"taskDefinition": "app", **arguments})
    assert error["Code"] == code
    assert says in error["Message"]


def test_execute_command_answers_with_a_session(ecs, shared_endpoint):
    arn = start(ecs, "exec sleep 1000", enableExecuteCommand=True)
    task = running(ecs, arn)
    agent = task["containers"][0]["managedAgents"][0]
    assert (agent["name"], agent["lastStatus"]) == ("ExecuteCommandAgent", "RUNNING")
    answer = ecs.execute_command(task=arn, command="ps ax", interactive=True)
    session = answer["session"]
    assert answer["containerName"] == "app"
    assert answer["containerArn"] == task["containers"][0]["containerArn"]
    assert session["sessionId"].startswith("ecs-execute-command-")
    assert session["streamUrl"].startswith(shared_endpoint.url.replace("http://", "ws://"))
    assert session["sessionId"] in session["streamUrl"]
    assert len(session["tokenValue"]) >= 32
    ecs.stop_task(task=arn)


def test_execute_command_refuses_in_the_services_words(ecs):
    off = start(ecs, "exec sleep 1000")
    running(ecs, off)
    error = refusal(ecs.execute_command, task=off, command="ls", interactive=True)
    assert error["Code"] == "InvalidParameterException"
    assert "execute command was not enabled when the task was run" in error["Message"]
    error = refusal(ecs.execute_command, task=off, command="ls", interactive=False)
    assert error["Message"] == "Interactive is the only mode supported currently."
    assert refusal(ecs.execute_command, task=off, command=" ", interactive=True)["Code"] == "InvalidParameterException"
    error = refusal(ecs.execute_command, task="0" * 32, command="ls", interactive=True)
    assert error["Code"] == "InvalidParameterException"
    error = refusal(ecs.execute_command, task=off, cluster="nope", command="ls", interactive=True)
    assert error["Code"] == "ClusterNotFoundException"
    ecs.stop_task(task=off)


def test_exec_needs_a_task_role(ecs):
    definition = task_definition(family="roleless")
    del definition["taskRoleArn"]
    ecs.register_task_definition(**definition)
    error = refusal(ecs.run_task, taskDefinition="roleless", enableExecuteCommand=True)
    assert error["Code"] == "InvalidParameterException"
    assert "valid task role is not being used" in error["Message"]


def test_tasks_of_a_killed_endpoint_are_stopped_without_a_code(start_endpoint, tmp_path):
    endpoint = start_endpoint("--port", "0", home=tmp_path)
    ecs = endpoint.client("ecs")
    ecs.register_task_definition(**task_definition())
    arn = start(ecs, "exec sleep 1000")
    running(ecs, arn)
    endpoint.kill()
    again = start_endpoint("--port", "0", home=tmp_path)
    task = described(again.client("ecs"), arn)
    assert (task["lastStatus"], task["desiredStatus"]) == ("STOPPED", "STOPPED")
    assert "exitCode" not in task["containers"][0]
    again.stop()
