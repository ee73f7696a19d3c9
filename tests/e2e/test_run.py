"""ferry run against the embedded endpoint, as users meet it: log, exit codes, overrides, stops, failures."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import time

import pytest
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import environment_of


@pytest.fixture(scope="module", autouse=True)
def definitions(shared_endpoint):
    ecs = shared_endpoint.client("ecs")
    ecs.register_task_definition(**task_definition())
    two = task_definition(family="two")["containerDefinitions"][0]
    ecs.register_task_definition(
        family="two", containerDefinitions=[two, {**two, "name": "side", "command": ["sleep", "1000"]}]
    )


@pytest.fixture
def run(shared_endpoint, ferry):
    """run(words...) is `ferry run words...` in a shell of its own."""

    def run_task(*words, environment=(), **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("capture_output", True)
        return subprocess.run(
            [ferry, "run", *words],
            env={**environment_of(shared_endpoint), **dict(environment)},
            timeout=120,
            **more,
        )

    return run_task


@pytest.fixture
def start(shared_endpoint, ferry):
    """start(words...) begins `ferry run words...`; what is left of it ends with the test."""
    processes = []

    def start_task(*words, environment=()):
        process = subprocess.Popen(
            [ferry, "run", *words],
            env={**environment_of(shared_endpoint), **dict(environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        processes.append(process)
        return process

    yield start_task
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def faults(shared_endpoint):
    """faults(rules...) sets them for this test."""
    yield lambda *rules: shared_endpoint.set_faults(list(rules))
    shared_endpoint.set_faults([])


@pytest.fixture
def proxy(shared_endpoint):
    with RecordingProxy(shared_endpoint) as proxy:
        yield proxy


def lines(errors):
    """What ferry said; it says nothing but `ferry:` lines."""
    said = errors.decode().splitlines()
    assert all(line.startswith("ferry: ") for line in said), said
    return said


def notices(errors):
    """Without the lines of the task's states."""
    states = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED")
    return [line for line in lines(errors) if line.split()[1].rstrip(",") not in states]


def task_started(endpoint, errors):
    """The task whose start is announced in `errors`, as the endpoint shows it now."""
    arn = lines(errors)[0].rpartition(" ")[2]
    return endpoint.client("ecs").describe_tasks(tasks=[arn])["tasks"][0]


def tasks_of(endpoint, started_by):
    """The tasks with that startedBy, stopped ones too (which ListTasks does not find by it)."""
    ecs = endpoint.client("ecs")
    arns = [arn for status in ("RUNNING", "STOPPED") for arn in ecs.list_tasks(desiredStatus=status)["taskArns"]]
    parts = [arns[begin : begin + 100] for begin in range(0, len(arns), 100)]
    tasks = [task for part in parts for task in ecs.describe_tasks(tasks=part)["tasks"]]
    return [task for task in tasks if task.get("startedBy") == started_by]


def shell(script):
    return ["--", "/bin/sh", "-c", script]


def test_the_log_goes_to_stdout_and_nothing_else(run):
    result = run("app")
    assert (result.returncode, result.stdout) == (0, b"hello\n")
    assert len(notices(result.stderr)) == 1, "the task that was started"


@pytest.mark.parametrize("code", [0, 1, 3, 124, 125, 126, 127, 130, 137, 255])
def test_the_exit_code_is_the_commands(run, code):
    result = run("app", *shell(f"exit {code}"))
    assert (result.returncode, result.stdout) == (code, b"")
    said = notices(result.stderr)
    assert len(said) == (1 if code == 0 else 2), said
    assert code == 0 or f"exited with {code}" in said[-1]


def test_ten_thousand_lines_arrive_once_and_in_order(run):
    result = run("app", *shell("seq 1 10000"))
    assert result.returncode == 0
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 10001)).encode()


def test_more_than_one_page_of_the_log(run):
    result = run("app", *shell("seq 1 25000"))
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 25001)).encode()


def test_equal_lines_are_not_taken_for_one(run):
    result = run("app", *shell("yes same | head -n 3000"))
    assert result.stdout == b"same\n" * 3000


def test_the_last_line_needs_no_newline(run):
    assert run("app", *shell("echo one; printf two")).stdout == b"one\ntwo\n"


def test_carriage_returns_and_text_stay_as_they_are(run):
    result = run("app", *shell(r"printf '10%%\r20%%\rdone\n  gr\303\274n \n'"))
    assert result.stdout.decode() == "10%\r20%\rdone\n  grün \n"


def test_stderr_of_the_command_is_in_the_log_too(run):
    assert run("app", *shell("echo to-stderr >&2")).stdout == b"to-stderr\n"


def test_lines_are_shown_while_the_task_runs(start):
    process = start("app", *shell("echo first; sleep 30"))
    assert process.stdout.readline() == b"first\n"
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130


def test_overrides_from_a_file(run, tmp_path):
    overrides = {
        "containerOverrides": [
            {
                "name": "app",
                "command": ["/bin/sh", "-c", "echo $A $B; exit 4"],
                "environment": [{"name": "A", "value": "from-file"}, {"name": "B", "value": "from-file"}],
            }
        ]
    }
    (tmp_path / "o.json").write_text(json.dumps(overrides))
    result = run("app", "--overrides", "file://o.json", "-e", "B=from-flag", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (4, b"from-file from-flag\n")


def test_the_command_wins_over_the_overrides_file(run):
    overrides = {"containerOverrides": [{"name": "app", "command": ["false"]}]}
    result = run("app", "--overrides", json.dumps(overrides), *shell("echo mine"))
    assert (result.returncode, result.stdout) == (0, b"mine\n")


def test_environment_by_value_and_from_here(run):
    script = shell('printf "%s|" "$A" "$B" "$EMPTY"')
    result = run("app", "-e", "A=x y=z", "-e", "B", "--env", "EMPTY=", *script, environment={"B": "here"})
    assert result.stdout == b"x y=z|here||\n"


def test_what_was_asked_for_reaches_the_service(run, shared_endpoint):
    shared_endpoint.client("ecs").register_task_definition(
        **task_definition(
            family="fargate",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn="arn:aws:iam::123456789012:role/execution",
        )
    )
    result = run(
        "fargate", "--network-configuration", "awsvpcConfiguration={subnets=[subnet-1,subnet-2],securityGroups=[sg-1],"
        "assignPublicIp=ENABLED}", "--launch-type", "FARGATE", "--platform-version", "1.4.0", "--cpu", "256",
        "--memory", "128", "--started-by", "test-asked-for", "--enable-execute-command", *shell("true"),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    task = task_started(shared_endpoint, result.stderr)
    assert (task["startedBy"], task["launchType"]) == ("test-asked-for", "FARGATE")
    assert task["enableExecuteCommand"] is True
    assert task["overrides"]["containerOverrides"] == [
        {"name": "app", "command": ["/bin/sh", "-c", "true"], "cpu": 256, "memory": 128}
    ]


def test_several_essential_containers_need_a_choice(run):
    result = run("two")
    assert (result.returncode, result.stdout) == (125, b"")
    assert lines(result.stderr) == ["ferry: two has 2 containers: app, side; choose one with --container or FERRY_CONTAINER"]


def test_the_chosen_container_is_the_one_that_counts(run):
    result = run("two", "--container", "app", *shell("echo chosen; exit 6"))
    assert (result.returncode, result.stdout) == (6, b"chosen\n")


def test_detach_prints_the_arn_and_leaves_the_task(run, shared_endpoint):
    result = run("app", "-d", "--started-by", "test-detach", *shell("sleep 1000"))
    assert (result.returncode, result.stderr) == (0, b"")
    ecs = shared_endpoint.client("ecs")
    arn = result.stdout.decode().removesuffix("\n")
    wait_until(lambda: ecs.describe_tasks(tasks=[arn])["tasks"][0]["lastStatus"] == "RUNNING", "it runs")
    ecs.stop_task(task=arn)


def test_a_command_line_in_one_word_is_explained(run):
    done = run("app", "-o", "json", "--", "echo hi")
    result = json.loads(done.stdout)
    assert (done.returncode, result["outcome"]) == (125, "not_started")
    assert "executable file not found" in result["explanation"]
    assert result["explanation"].endswith("sh -c 'echo hi'")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_an_interrupt_stops_the_task_and_reads_its_last_lines(start, shared_endpoint, number):
    process = start("app", *shell("trap 'echo cleaned up; exit 5' TERM; echo ready; while :; do sleep 0.05; done"))
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert output == b"cleaned up\n"
    task = task_started(shared_endpoint, errors)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "UserInitiated")
    assert task["stoppedReason"] == f"ferry run: interrupted by the user ({number.name})"


def test_a_second_interrupt_leaves_the_task(start, shared_endpoint):
    process = start("app", *shell("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    assert process.stdout.readline() == b"ready\n"
    announced = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    while b"stopping the task" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    task = task_started(shared_endpoint, announced)
    assert task["taskArn"] in lines(errors)[-1]
    assert lines(errors)[-1].endswith(f"ferry stop --cluster default {task['taskArn'].rpartition('/')[2]}")


def test_the_line_that_stops_a_left_task_works(start, ferry, shared_endpoint):
    process = start("app", "--on-interrupt", "detach", *shell("echo ready; sleep 1000"))
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert task_started(shared_endpoint, errors)["desiredStatus"] == "RUNNING"
    command = lines(errors)[-1].partition("stop it with: ")[2].replace("ferry ", f"{ferry} ", 1)
    subprocess.run(command, shell=True, check=True, env=environment_of(shared_endpoint), stdout=subprocess.DEVNULL)
    wait_until(lambda: task_started(shared_endpoint, errors)["lastStatus"] == "STOPPED", "the task stops")


def test_an_interrupt_before_run_task_answers_stops_the_task_too(start, faults, proxy, shared_endpoint):
    faults({"operation": "RunTask", "delay_ms": 1000})
    process = start("app", "--endpoint-url", proxy.url, "--started-by", "test-early", *shell("sleep 1000"))
    proxy.wait_for("RunTask")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    (task,) = tasks_of(shared_endpoint, "test-early")
    assert task["lastStatus"] == "STOPPED"


def test_a_time_limit_stops_the_task(run, shared_endpoint):
    result = run("app", "--timeout", "1s", *shell("echo begun; sleep 1000"))
    assert (result.returncode, result.stdout) == (124, b"begun\n")
    assert any("time limit" in line for line in lines(result.stderr))
    assert task_started(shared_endpoint, result.stderr)["lastStatus"] == "STOPPED"


def test_a_command_that_does_not_exist(run):
    result = run("app", "--", "/no/such/program")
    assert (result.returncode, result.stdout) == (125, b"")
    assert "CannotStartContainerError" in lines(result.stderr)[-1]
    assert "/no/such/program" in lines(result.stderr)[-1]


@pytest.mark.parametrize(
    "words, said",
    [
        (["nothing-of-that-name"], "nothing-of-that-name"),
        (["app", "--cluster", "elsewhere"], "Cluster not found"),
        (["app", "--container", "none"], "it has: app"),
        (["app", "--overrides", "{"], "--overrides: not valid JSON"),
        (["app", "--overrides", "file://missing.json"], "cannot read file://missing.json"),
        (["app", "--network-configuration", "subnets=[a]"], "awsvpcConfiguration"),
        (["app", "-e", "=x"], "has no name"),
        (["app", "-e", "NOT_SET_HERE"], "NOT_SET_HERE is not set here"),
        (["app", "--tag", "novalue"], "novalue"),
        (["app", "--timeout", "soon"], "soon"),
        (["app", "--", "x" * 9000], "8192"),
        ([], "no task definition is named"),
    ],
)
def test_bad_input_is_one_line_and_starts_nothing(run, shared_endpoint, words, said):
    before = len(tasks_of(shared_endpoint, "ferry"))
    result = run(*words)
    assert (result.returncode, result.stdout) == (125, b"")
    (line,) = lines(result.stderr)
    assert said in line
    assert len(tasks_of(shared_endpoint, "ferry")) == before


def test_a_log_driver_that_cannot_be_read(run, shared_endpoint):
    definition = task_definition(family="nolog")
    del definition["containerDefinitions"][0]["logConfiguration"]
    shared_endpoint.client("ecs").register_task_definition(**definition)
    result = run("nolog", *shell("echo unseen; exit 8"))
    assert (result.returncode, result.stdout) == (8, b"")
    assert any("cannot be read" in line for line in lines(result.stderr))


def test_a_log_group_that_does_not_exist(run, shared_endpoint):
    definition = task_definition(family="nogroup")
    options = definition["containerDefinitions"][0]["logConfiguration"]["options"]
    options["awslogs-group"] = "/no/such/group"
    del options["awslogs-create-group"]
    shared_endpoint.client("ecs").register_task_definition(**definition)
    result = run("nogroup", *shell("exit 0"))
    assert (result.returncode, result.stdout) == (125, b"")
    assert "log group" in lines(result.stderr)[-1]


def test_a_log_that_must_not_be_read_leaves_the_exit_code(run, faults):
    faults({"operation": "GetLogEvents", "error": "AccessDeniedException", "message": "no"})
    result = run("app", *shell("echo unseen; exit 9"))
    assert (result.returncode, result.stdout) == (9, b"")
    assert any("cannot be read" in line for line in lines(result.stderr))


def test_throttling_loses_nothing(run, faults):
    faults(
        {"operation": "DescribeTasks", "error": "ThrottlingException", "times": 4},
        {"operation": "GetLogEvents", "error": "ThrottlingException", "times": 4},
        {"operation": "RunTask", "error": "ThrottlingException", "times": 1},
    )
    result = run("app", *shell("seq 1 100; exit 2"))
    assert result.returncode == 2
    assert result.stdout == "".join(f"{number}\n" for number in range(1, 101)).encode()


def test_a_refused_run_says_why(run, faults):
    faults({"operation": "RunTask", "error": "BlockedException", "message": "your account is blocked"})
    result = run("app")
    assert (result.returncode, result.stdout) == (125, b"")
    (line,) = lines(result.stderr)
    assert "your account is blocked" in line


def test_a_task_that_can_no_longer_be_seen_is_not_called_successful(run, faults, shared_endpoint):
    faults({"operation": "DescribeTasks", "error": "AccessDeniedException", "message": "not for you"})
    result = run("app", "--started-by", "test-unseen")
    assert result.returncode == 255
    assert "not for you" in lines(result.stderr)[-1]
    assert run("app", "--unknown-exit-code", "77").returncode == 77
    shared_endpoint.set_faults([])
    assert tasks_of(shared_endpoint, "test-unseen")


def test_a_task_that_is_missing_at_first_is_waited_for(run, proxy):
    missing = iter([True, True])

    def not_yet(answer):
        return {"tasks": [], "failures": [{"reason": "MISSING"}]} if next(missing, False) else answer

    proxy.changes["DescribeTasks"] = not_yet
    result = run("app", "--endpoint-url", proxy.url)
    assert (result.returncode, result.stdout) == (0, b"hello\n")


def test_a_missing_exit_code_is_never_success(run, proxy):
    def without_code(answer):
        for task in answer["tasks"]:
            for container in task["containers"]:
                container.pop("exitCode", None)
        return answer

    proxy.changes["DescribeTasks"] = without_code
    result = run("app", "--endpoint-url", proxy.url)
    assert (result.returncode, result.stdout) == (255, b"hello\n")
    assert "no exit code" in lines(result.stderr)[-1]


def test_a_placement_failure_is_explained(run, proxy):
    proxy.changes["RunTask"] = lambda _: {"tasks": [], "failures": [{"arn": "arn:x", "reason": "RESOURCE:MEMORY"}]}
    result = run("app", "--endpoint-url", proxy.url)
    assert (result.returncode, result.stdout) == (125, b"")
    (line,) = lines(result.stderr)
    assert "RESOURCE:MEMORY" in line and "add instances" in line


def test_a_short_run_makes_at_most_eight_calls(run, proxy):
    result = run("app", "--endpoint-url", proxy.url)
    assert (result.returncode, result.stdout) == (0, b"hello\n")
    assert len(proxy.operations) <= 8, proxy.operations
    assert proxy.operations[:2] == ["DescribeTaskDefinition", "RunTask"]


def test_a_closed_stdout_does_not_leave_the_task_alone(start, shared_endpoint):
    process = start("app", *shell("echo first; sleep 2; seq 1 100"))
    assert process.stdout.readline() == b"first\n"
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(timeout=60) == 125
    assert "standard output: cannot write" in lines(errors)[-1]
    assert task_started(shared_endpoint, errors)["lastStatus"] == "STOPPED"


def test_a_terminal_shows_the_state_and_keeps_only_the_result(ferry, shared_endpoint):
    master, slave = pty.openpty()
    command = [ferry, "run", "app", *shell("echo hello; sleep 1; exit 3")]
    process = subprocess.Popen(
        command, env=environment_of(shared_endpoint), stdin=subprocess.DEVNULL, stdout=slave, stderr=slave
    )
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # what a master gives once the last slave is closed
        while data := os.read(master, 65536):
            shown += data
    os.close(master)
    assert process.wait() == 3
    assert b"ferry: RUNNING 0:0" in shown
    clear = b"\r\x1b[K"
    pieces = shown.split(clear)
    assert b"hello\r\n" in pieces, "a line of the log stands alone"
    assert pieces[-1] == b"ferry: container 'app' exited with 3\r\n", "the status line is gone"


def test_the_result_of_a_killed_client_is_not_the_tasks_end(start, shared_endpoint):
    process = start("app", "--started-by", "test-killed", *shell("echo ready; sleep 1000"))
    assert process.stdout.readline() == b"ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (task,) = tasks_of(shared_endpoint, "test-killed")
    assert task["desiredStatus"] == "RUNNING"
    shared_endpoint.client("ecs").stop_task(task=task["taskArn"])


def test_a_trivial_run_is_quick(run):
    begin = time.monotonic()
    assert run("app", "--", "true").returncode == 0
    assert time.monotonic() - begin < 5
