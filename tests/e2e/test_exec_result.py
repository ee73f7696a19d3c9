"""What ferry exec brings back: both streams, the result as JSON, in a file, and of every task of a service."""

import base64
import json
import re
import stat

import pytest
from exec_fixtures import complaint, run, web  # noqa: F401 (pytest finds fixtures by name)
from local_endpoint import task_definition, wait_until
from running_service import running_tasks

BOTH = ["sh", "-c", "echo to-stdout; echo to-stderr >&2; exit 3"]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_both_streams_arrive_apart(web, run):
    done = run("web", "--", *BOTH)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"to-stdout\n", b"to-stderr\n")


def test_one_json_object_with_output_and_outcome(web, run):
    done = run("-o", "json", "web", "--", *BOTH)
    assert done.returncode == 3 and done.stderr == b""
    assert done.stdout.count(b"\n") == 1
    result = json.loads(done.stdout)
    assert MOMENT.fullmatch(result.pop("started_at")) and MOMENT.fullmatch(result.pop("ended_at"))
    assert result == {
        "mode": "exec",
        "cluster": "default",
        "task": web,
        "container": "app",
        "outcome": "exited",
        "exit_code": 3,
        "exit_code_source": "frame",
        "signal": None,
        "stdout": "to-stdout\n",
        "stdout_encoding": "utf8",
        "stderr": "to-stderr\n",
        "stderr_encoding": "utf8",
        "streams_merged": False,
        "framing": "plain",
        "logs": None,
        "stop_code": None,
        "stopped_reason": None,
        "explanation": None,
        "retryable": None,
    }


def test_bytes_that_are_no_text_are_base64_in_json(web, run):
    result = json.loads(run("-o", "json", "web", "--", "printf", r"\377\000\n").stdout)
    assert result["stdout_encoding"] == "base64"
    assert base64.b64decode(result["stdout"]) == b"\xff\0\n"
    assert (result["stderr"], result["stderr_encoding"]) == ("", "utf8")


@pytest.mark.parametrize("framing", ["plain", "exact"])
def test_the_framing_asked_for_is_used_and_said(web, run, framing):
    result = json.loads(run("-o", "json", "--framing", framing, "web", "--", "echo", "hi").stdout)
    assert (result["framing"], result["stdout"]) == (framing, "hi\n")


def test_a_cluster_that_logs_nothing_gets_exact_framing(run, shared_endpoint):
    ecs = shared_endpoint.client("ecs")
    ecs.create_cluster(
        clusterName="silent", configuration={"executeCommandConfiguration": {"logging": "NONE"}}
    )
    ecs.register_task_definition(**task_definition(family="silent", container={"command": ["sleep", "1000000"]}))
    ecs.run_task(cluster="silent", taskDefinition="silent", enableExecuteCommand=True)
    result = json.loads(run("-o", "json", "--cluster", "silent", "family/silent", "--", "echo", "hi").stdout)
    assert (result["framing"], result["stdout"]) == ("exact", "hi\n")


def test_a_command_that_did_not_start_is_no_exit_in_json(run):
    done = run("-o", "json", "no-such-service", "--", "true")
    result = json.loads(done.stdout)
    assert done.returncode == 125
    assert (result["outcome"], result["exit_code"], result["retryable"]) == ("not_started", None, False)
    assert "no-such-service" in result["explanation"] and "no-such-service" in complaint(done)


def test_a_result_file_beside_the_normal_output(web, run, tmp_path):
    file = tmp_path / "result.json"
    file.write_text("of an earlier run")
    done = run("--result-file", str(file), "web", "--", *BOTH)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"to-stdout\n", b"to-stderr\n")
    result = json.loads(file.read_text())
    assert (result["outcome"], result["exit_code"]) == ("exited", 3)
    assert result["stdout"] is None and result["stdout_encoding"] is None
    assert stat.S_IMODE(file.stat().st_mode) & ~0o644 == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_a_result_file_that_cannot_be_written_is_a_failure_before_the_command_runs(web, run, tmp_path):
    done = run("--result-file", str(tmp_path / "no" / "result.json"), "web", "--", "echo", "hi")
    assert (done.returncode, done.stdout) == (125, b"")
    assert "--result-file" in complaint(done)


@pytest.fixture(scope="module")
def three_tasks(shared_endpoint):
    ecs = shared_endpoint.client("ecs")
    ecs.register_task_definition(**task_definition(family="three", container={"command": ["sleep", "1000000"]}))
    ecs.create_service(serviceName="three", taskDefinition="three", desiredCount=3, enableExecuteCommand=True)
    wait_until(lambda: len(running_tasks(shared_endpoint, serviceName="three")) == 3, "three tasks run")
    return ecs.list_tasks(serviceName="three", desiredStatus="RUNNING")["taskArns"]


def test_every_task_of_a_service_in_listing_order(three_tasks, run):
    done = run("--all", "three", "--", "sh", "-c", "echo out; echo err >&2")
    assert (done.returncode, done.stdout) == (0, b"out\n" * 3)
    lines = done.stderr.decode().splitlines()
    assert lines == [line for arn in three_tasks for line in (f"ferry: task {arn.rsplit('/', 1)[1]}", "err")]


def test_json_lines_of_every_task(three_tasks, run, tmp_path):
    file = tmp_path / "results"
    done = run("--all", "-o", "json", "--result-file", str(file), "three", "--", "sh", "-c", "exit 9")
    assert done.returncode == 9
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["task"] for result in results] == three_tasks
    assert [result["exit_code"] for result in results] == [9, 9, 9]
    assert file.read_bytes() == done.stdout


@pytest.mark.parametrize("words", [["-t", "-o", "json", "web"], ["--all", "-i", "web"], ["--wait", "soon", "web"]])
def test_flags_that_make_no_sense_together(run, words):
    done = run(*words, "--", "true")
    assert done.returncode == 125 and complaint(done)
