"""Fault rules and reset: what tests of others do with the endpoint."""

import time

import botocore.exceptions
import pytest
from local_endpoint import task_definition, wait_until


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_rule_fails_an_operation_so_many_times(endpoint):
    ecs = endpoint.client("ecs")
    endpoint.set_faults([{"operation": "RunTask", "error": "BlockedException", "message": "not today", "times": 1}])
    assert ecs.list_clusters()["clusterArns"]
    assert error_of(ecs.run_task, taskDefinition="app") == ("BlockedException", "not today", 400)
    assert error_of(ecs.run_task, taskDefinition="app")[0] == "ClientException", "the real answer again"


def test_a_star_fails_every_service(endpoint):
    endpoint.set_faults([{"operation": "*", "error": "ServerException"}])
    assert error_of(endpoint.client("ecs").list_clusters)[2] == 500
    assert error_of(endpoint.client("logs").describe_log_groups)[2] == 500
    assert error_of(endpoint.client("sts").get_caller_identity)[0] == "ServerException"
    endpoint.set_faults([])
    assert endpoint.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_rule_without_error_only_delays(endpoint):
    endpoint.set_faults([{"operation": "ListClusters", "delay_ms": 300}])
    begin = time.monotonic()
    assert endpoint.client("ecs").list_clusters()["clusterArns"]
    assert time.monotonic() - begin >= 0.3


def test_the_same_seed_gives_the_same_faults(endpoint):
    ecs = endpoint.client("ecs")

    def pattern(seed):
        endpoint.set_faults([{"operation": "ListClusters", "error": "ThrottlingException", "probability": 0.5}], seed=seed)
        result = ""
        for _ in range(40):
            try:
                ecs.list_clusters()
                result += "."
            except botocore.exceptions.ClientError:
                result += "!"
        return result

    first = pattern(7)
    assert pattern(7) == first
    assert pattern(8) != first


@pytest.mark.parametrize(
    "body, says",
    [
        (b"{", "JSON object"),
        (b"[]", "JSON object"),
        ({}, "rules"),
        ({"rules": [{"error": "X"}]}, "operation"),
        ({"rules": [{"operation": "RunTusk", "error": "X"}]}, "RunTusk"),
        ({"rules": [{"operation": "RunTask", "error": "X", "times": "2"}]}, "times"),
    ],
)
def test_malformed_rules_are_refused_and_change_nothing(endpoint, body, says):
    endpoint.set_faults([{"operation": "ListClusters", "error": "BlockedException"}])
    status, answer = endpoint.control("POST", "faults", body)
    assert status == 400
    assert says in answer["message"]
    assert error_of(endpoint.client("ecs").list_clusters)[0] == "BlockedException"


def test_reset_stops_every_task_and_forgets_everything(endpoint):
    ecs, logs = endpoint.client("ecs"), endpoint.client("logs")
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", "echo up; sleep 1000"]}))
    task = ecs.run_task(taskDefinition="app")["tasks"][0]["taskArn"]
    ecs.create_service(serviceName="web", taskDefinition="app", desiredCount=1)
    wait_until(lambda: ecs.describe_tasks(tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING", "the task runs")
    endpoint.set_faults([{"operation": "ListTasks", "error": "BlockedException"}])

    assert endpoint.control("POST", "reset")[0] == 200
    assert ecs.list_clusters()["clusterArns"] == ["arn:aws:ecs:us-east-1:123456789012:cluster/default"]
    assert ecs.list_task_definitions()["taskDefinitionArns"] == []
    assert ecs.list_tasks()["taskArns"] == []
    assert ecs.list_tasks(desiredStatus="STOPPED")["taskArns"] == []
    assert ecs.list_services()["serviceArns"] == []
    assert logs.describe_log_groups()["logGroups"] == []
    assert ecs.register_task_definition(**task_definition())["taskDefinition"]["revision"] == 1


def test_unknown_controls_are_named(endpoint):
    status, answer = endpoint.control("POST", "explode")
    assert status == 404
    assert "explode" in answer["message"]
