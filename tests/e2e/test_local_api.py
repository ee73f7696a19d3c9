"""Clusters, task definitions, logs and identity through an SDK."""

import time

import botocore.exceptions
import pytest


@pytest.fixture(scope="module")
def ecs(shared_endpoint):
    return shared_endpoint.client("ecs", parameter_validation=False)


@pytest.fixture(scope="module")
def logs(shared_endpoint):
    return shared_endpoint.client("logs", parameter_validation=False)


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return caught.value.response["Error"]["Code"]


def test_a_terraform_task_definition_comes_back_as_it_went_in(ecs):
    definition = {
        "family": "terraform",
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "containerDefinitions": [
            {
                "name": "app",
                "image": "busybox:latest",
                "essential": True,
                "command": ["sh", "-c", "sleep 1000"],
                "environment": [{"name": "A", "value": "1"}],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/t", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"},
                },
            }
        ],
    }
    tags = [{"key": "team", "value": "x"}]
    ecs.register_task_definition(**definition, tags=tags)
    described = ecs.describe_task_definition(taskDefinition="terraform", include=["TAGS"])
    shown = described["taskDefinition"]
    assert {name: shown[name] for name in definition} == definition
    assert described["tags"] == tags
    assert shown["status"] == "ACTIVE"
    assert shown["revision"] == 1
    assert abs(shown["registeredAt"].timestamp() - time.time()) < 60


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"family": 5}, "SerializationException"),
        ({"family": None}, "ClientException"),
        ({"cpu": 256}, "SerializationException"),
        ({"containerDefinitions": []}, "ClientException"),
        ({"networkMode": "bogus"}, "ClientException"),
    ],
)
def test_bad_task_definitions_are_refused(ecs, changes, code):
    good = {"family": "bad", "containerDefinitions": [{"name": "app", "image": "x", "memory": 64}]}
    assert error_of(ecs.register_task_definition, **{**good, **changes}) == code
    assert error_of(ecs.describe_task_definition, taskDefinition="bad") == "ClientException"


def test_clusters_are_paged_by_the_sdks_own_paginator(ecs):
    names = {f"page-{number}" for number in range(5)}
    for name in names:
        ecs.create_cluster(clusterName=name)
    pages = list(ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2}))
    assert len(pages) >= 3
    found = [arn.rpartition("/")[2] for page in pages for arn in page["clusterArns"]]
    assert len(found) == len(set(found))
    assert names <= set(found)
    for name in names:
        ecs.delete_cluster(cluster=name)
    assert not names & {arn.rpartition("/")[2] for arn in ecs.list_clusters()["clusterArns"]}


def test_log_events_are_read_to_the_repeated_token(logs):
    logs.create_log_group(logGroupName="/read")
    logs.create_log_stream(logGroupName="/read", logStreamName="s")
    now = int(time.time() * 1000)
    sent = [f"line {number} \u00e4\u20ac" for number in range(25)]
    events = [{"timestamp": now + number // 10, "message": message} for number, message in enumerate(sent)]
    logs.put_log_events(logGroupName="/read", logStreamName="s", logEvents=events)
    read, token = [], None
    while True:
        extra = {"nextToken": token} if token else {}
        page = logs.get_log_events(logGroupName="/read", logStreamName="s", startFromHead=True, limit=7, **extra)
        if page["nextForwardToken"] == token:
            break
        read += [event["message"] for event in page["events"]]
        token = page["nextForwardToken"]
    assert read == sent
    filtered = list(logs.get_paginator("filter_log_events").paginate(logGroupName="/read", PaginationConfig={"PageSize": 4}))
    found = [event for page in filtered for event in page["events"]]
    assert [event["message"] for event in found] == sent
    assert len({event["eventId"] for event in found}) == len(sent)


def test_logs_name_what_is_missing(logs):
    assert error_of(logs.get_log_events, logGroupName="/none", logStreamName="s") == "ResourceNotFoundException"
    assert error_of(logs.create_log_group) == "InvalidParameterException"
    assert error_of(logs.create_log_group, logGroupName=7) == "SerializationException"
    logs.create_log_group(logGroupName="/twice")
    assert error_of(logs.create_log_group, logGroupName="/twice") == "ResourceAlreadyExistsException"


def test_the_caller_is_the_one_user(shared_endpoint):
    identity = shared_endpoint.client("sts").get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:user/ferry-local"


def test_sessions_of_nobody_are_refused(shared_endpoint):
    ssm = shared_endpoint.client("ssm", parameter_validation=False)
    assert error_of(ssm.start_session, Target="ecs:default_0123_0123-1") == "TargetNotConnected"
    assert error_of(ssm.start_session, Target="ecs:default_0123_0123-1", DocumentName="Nope") == "InvalidDocument"
    assert error_of(ssm.start_session) == "ValidationException"
    assert error_of(ssm.resume_session, SessionId="nobody-0") == "DoesNotExistException"
