"""ferry run --count: many tasks in one process; and runs that are found again by their name."""

import json
import signal
import subprocess
import uuid

import pytest
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import environment_of

# Prints a number of its own and exits with it: output and code of a task belong together.
OWN_CODE = ["--", "/bin/sh", "-c", "code=$(od -An -N1 -tu1 /dev/urandom | tr -d ' '); echo $code; exit $code"]
SLEEP = ["--", "sleep", "1000"]


@pytest.fixture(scope="module", autouse=True)
def definitions(shared_endpoint):
    shared_endpoint.client("ecs").register_task_definition(**task_definition())


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
def run(start):
    """run(words...) is `ferry run words...` to its end: exit status, stdout and the lines on stderr."""

    def run_to_the_end(*words, environment=()):
        process = start(*words, environment=environment)
        output, errors = process.communicate(timeout=120)
        said = errors.decode().splitlines()
        assert all(line.startswith("ferry: ") or line.startswith("  arn:") for line in said), said
        return process.returncode, output.decode(), said

    return run_to_the_end


@pytest.fixture
def faults(shared_endpoint):
    yield lambda *rules: shared_endpoint.set_faults(list(rules))
    shared_endpoint.set_faults([])


@pytest.fixture
def proxy(shared_endpoint):
    with RecordingProxy(shared_endpoint) as proxy:
        yield proxy


def tasks_of(endpoint, started_by):
    """Stopped ones too, which ListTasks does not find by startedBy."""
    ecs = endpoint.client("ecs")
    arns = [arn for status in ("RUNNING", "STOPPED") for arn in ecs.list_tasks(desiredStatus=status)["taskArns"]]
    parts = [arns[begin : begin + 100] for begin in range(0, len(arns), 100)]
    tasks = [task for part in parts for task in ecs.describe_tasks(tasks=part)["tasks"]]
    return [task for task in tasks if task.get("startedBy") == started_by]


def running(endpoint, started_by, count):
    wait_until(lambda: [t["lastStatus"] for t in tasks_of(endpoint, started_by)] == ["RUNNING"] * count, "running tasks")
    return [task["taskArn"] for task in tasks_of(endpoint, started_by)]


def name():
    return f"test-{uuid.uuid4()}"


def test_each_task_has_its_own_log_and_code(run):
    status, output, _ = run("app", "--count", "12", "-o", "json", *OWN_CODE)
    results = [json.loads(line) for line in output.splitlines()]
    assert len({result["task"] for result in results}) == 12
    assert [f"{result['exit_code']}\n" for result in results] == [result["stdout"] for result in results]
    assert status == next((result["exit_code"] for result in results if result["exit_code"]), 0)


def test_the_lines_of_several_tasks_say_whose_they_are(run, tmp_path):
    path = tmp_path / "results"
    status, output, _ = run("app", "--count", "3", "--result-file", str(path), "--", "echo", "one line")
    results = [json.loads(line) for line in path.read_text().splitlines()]
    ids = [result["task"].rpartition("/")[2] for result in results]
    assert status == 0
    assert sorted(output.splitlines()) == sorted(f"[{task_id[:8]}] one line" for task_id in ids)


def test_many_tasks_share_their_calls(run, proxy):
    status, output, _ = run(
        "app", "--count", "30", "-o", "json", "--", "sleep", "1", environment={"AWS_ENDPOINT_URL": proxy.url}
    )
    assert status == 0
    assert len(output.splitlines()) == 30
    assert proxy.operations.count("RunTask") == 3
    assert proxy.operations.count("DescribeTasks") < 30


def test_an_interrupt_stops_all_tasks(start, shared_endpoint):
    started_by = name()
    process = start("app", "--count", "12", "--started-by", started_by, "-o", "json", *SLEEP)
    running(shared_endpoint, started_by, 12)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [json.loads(line)["outcome"] for line in output.splitlines()] == ["interrupted"] * 12
    assert errors.decode().count("stopping the tasks") == 1
    assert {task["lastStatus"] for task in tasks_of(shared_endpoint, started_by)} == {"STOPPED"}


def test_a_second_interrupt_leaves_all_tasks_and_says_how_to_stop_them(start, shared_endpoint):
    started_by = name()
    stubborn = ["--", "/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    process = start("app", "--count", "2", "--started-by", started_by, *stubborn)
    tasks = running(shared_endpoint, started_by, 2)
    process.send_signal(signal.SIGINT)
    wait_until(
        lambda: {task["desiredStatus"] for task in tasks_of(shared_endpoint, started_by)} == {"STOPPED"},
        "tasks that are told to stop",
    )
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert all(f"{task} may go on running" in errors.decode() for task in tasks)


def test_detached_tasks_are_listed(run, shared_endpoint):
    started_by = name()
    status, output, _ = run("app", "--count", "3", "-d", "--started-by", started_by, *SLEEP)
    assert status == 0
    assert sorted(output.splitlines()) == sorted(task["taskArn"] for task in tasks_of(shared_endpoint, started_by))
    for task in output.splitlines():
        shared_endpoint.client("ecs").stop_task(task=task)


def test_tasks_that_were_not_started_are_told_of_and_the_others_run(run, faults):
    faults({"operation": "RunTask", "error": "BlockedException", "message": "Your account was blocked.", "times": 1})
    status, output, _ = run("app", "--count", "20", "-o", "json", "--", "true")
    results = [json.loads(line) for line in output.splitlines()]
    assert sorted(result["outcome"] for result in results) == ["exited"] * 10 + ["not_started"] * 10
    assert all("blocked" in r["explanation"] for r in results if r["outcome"] == "not_started")
    assert status == 125


def test_count_of_a_whole_input(run):
    status, output, _ = run("--cli-input-json", '{"taskDefinition":"app","count":2}', "-o", "json")
    assert (status, len(output.splitlines())) == (0, 2)


def test_a_client_token_of_ones_own_starts_its_task_once(run):
    given = json.dumps({"taskDefinition": "app", "clientToken": str(uuid.uuid4())})
    first, second = (run("--cli-input-json", given, "-d") for _ in range(2))
    assert first[0] == second[0] == 0
    assert first[1] == second[1]


def test_one_token_cannot_stand_for_several_calls(run):
    given = json.dumps({"taskDefinition": "app", "count": 11, "clientToken": "mine"})
    status, output, said = run("--cli-input-json", given)
    assert (status, output) == (125, "")
    assert "at most 10 tasks" in said[0]


def test_attach_is_for_one_task(run):
    status, _, said = run("app", "--count", "2", "--attach", "--", "true")
    assert status == 125
    assert "--attach" in said[0]
    assert "--count" in said[0]


@pytest.fixture
def abandoned(start, shared_endpoint):
    """abandoned(name) is a task that waits for /tmp/go, whose ferry was killed."""

    def leave(started_by):
        script = "echo begun; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo done; exit 7"
        process = start("app", "--started-by", started_by, "--enable-execute-command", "--", "/bin/sh", "-c", script)
        assert process.stdout.readline() == b"begun\n"
        process.kill()
        process.communicate()
        return running(shared_endpoint, started_by, 1)[0]

    return leave


def test_a_run_that_is_going_is_followed_from_its_first_line(run, start, abandoned, shared_endpoint, ferry, proxy):
    started_by = name()
    task = abandoned(started_by)
    process = start("app", "--started-by", started_by, environment={"AWS_ENDPOINT_URL": proxy.url})
    assert process.stdout.readline() == b"begun\n"
    # The task ends with that, perhaps before the result of the exec has come.
    subprocess.run([ferry, "exec", task, "--", "touch", "/tmp/go"], env=environment_of(shared_endpoint), check=False)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (7, b"done\n")
    assert f"following task {task}" in errors.decode()
    assert "RunTask" not in proxy.operations
    assert run("app", "--started-by", started_by, "--", "true")[0] == 0, "one that has ended is started anew"


def test_only_what_is_missing_is_started(start, abandoned, shared_endpoint):
    started_by = name()
    task = abandoned(started_by)
    process = start("app", "--started-by", started_by, "--count", "3", "-o", "json", *SLEEP)
    tasks = running(shared_endpoint, started_by, 3)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert task in tasks
    assert {json.loads(line)["task"] for line in output.splitlines()} == set(tasks)


def test_a_name_that_fits_several_runs_is_an_error_that_lists_them(run, start, shared_endpoint):
    started_by = name()
    process = start("app", "--started-by", started_by, "--count", "2", *SLEEP)
    tasks = running(shared_endpoint, started_by, 2)
    status, _, said = run("app", "--started-by", started_by)
    assert status == 125
    assert all(any(task in line for line in said) for task in tasks)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_another_family_of_the_same_name_is_not_taken_for_the_run(run, abandoned, shared_endpoint):
    shared_endpoint.client("ecs").register_task_definition(**task_definition(family="other"))
    started_by = name()
    abandoned(started_by)
    status, output, _ = run("other", "--started-by", started_by, "--", "echo", "its own")
    assert (status, output) == (0, "its own\n")
