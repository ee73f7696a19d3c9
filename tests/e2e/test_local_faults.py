"""Faults of tasks and of their logs, through an SDK: what ECS does now and then happens on request."""

import pytest

from local_endpoint import task_definition, wait_until


@pytest.fixture
def ecs(endpoint):
    client = endpoint.client("ecs", parameter_validation=False)
    client.register_task_definition(**task_definition())
    return client


def start(ecs, script, **arguments):
    overrides = {"containerOverrides": [{"name": "app", "command": ["/bin/sh", "-c", script]}]}
    answer = ecs.run_task(**{"taskDefinition": "app", "overrides": overrides, **arguments})
    assert answer["failures"] == []
    return answer["tasks"][0]["taskArn"]


def stopped(ecs, arn):
    def look():
        tasks = ecs.describe_tasks(tasks=[arn])["tasks"]
        return tasks and tasks[0]["lastStatus"] == "STOPPED" and tasks[0]

    return wait_until(look, f"{arn} stopped")


def stream_of(arn):
    return f"ecs/app/{arn.rpartition('/')[2]}"


def filtered(endpoint, arn):
    return endpoint.client("logs").filter_log_events(logGroupName="/app", logStreamNames=[stream_of(arn)])["events"]


@pytest.mark.parametrize(
    "fate, script, stop_code, stopped_reason, container_reason, exit_code",
    [
        ("pull_failure", "true", "TaskFailedToStart", "CannotPullContainerError", "CannotPullContainerError", None),
        ("network_timeout", "true", "TaskFailedToStart", "Timeout waiting for network interface", "", None),
        ("spot_interruption", "exec sleep 60", "SpotInterruption", "Your Spot Task was interrupted.", "", 143),
        ("out_of_memory", "exec sleep 60", "EssentialContainerExited", "Essential container", "OutOfMemoryError", 137),
        ("no_exit_code", "true", "EssentialContainerExited", "Essential container", "DockerTimeoutError", None),
    ],
)
def test_a_task_meets_its_fate(endpoint, ecs, fate, script, stop_code, stopped_reason, container_reason, exit_code):
    endpoint.set_faults([{"task": fate, "delay_ms": 50, "times": 1}])
    task = stopped(ecs, start(ecs, script))
    assert task["stopCode"] == stop_code
    assert task["stoppedReason"].startswith(stopped_reason)
    container = task["containers"][0]
    assert container.get("reason", "").startswith(container_reason)
    assert container.get("exitCode") == exit_code
    assert ("startedAt" in task) == (stop_code != "TaskFailedToStart")
    assert stopped(ecs, start(ecs, "exit 3"))["containers"][0]["exitCode"] == 3  # the rule is used up


def test_a_task_is_missing_for_so_many_calls(endpoint, ecs):
    endpoint.set_faults([{"task": "missing", "times": 2}])
    arn = start(ecs, "true")
    for _ in range(2):
        answer = ecs.describe_tasks(tasks=[arn])
        assert answer["tasks"] == []
        assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]
    assert ecs.describe_tasks(tasks=[arn])["tasks"][0]["taskArn"] == arn


def test_a_young_task_is_missing(endpoint, ecs):
    endpoint.set_faults([{"task": "missing", "delay_ms": 600_000}])
    arn = start(ecs, "true")
    assert ecs.describe_tasks(tasks=[arn])["tasks"] == []
    endpoint.set_faults([])
    assert ecs.describe_tasks(tasks=[arn])["failures"] == []


def test_a_task_without_capacity_is_a_failure_and_none_of_the_tasks(endpoint, ecs):
    endpoint.set_faults([{"failure": "RESOURCE:CPU", "detail": "full", "times": 1}])
    token = {"clientToken": "once"}
    answer = ecs.run_task(taskDefinition="app", **token)
    assert answer["tasks"] == []
    assert answer["failures"] == [{"reason": "RESOURCE:CPU", "detail": "full"}]
    assert len(ecs.run_task(taskDefinition="app", **token)["tasks"]) == 1


def test_a_capacity_rule_leaves_other_capacity_alone(endpoint, ecs):
    endpoint.set_faults([{"failure": "Capacity is unavailable at this time.", "capacity_provider": "FARGATE_SPOT"}])
    assert stopped(ecs, start(ecs, "exit 4"))["containers"][0]["exitCode"] == 4


def test_late_lines_come_after_the_task_stopped_with_their_own_time(endpoint, ecs):
    endpoint.set_faults([{"log": "late", "delay_ms": 1500, "times": 1}])
    arn = start(ecs, "echo first; sleep 0.1; echo second")
    stopped(ecs, arn)
    assert [event["message"] for event in filtered(endpoint, arn)] == ["second"]
    wait_until(lambda: len(filtered(endpoint, arn)) == 2, "the late line")
    first, second = filtered(endpoint, arn)
    assert (first["message"], second["message"]) == ("first", "second")
    assert first["timestamp"] <= second["timestamp"]
    assert first["ingestionTime"] >= second["ingestionTime"] + 1000


def test_a_doubled_line_is_two_events_and_a_repeated_one_is_one(endpoint, ecs):
    endpoint.set_faults([{"log": "doubled", "times": 1}])
    arn = start(ecs, "echo line")
    stopped(ecs, arn)
    assert len({event["eventId"] for event in filtered(endpoint, arn)}) == 2
    endpoint.set_faults([{"log": "repeated", "times": 1}])
    assert len(filtered(endpoint, arn)) == 3
    assert len(filtered(endpoint, arn)) == 2


def test_a_late_stream_is_not_there_before(endpoint, ecs):
    endpoint.set_faults([{"log": "late_stream", "delay_ms": 1500, "times": 1}])
    arn = start(ecs, "echo one; echo two")
    stopped(ecs, arn)
    logs = endpoint.client("logs")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName="/app", logStreamName=stream_of(arn))

    def streams():
        return logs.describe_log_streams(logGroupName="/app", logStreamNamePrefix=stream_of(arn))["logStreams"]

    wait_until(streams, "the stream")
    assert [event["message"] for event in filtered(endpoint, arn)] == ["one", "two"]
