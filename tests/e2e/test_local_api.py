"""Clusters, task definitions, logs and identity through an SDK."""

import time

import botocore.exceptions
import pytest
from local_endpoint import task_definition


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


FOREIGN = ["arn:aws:ecs:us-east-1:999999999999:", "arn:aws:ecs:eu-west-3:123456789012:", "arn:aws:sqs:us-east-1:123456789012:", "arn:aws-cn:ecs:us-east-1:123456789012:"]


@pytest.mark.parametrize("beginning", FOREIGN)
def test_an_arn_of_another_account_region_or_service_is_not_found(shared_endpoint, beginning):
    """Of resources whose names exist here."""
    ecs = shared_endpoint.ecs
    registered = ecs.register_task_definition(**task_definition(family="foreign"))["taskDefinition"]
    task = ecs.run_task(taskDefinition="foreign")["tasks"][0]
    ecs.create_service(serviceName="foreign", taskDefinition="foreign", desiredCount=0)

    def elsewhere(arn):
        return beginning + arn.split(":", 5)[5]

    cluster = elsewhere(task["clusterArn"])
    assert [one["reason"] for one in ecs.describe_clusters(clusters=[cluster])["failures"]] == ["MISSING"]
    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.list_tasks(cluster=cluster)
    described = ecs.describe_tasks(tasks=[elsewhere(task["taskArn"])])
    assert described["tasks"] == [] and described["failures"] == [{"arn": elsewhere(task["taskArn"]), "reason": "MISSING"}]
    with pytest.raises(ecs.exceptions.InvalidParameterException):
        ecs.stop_task(task=elsewhere(task["taskArn"]))
    service = elsewhere(task["taskArn"]).replace("task/default/", "service/default/").rpartition("/")[0] + "/foreign"
    described = ecs.describe_services(services=[service])
    assert described["services"] == [] and described["failures"][0]["reason"] == "MISSING"
    with pytest.raises(ecs.exceptions.ServiceNotFoundException):
        ecs.update_service(service=service, desiredCount=0)
    with pytest.raises(ecs.exceptions.ServiceNotFoundException):
        ecs.list_tasks(serviceName=service)
    with pytest.raises(ecs.exceptions.ClientException):
        ecs.describe_task_definition(taskDefinition=elsewhere(registered["taskDefinitionArn"]))
    with pytest.raises(ecs.exceptions.ClientException):
        ecs.deregister_task_definition(taskDefinition=elsewhere(registered["taskDefinitionArn"]))
    ecs.delete_service(service="foreign", force=True)


def test_an_arn_of_another_type_of_resource_is_not_found(shared_endpoint):
    ecs = shared_endpoint.ecs
    ecs.register_task_definition(**task_definition(family="typed"))
    task = ecs.run_task(taskDefinition="typed")["tasks"][0]["taskArn"]
    assert ecs.describe_tasks(tasks=[task.replace(":task/", ":service/")])["tasks"] == []
    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.list_tasks(cluster=task)


@pytest.mark.parametrize(("service", "call"), [("ec2", "describe_instances"), ("iam", "list_users"), ("elasticache", "describe_cache_clusters")])
def test_a_service_that_is_not_here_is_said(shared_endpoint, service, call):
    client = shared_endpoint.client(service)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(client, call)()
    assert f"ferry local does not have the operation {service}:" in str(refused.value)
    assert "ECS, Logs, SSM, KMS and STS" in str(refused.value)


def test_a_log_group_of_another_account_is_not_found(logs):
    logs.create_log_group(logGroupName="/foreign")
    logs.create_log_stream(logGroupName="/foreign", logStreamName="one")
    ours = "arn:aws:logs:us-east-1:123456789012:log-group:/foreign"
    assert logs.get_log_events(logGroupIdentifier=ours, logStreamName="one")["events"] == []
    for arn in (ours.replace("123456789012", "999999999999"), ours.replace("us-east-1", "eu-west-3")):
        assert error_of(logs.get_log_events, logGroupIdentifier=arn, logStreamName="one") == "ResourceNotFoundException"
