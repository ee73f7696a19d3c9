"""ferry run --ephemeral-revision: what RunTask cannot override, and that no revision outlives its run."""

import json
import signal
import subprocess
import threading

import pytest
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import environment_of

FAMILY = "job"
OWN_FAMILY = "ferry-job"


@pytest.fixture
def ecs(endpoint):
    ecs = endpoint.client("ecs")
    ecs.register_task_definition(**task_definition(family=FAMILY))
    return ecs


@pytest.fixture
def place(endpoint, ecs, tmp_path):
    """The environment of a user with a journal of their own; its files are place.journal()."""

    class Place:
        environment = {**environment_of(endpoint), "XDG_STATE_HOME": str(tmp_path / "state")}

        def journal(self):
            folder = tmp_path / "state" / "ferry" / "revisions"
            return sorted(folder.iterdir()) if folder.exists() else []

        def revisions(self, status, family=OWN_FAMILY):
            return ecs.list_task_definitions(familyPrefix=family, status=status)["taskDefinitionArns"]

        def assert_nothing_is_left(self, registered=1):
            assert self.revisions("ACTIVE") == []
            assert len(self.revisions("INACTIVE")) == registered
            assert self.journal() == []

        def container(self):
            """Of the one revision that was there."""
            (arn,) = self.revisions("INACTIVE")
            return ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"][0]

    return Place()


@pytest.fixture
def command(ferry, place):
    """command(words...) is `ferry words...`, to its end."""

    def call(*words, environment=()):
        environment = {**place.environment, **dict(environment)}
        return subprocess.run(
            [ferry, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )

    return call


@pytest.fixture
def start(ferry, place):
    """start(words...) begins `ferry run words...`; what is left of it ends with the test."""
    processes = []

    def begin(*words, environment=()):
        environment = {**place.environment, **dict(environment)}
        process = subprocess.Popen(
            [ferry, "run", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def shell(script):
    return ["--", "/bin/sh", "-c", script]


def changed(*words):
    """A run that needs a revision."""
    return ["--ephemeral-revision", "--image", "other:2", FAMILY, *words]


def lines(errors):
    return errors.decode().splitlines()


def only_task(ecs):
    """As the endpoint shows it now, running or stopped."""
    arns = [arn for status in ("RUNNING", "STOPPED") for arn in ecs.list_tasks(desiredStatus=status)["taskArns"]]
    (task,) = ecs.describe_tasks(tasks=arns)["tasks"]
    return task


def killed_while_its_task_runs(start, place):
    process = start(*changed(*shell("echo ready; sleep 1000")))
    assert process.stdout.readline() == b"ready\n"
    process.kill()
    process.wait()
    assert len(place.revisions("ACTIVE")) == 1
    assert len(place.journal()) == 1


def test_another_image_runs_from_a_revision_of_its_own_family(command, place, ecs):
    before = ecs.describe_task_definition(taskDefinition=FAMILY)["taskDefinition"]
    result = command("run", *changed(*shell("echo hello; exit 3")))
    assert (result.returncode, result.stdout) == (3, b"hello\n"), result.stderr
    place.assert_nothing_is_left()
    assert only_task(ecs)["taskDefinitionArn"] == place.revisions("INACTIVE")[0]
    container = place.container()
    assert container["image"] == "other:2"
    assert container["logConfiguration"] == before["containerDefinitions"][0]["logConfiguration"]
    assert len(place.revisions("ACTIVE", FAMILY)) == 1, "the task definition's own family is as it was"


def test_an_entry_point(command, place):
    result = command("run", "--ephemeral-revision", "--entry-point", "/bin/echo", FAMILY, "--", "said", "by echo")
    assert (result.returncode, result.stdout) == (0, b"said by echo\n"), result.stderr
    place.assert_nothing_is_left()


def test_a_secret_is_in_the_revision_and_a_task_that_cannot_start_leaves_nothing(command, place):
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"
    result = command("run", "--ephemeral-revision", "--secret", f"DB={arn}", FAMILY)
    assert result.returncode == 125  # the embedded endpoint keeps no secrets
    place.assert_nothing_is_left()
    assert place.container()["secrets"] == [{"name": "DB", "valueFrom": arn}]


def test_the_log_of_a_task_that_logs_elsewhere(command, place, ecs, endpoint):
    endpoint.client("logs").create_log_group(logGroupName="/jobs")
    container = {"logConfiguration": {"logDriver": "splunk", "options": {"splunk-url": "https://splunk.invalid"}}}
    ecs.register_task_definition(**task_definition(family=FAMILY, container=container))
    words = ["--ephemeral-revision", "--logs", "awslogs:/jobs", FAMILY]
    result = command("run", *words, *shell("echo read after all"))
    assert (result.returncode, result.stdout) == (0, b"read after all\n"), result.stderr
    place.assert_nothing_is_left()


def test_overrides_beyond_what_run_task_takes(command, place, ecs):
    script = shell('echo "${#LONG} $KEPT"')
    words = ["--ephemeral-revision", "-e", "KEPT=kept", "-e", "LONG=" + "x" * 9000, FAMILY, *script]
    result = command("run", *words)
    assert (result.returncode, result.stdout) == (0, b"9000 kept\n"), result.stderr
    place.assert_nothing_is_left()
    assert "LONG" not in json.dumps(only_task(ecs)["overrides"])


def test_nothing_is_registered_where_run_task_is_enough(command, place):
    result = command("run", "--ephemeral-revision", "-e", "A=1", FAMILY, *shell("echo $A"))
    assert (result.returncode, result.stdout) == (0, b"1\n")
    place.assert_nothing_is_left(registered=0)


@pytest.mark.parametrize(
    "words, said",
    [
        (["--image", "other:2"], "the image"),
        (["--entry-point", "/bin/sh"], "the entry point"),
        (["--secret", "A=arn:aws:ssm:us-east-1:123456789012:parameter/a"], "secrets"),
        (["--logs", "awslogs:/jobs"], "the log driver"),
        (["-e", "LONG=" + "x" * 9000], "8192"),
    ],
)
def test_without_the_flag_the_one_line_names_it(command, place, words, said):
    result = command("run", *words, FAMILY)
    assert (result.returncode, result.stdout) == (125, b"")
    (line,) = lines(result.stderr)
    assert said in line and "--ephemeral-revision" in line and OWN_FAMILY in line
    place.assert_nothing_is_left(registered=0)


def test_nothing_is_registered_without_a_place_for_the_journal(command, place, tmp_path):
    (tmp_path / "file").write_text("")
    result = command("run", *changed(), environment={"XDG_STATE_HOME": str(tmp_path / "file")})
    assert result.returncode == 125
    (line,) = lines(result.stderr)
    assert "journal" in line
    place.assert_nothing_is_left(registered=0)


def test_a_refused_run_task_leaves_nothing(command, place, endpoint):
    endpoint.set_faults([{"operation": "RunTask", "error": "InvalidParameterException", "message": "not today"}])
    result = command("run", *changed())
    assert result.returncode == 125
    assert "not today" in lines(result.stderr)[-1]
    place.assert_nothing_is_left()


def test_a_time_limit_leaves_nothing(command, place):
    assert command("run", "--timeout", "1s", *changed(*shell("sleep 1000"))).returncode == 124
    place.assert_nothing_is_left()


def test_a_task_left_running_runs_on_without_its_revision(command, place, ecs):
    result = command("run", "-d", *changed(*shell("sleep 1000")))
    assert result.returncode == 0, result.stderr
    place.assert_nothing_is_left()
    wait_until(lambda: only_task(ecs)["lastStatus"] == "RUNNING", "it runs")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_nothing(start, place, number):
    process = start(*changed(*shell("echo ready; sleep 1000")))
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    place.assert_nothing_is_left()


def test_a_second_interrupt_leaves_the_task_and_no_revision(start, place):
    process = start(*changed(*shell("trap '' TERM; echo ready; while :; do sleep 0.05; done")))
    assert process.stdout.readline() == b"ready\n"
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    while b"stopping the task" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    place.assert_nothing_is_left()


def test_an_interrupt_while_it_is_registered_starts_no_task(start, place, endpoint):
    endpoint.set_faults([{"operation": "RegisterTaskDefinition", "delay_ms": 1000}])
    with RecordingProxy(endpoint) as proxy:
        process = start(*changed(*shell("sleep 1000")), environment={"AWS_ENDPOINT_URL_ECS": proxy.url})
        proxy.wait_for("RegisterTaskDefinition")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        assert "RunTask" not in proxy.operations
    place.assert_nothing_is_left()


def test_an_interrupt_does_not_wait_for_a_throttled_registration(start, place, endpoint):
    endpoint.set_faults(
        [{"operation": "RegisterTaskDefinition", "error": "ThrottlingException", "message": "Rate exceeded"}]
    )
    with RecordingProxy(endpoint) as proxy:
        process = start(*changed(), environment={"AWS_ENDPOINT_URL_ECS": proxy.url})
        proxy.wait_for("RegisterTaskDefinition")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == 130
    place.assert_nothing_is_left(registered=0)


def test_the_next_command_ends_what_a_killed_ferry_left(start, command, place, ecs):
    killed_while_its_task_runs(start, place)
    result = command("api", "ecs", "ListClusters")
    assert result.returncode == 0
    assert lines(result.stderr) == ["ferry: deregistered ferry-job:1, which an earlier ferry left registered"]
    place.assert_nothing_is_left()
    assert only_task(ecs)["lastStatus"] == "RUNNING", "the task goes on"
    assert command("api", "ecs", "ListClusters").stderr == b"", "once"


def test_killed_before_it_learned_what_was_registered(start, command, place, endpoint):
    answered = threading.Event()
    with RecordingProxy(endpoint) as proxy:
        proxy.changes["RegisterTaskDefinition"] = lambda answer: answered.wait(60) and answer
        here = {"AWS_ENDPOINT_URL_ECS": proxy.url}
        process = start(*changed(), environment=here)
        try:
            wait_until(lambda: place.revisions("ACTIVE"), "the endpoint has registered it")
            process.kill()
            process.wait()
        finally:
            answered.set()
        assert len(place.journal()) == 1
        result = command("api", "ecs", "ListClusters", environment=here)
        assert lines(result.stderr) == ["ferry: deregistered ferry-job:1, which an earlier ferry left registered"]
        place.assert_nothing_is_left()


def test_the_journal_is_written_before_anything_is_registered(start, command, place, endpoint):
    endpoint.set_faults([{"operation": "RegisterTaskDefinition", "delay_ms": 60000, "times": 1}])
    with RecordingProxy(endpoint) as proxy:
        process = start(*changed(), environment={"AWS_ENDPOINT_URL_ECS": proxy.url})
        proxy.wait_for("RegisterTaskDefinition")
        assert len(place.journal()) == 1
        process.kill()


def test_a_living_run_keeps_its_revision(start, command, place):
    process = start(*changed(*shell("echo ready; sleep 1000")))
    assert process.stdout.readline() == b"ready\n"
    result = command("api", "ecs", "ListClusters")
    assert (result.returncode, result.stderr) == (0, b"")
    assert len(place.revisions("ACTIVE")) == 1
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    place.assert_nothing_is_left()


def test_what_could_not_be_deregistered_is_said_and_done_later(command, place, endpoint):
    endpoint.set_faults(
        [{"operation": "DeregisterTaskDefinition", "error": "AccessDeniedException", "message": "no", "times": 1}]
    )
    result = command("run", *changed(*shell("exit 4")))
    assert result.returncode == 4, "the command's own"
    assert any("cannot deregister ferry-job:1" in line for line in lines(result.stderr))
    assert len(place.revisions("ACTIVE")) == 1
    assert command("api", "ecs", "ListClusters").returncode == 0
    place.assert_nothing_is_left()


def test_a_command_makes_no_call_of_its_own_where_nothing_was_left(command, place, endpoint):
    assert command("run", *changed()).returncode == 0
    with RecordingProxy(endpoint) as proxy:
        command("api", "ecs", "ListClusters", environment={"AWS_ENDPOINT_URL": proxy.url})
        assert proxy.operations == ["ListClusters"]


def test_ten_runs_at_once_leave_nothing(start, place):
    processes = [start(*changed(*shell(f"echo {number}; exit {number}"))) for number in range(10)]
    for number, process in enumerate(processes):
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output) == (number, f"{number}\n".encode()), errors
    place.assert_nothing_is_left(registered=10)
