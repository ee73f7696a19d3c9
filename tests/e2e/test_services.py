"""Services through an SDK: the desired count is kept, whatever happens to the tasks."""

import os
import pathlib
import signal
import time

import pytest

from local_endpoint import task_definition, wait_until

QUICK = {"Delay": 1, "MaxAttempts": 40}
# Tells this run's processes from all others of the machine.
FIRST = 10_000_000 + os.getpid()
SECOND = 20_000_000 + os.getpid()


@pytest.fixture
def ecs(endpoint):
    client = endpoint.client("ecs")
    client.register_task_definition(**sleeper())
    return client


def sleeper(marker=FIRST, **changes):
    """A task definition whose command can be found among this machine's processes by its marker."""
    return task_definition(family="web", container={"command": ["sleep", str(marker)]}, **changes)


def processes(marker=FIRST):
    """The processes of the sleepers, seen from outside of their sandboxes."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes() == f"sleep\0{marker}\0".encode():
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def create(ecs, count=2, **members):
    ecs.create_service(**{"serviceName": "web", "taskDefinition": "web", "desiredCount": count, **members})
    stable(ecs)


def service(ecs):
    return ecs.describe_services(services=["web"])["services"][0]


def stable(ecs):
    def is_stable():
        now = service(ecs)
        return len(now["deployments"]) == 1 and now["runningCount"] == now["desiredCount"] and not now["pendingCount"]

    wait_until(is_stable, "the service is stable")


def tasks(ecs):
    arns = ecs.list_tasks(serviceName="web")["taskArns"]
    return {task["taskArn"]: task for task in ecs.describe_tasks(tasks=arns)["tasks"]} if arns else {}


def test_the_sdks_waiters_agree(ecs):
    ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=2)
    ecs.get_waiter("services_stable").wait(services=["web"], WaiterConfig=QUICK)
    assert service(ecs)["runningCount"] == 2
    assert {task["group"] for task in tasks(ecs).values()} == {"service:web"}
    assert {task["startedBy"] for task in tasks(ecs).values()} == {service(ecs)["deployments"][0]["id"]}
    ecs.update_service(service="web", desiredCount=0)
    ecs.delete_service(service="web")
    ecs.get_waiter("services_inactive").wait(services=["web"], WaiterConfig=QUICK)
    assert ecs.list_services()["serviceArns"] == []


def test_a_killed_task_is_replaced_within_a_second(ecs):
    create(ecs, count=2)
    before = tasks(ecs)
    victim = processes()[0]
    os.kill(victim, signal.SIGKILL)
    killed_at = time.monotonic()
    wait_until(
        lambda: len(now := tasks(ecs)) == 2 and now.keys() != before.keys()
        and all(task["lastStatus"] == "RUNNING" for task in now.values()),
        "a new task runs",
    )
    assert time.monotonic() - killed_at < 1
    (gone,) = before.keys() - tasks(ecs).keys()
    task = wait_until(
        lambda: (one := ecs.describe_tasks(tasks=[gone])["tasks"][0])["lastStatus"] == "STOPPED" and one, "stopped"
    )
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["containers"][0]["exitCode"] == 137


@pytest.mark.parametrize("change", [{"enableExecuteCommand": True}, {"forceNewDeployment": True}])
def test_a_new_deployment_replaces_the_tasks(ecs, change):
    create(ecs)
    before = tasks(ecs)
    answer = ecs.update_service(service="web", **change)
    assert [one["status"] for one in answer["service"]["deployments"]] == ["PRIMARY", "ACTIVE"]
    stable(ecs)
    after = tasks(ecs)
    assert len(after) == 2
    assert not after.keys() & before.keys()
    assert {task["enableExecuteCommand"] for task in after.values()} == {"enableExecuteCommand" in change}
    old = ecs.describe_tasks(tasks=list(before))["tasks"]
    assert {task["stopCode"] for task in old} == {"ServiceSchedulerInitiated"}


def test_a_new_revision_is_rolled_out(ecs):
    create(ecs)
    ecs.register_task_definition(**sleeper(marker=SECOND))
    ecs.update_service(service="web", taskDefinition="web:2")
    stable(ecs)
    assert {task["taskDefinitionArn"].rpartition("/")[2] for task in tasks(ecs).values()} == {"web:2"}
    wait_until(lambda: not processes(FIRST) and len(processes(SECOND)) == 2, "only the new command runs")


def test_scales_up_and_down(ecs):
    create(ecs, count=1)
    ecs.update_service(service="web", desiredCount=3)
    stable(ecs)
    assert len(tasks(ecs)) == 3
    ecs.update_service(service="web", desiredCount=0)
    stable(ecs)
    wait_until(lambda: not processes(), "nothing runs")


def test_a_service_that_crashes_does_not_spin(ecs):
    ecs.register_task_definition(**task_definition(family="crash", container={"command": ["false"]}))
    ecs.create_service(serviceName="web", taskDefinition="crash", desiredCount=1)
    wait_until(lambda: service(ecs)["deployments"][0]["failedTasks"] >= 4, "it has failed some times")
    assert any("unable to consistently start tasks" in event["message"] for event in service(ecs)["events"])
    started = len(ecs.list_tasks(desiredStatus="STOPPED")["taskArns"])
    assert started <= 6
    ecs.delete_service(service="web", force=True)


def test_services_outlive_the_endpoint(start_endpoint, tmp_path):
    first = start_endpoint("--port", "0", home=tmp_path)
    ecs = first.client("ecs")
    ecs.register_task_definition(**sleeper())
    create(ecs)
    before = tasks(ecs)
    first.kill()
    second = start_endpoint("--port", "0", home=tmp_path)
    ecs = second.client("ecs")
    wait_until(lambda: len(tasks(ecs)) == 2, "its tasks are started again")
    stable(ecs)
    assert not tasks(ecs).keys() & before.keys()
    second.stop()


def test_a_crowded_cluster_is_listed_in_pages(ecs):
    for number in range(12):
        ecs.create_service(serviceName=f"s{number:02}", taskDefinition="web", desiredCount=0)
    pages = list(ecs.get_paginator("list_services").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["serviceArns"]) for page in pages] == [5, 5, 2]
    names = [arn.rpartition("/")[2] for page in pages for arn in page["serviceArns"]]
    assert names == [f"s{number:02}" for number in range(12)]


@pytest.mark.parametrize("count", [5_001, 2_000_000_000])
def test_more_tasks_than_a_service_may_have_are_refused(endpoint, count):
    ecs = endpoint.client("ecs")
    ecs.register_task_definition(**task_definition(family="many"))
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="desiredCount"):
        ecs.create_service(serviceName="many", taskDefinition="many", desiredCount=count)
    ecs.create_service(serviceName="few", taskDefinition="many", desiredCount=0)
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="desiredCount"):
        ecs.update_service(service="few", desiredCount=count)


def test_calls_are_answered_while_a_service_starts_its_tasks(endpoint):
    ecs = endpoint.client("ecs")
    ecs.register_task_definition(**task_definition(family="sleeps", container={"command": ["sleep", "1000000"]}))
    ecs.create_service(serviceName="sleeps", taskDefinition="sleeps", desiredCount=60)
    described = ecs.describe_services(services=["sleeps"])["services"][0]
    assert described["runningCount"] + described["pendingCount"] < 60, "not all of them are started before the next call"
    wait_until(lambda: ecs.describe_services(services=["sleeps"])["services"][0]["runningCount"] == 60, "all of them run")
