"""ferry exec before a task can be entered: it waits for what can come, and says at once what cannot."""

import time

from exec_fixtures import complaint, run, start, web  # noqa: F401 (pytest finds fixtures by name)
from local_endpoint import task_definition, wait_until


def register(endpoint, family, **container):
    container.setdefault("command", ["sleep", "1000000"])
    endpoint.client("ecs").register_task_definition(**task_definition(family=family, container=container))


def test_waits_until_the_agent_takes_sessions(endpoint, ferry):
    register(endpoint, "slow")
    endpoint.client("ecs").create_service(
        serviceName="slow", taskDefinition="slow", desiredCount=1, enableExecuteCommand=True
    )
    done = endpoint.run("exec", "slow", "--", "echo", "hi")
    assert (done.returncode, done.stdout) == (0, "hi\n"), done.stderr
    assert all(line.startswith("ferry: waiting: ") for line in done.stderr.splitlines())


NOT_CONNECTED = {
    "operation": "ExecuteCommand",
    "error": "TargetNotConnectedException",
    "message": "The execute command failed due to an internal error. Try again later.",
}


def test_tries_again_where_the_agent_is_not_connected_yet(web, run, shared_endpoint):
    shared_endpoint.set_faults([{**NOT_CONNECTED, "times": 2}])
    done = run("web", "--", "echo", "hi")
    assert (done.returncode, done.stdout) == (0, b"hi\n")
    assert b"ferry: waiting: " in done.stderr


def test_waits_no_longer_than_told(web, run, shared_endpoint):
    shared_endpoint.set_faults([NOT_CONNECTED])
    try:
        began = time.monotonic()
        done = run("--wait", "2s", "web", "--", "true")
        assert 1.5 < time.monotonic() - began < 15
        assert done.returncode == 125
        last = done.stderr.decode().splitlines()[-1]
        assert "TargetNotConnectedException" in last and "ferry doctor default/web" in last
        done = run("--wait", "0s", "web", "--", "true")
        assert done.returncode == 125 and "ferry doctor" in complaint(done)
    finally:
        shared_endpoint.set_faults([])


def test_waits_for_a_place_among_the_sessions(web, run, start):
    holders = [start("web", "--", "sh", "-c", "echo begun; sleep 1000") for _ in range(2)]
    assert all(holder.stdout.readline() == b"begun\n" for holder in holders)
    waiting = start("web", "--", "echo", "my turn")
    assert b"maximum session limit" in waiting.stderr.readline()
    holders[0].terminate()
    assert waiting.communicate(timeout=60)[0] == b"my turn\n"
    assert waiting.returncode == 0
    refused = run("--wait", "0s", "web", "--", "true")
    holders[1].terminate()
    assert refused.returncode in (0, 125)


def test_does_not_wait_where_nothing_can_come(run, shared_endpoint):
    ecs = shared_endpoint.client("ecs")
    register(shared_endpoint, "closed")
    ecs.create_service(serviceName="none", taskDefinition="closed", desiredCount=0, enableExecuteCommand=True)
    arn = ecs.run_task(taskDefinition="closed")["tasks"][0]["taskArn"]
    wait_until(lambda: ecs.describe_tasks(tasks=[arn])["tasks"][0]["lastStatus"] == "RUNNING", "it runs")
    began = time.monotonic()
    for target, said in [("none", "desired count of 0"), (arn, "not enabled"), ("family/nothing", "no running task")]:
        done = run(target, "--", "true")
        assert done.returncode == 125
        assert said in complaint(done)
    ecs.stop_task(task=arn)
    wait_until(lambda: ecs.describe_tasks(tasks=[arn])["tasks"][0]["lastStatus"] == "STOPPED", "it stops")
    assert "STOPPED" in complaint(run(arn, "--", "true"))
    assert time.monotonic() - began < 60


def test_an_interrupt_ends_the_waiting(shared_endpoint, web, start):
    shared_endpoint.set_faults([NOT_CONNECTED])
    try:
        process = start("web", "--", "true")
        assert process.stderr.readline().startswith(b"ferry: waiting: ")
        process.send_signal(2)
        assert process.wait(10) == 130
    finally:
        shared_endpoint.set_faults([])


def test_a_right_that_is_missing_is_not_waited_for(web, run, shared_endpoint):
    shared_endpoint.set_faults([{"operation": "ExecuteCommand", "error": "AccessDeniedException", "message": "no right"}])
    try:
        done = run("web", "--", "true")
    finally:
        shared_endpoint.set_faults([])
    assert done.returncode == 125
    assert "no right" in complaint(done)


def test_a_denied_look_at_the_cluster_changes_nothing(web, run, shared_endpoint):
    shared_endpoint.set_faults([{"operation": "DescribeClusters", "error": "AccessDeniedException", "message": "no"}])
    try:
        done = run("web", "--", "echo", "hi")
    finally:
        shared_endpoint.set_faults([])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hi\n", b"")
