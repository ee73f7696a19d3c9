"""`ferry local up`, `status`, `down` and `env`: starting, stopping, and what stays in between."""

import os
import pathlib
import signal
import stat
import subprocess
import threading
import time

import botocore.exceptions
import pytest
from local_endpoint import PATIENCE_S, Endpoint, process_start, task_definition, wait_until


def cluster_names(endpoint):
    return sorted(arn.rpartition("/")[2] for arn in endpoint.client("ecs").list_clusters()["clusterArns"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_its_tasks(start_endpoint, number):
    endpoint = start_endpoint()
    ecs = endpoint.client("ecs")
    ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", "sleep 1000"]}))
    task = ecs.run_task(taskDefinition="app")["tasks"][0]["taskArn"]
    wait_until(lambda: ecs.describe_tasks(tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING", "the task runs")
    endpoint.stop(number)
    assert endpoint.run("local", "status", "--port", str(endpoint.port)).returncode == 125


def test_env_prints_what_a_shell_needs(endpoint):
    assert set(endpoint.variables) == {
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    }
    assert endpoint.variables["AWS_ENDPOINT_URL"] == endpoint.url
    assert endpoint.variables["AWS_REGION"] == "us-east-1"


def test_env_unsets_a_session_token_of_others(endpoint):
    printed = subprocess.run(
        [endpoint.ferry, "local", "env", "--port", str(endpoint.port)],
        env={**endpoint.environment, "AWS_SESSION_TOKEN": "of another account"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert printed.count("unset AWS_SESSION_TOKEN\n") == 1


def test_the_region_is_the_environments(start_endpoint):
    endpoint = start_endpoint(AWS_DEFAULT_REGION="eu-central-1")
    assert endpoint.variables["AWS_REGION"] == "eu-central-1"
    assert endpoint.client("ecs").list_clusters()["clusterArns"] == [
        "arn:aws:ecs:eu-central-1:123456789012:cluster/default"
    ]
    endpoint.stop()


def test_state_and_key_survive_a_restart(start_endpoint, tmp_path):
    data = str(tmp_path / "data")
    first = start_endpoint("--port", "0", "--data", data)
    first.client("ecs").create_cluster(clusterName="prod")
    first.client("logs").create_log_group(logGroupName="/app")
    secret = first.secret
    first.stop()
    second = start_endpoint("--port", "0", "--data", data)
    assert second.secret == secret
    assert cluster_names(second) == ["default", "prod"]
    assert second.client("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "/app"
    second.stop()


def test_state_survives_kill(start_endpoint, tmp_path):
    data = str(tmp_path / "data")
    first = start_endpoint("--port", "0", "--data", data)
    ecs = first.client("ecs")
    ecs.create_cluster(clusterName="prod")
    ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", "echo up; sleep 1000"]}))
    task = ecs.run_task(taskDefinition="app")["tasks"][0]["taskArn"]
    wait_until(lambda: ecs.describe_tasks(tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING", "the task runs")
    first.kill()

    second = start_endpoint("--port", "0", "--data", data)
    ecs = second.client("ecs")
    assert cluster_names(second) == ["default", "prod"]
    assert ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]["revision"] == 1
    described = ecs.describe_tasks(tasks=[task])["tasks"][0]
    assert described["lastStatus"] == "STOPPED", "its process is gone with the endpoint"
    assert described["stoppedReason"]
    second.stop()


def test_acknowledged_log_events_survive_kill(start_endpoint, tmp_path):
    data = str(tmp_path / "data")
    first = start_endpoint("--port", "0", "--data", data)
    logs = first.client("logs")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="s")
    acknowledged = []
    killer = threading.Timer(1.0, first.process.kill)
    killer.start()
    cut_off = (botocore.exceptions.HTTPClientError, botocore.exceptions.EndpointConnectionError)
    with pytest.raises(cut_off):
        while True:
            message = f"line {len(acknowledged)}"
            event = {"timestamp": int(time.time() * 1000), "message": message}
            logs.put_log_events(logGroupName="/app", logStreamName="s", logEvents=[event])
            acknowledged.append(message)
    killer.join()
    first.process.communicate()

    second = start_endpoint("--port", "0", "--data", data)
    stored, token = [], {}
    while True:
        page = second.client("logs").get_log_events(
            logGroupName="/app", logStreamName="s", startFromHead=True, **token
        )
        if page["nextForwardToken"] == token.get("nextToken"):
            break
        stored += [event["message"] for event in page["events"]]
        token = {"nextToken": page["nextForwardToken"]}
    assert stored[: len(acknowledged)] == acknowledged
    assert acknowledged
    second.stop()


def test_its_files_are_its_owners_alone(start_endpoint, tmp_path):
    data = tmp_path / "data"
    endpoint = start_endpoint("--port", "0", "--data", str(data))
    files = [path for path in data.rglob("*")] + list(pathlib.Path(endpoint.environment["XDG_RUNTIME_DIR"]).rglob("*"))
    assert data / "key" in files
    for path in [data, *files]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    endpoint.stop()


def test_tasks_see_neither_state_nor_key_nor_home(start_endpoint, tmp_path):
    home, data = tmp_path / "home", tmp_path / "data"
    home.mkdir()
    (home / "credentials").write_text("secret")
    endpoint = start_endpoint("--port", "0", "--data", str(data), home=home)
    search = f"find {home} {data} {home}/runtime -type f 2>&1; echo searched"
    endpoint.ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", search]}))
    task = endpoint.ecs.run_task(taskDefinition="app")["tasks"][0]["taskArn"]
    stopped = wait_until(
        lambda: [t for t in endpoint.ecs.describe_tasks(tasks=[task])["tasks"] if t["lastStatus"] == "STOPPED"],
        "the task ends",
    )
    assert stopped[0]["containers"][0]["exitCode"] == 0
    stream = f"ecs/app/{task.rpartition('/')[2]}"
    events = endpoint.logs.get_log_events(logGroupName="/app", logStreamName=stream, startFromHead=True)["events"]
    lines = [event["message"] for event in events]
    assert lines[-1] == "searched"
    assert not [line for line in lines if line.startswith("/")]
    endpoint.stop()


def test_an_ephemeral_endpoint_leaves_no_file(start_endpoint, tmp_path):
    endpoint = start_endpoint(home=tmp_path)
    endpoint.client("ecs").create_cluster(clusterName="prod")
    endpoint.stop()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def refused_start(ferry, environment, *arguments):
    result = subprocess.run(
        [ferry, "local", "up", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert result.returncode == 125
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("ferry: ")
    return result.stderr


def test_two_endpoints_cannot_share_a_data_folder(start_endpoint, tmp_path):
    data = str(tmp_path / "data")
    endpoint = start_endpoint("--port", "0", "--data", data)
    line = refused_start(endpoint.ferry, endpoint.environment, "--port", "0", "--data", data)
    assert data in line and "another endpoint" in line
    endpoint.stop()


def test_two_endpoints_cannot_share_a_port(endpoint):
    line = refused_start(endpoint.ferry, endpoint.environment, "--port", str(endpoint.port), "--ephemeral")
    assert str(endpoint.port) in line
    assert cluster_names(endpoint) == ["default"]


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--port", "65536"], "--port"),
        (["--port", "x"], "--port"),
        (["--runtime", "docker", "--ephemeral"], "docker"),
        (["--runtime", "vm"], "--runtime"),
        (["--ephemeral", "--data", "somewhere"], "--data"),
        (["--bogus"], "--bogus"),
        (["--data", "/proc/nowhere"], "/proc/nowhere"),
    ],
)
def test_bad_arguments_are_one_line(ferry, tmp_path, arguments, says):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    assert says in refused_start(ferry, environment, *arguments)


@pytest.mark.parametrize("region", ["us east", "$(id)", "us-east-1/", "-x"])
def test_what_is_no_region_is_refused(ferry, tmp_path, region):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_REGION": region}
    line = refused_start(ferry, environment, "--port", "0", "--ephemeral")
    assert f"AWS_REGION is '{region}', which is no AWS region" in line


def test_a_damaged_database_is_one_line(ferry, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "state.sqlite3").write_bytes(b"no database " * 100)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    assert "state.sqlite3" in refused_start(ferry, environment, "--port", "0", "--data", str(data))


def test_down_stops_a_detached_endpoint(ferry, tmp_path):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
    }

    def local(*arguments):
        return subprocess.run(
            [ferry, "local", *arguments], env=environment, capture_output=True, text=True, timeout=PATIENCE_S
        )

    up = local("up", "-d", "--port", "0", "--data", str(tmp_path / "data"))
    assert up.returncode == 0, up.stderr
    assert up.stdout.startswith("ferry local ready http://127.0.0.1:")
    port = up.stdout.strip().rpartition(":")[2]
    status = local("status", "--port", port)
    assert status.returncode == 0
    process = int(dict(line.split(None, 1) for line in status.stdout.splitlines())["process"])
    assert process_start(process)
    again = local("up", "-d", "--port", "0", "--data", str(tmp_path / "data"))
    assert again.returncode == 125
    assert "another endpoint" in again.stderr
    assert local("down", "--port", port).returncode == 0
    assert process_start(process) is None
    for command in ("status", "down", "env"):
        gone = local(command, "--port", port)
        assert gone.returncode == 125
        assert f"port {port}" in gone.stderr


def test_the_killed_endpoint_counts_as_none(start_endpoint):
    endpoint = start_endpoint()
    endpoint.kill()
    for command in ("status", "down", "env"):
        result = endpoint.run("local", command, "--port", str(endpoint.port))
        assert result.returncode == 125
        assert "killed" in result.stderr


def test_down_ends_an_endpoint_that_does_not_answer(start_endpoint):
    endpoint = start_endpoint()
    endpoint.process.send_signal(signal.SIGSTOP)
    down = threading.Thread(
        target=endpoint.run, args=("local", "down", "--port", str(endpoint.port)), kwargs={"timeout": 60}
    )
    down.start()
    wait_until(lambda: signal_is_pending(endpoint.process.pid, signal.SIGTERM), "down has sent its signal")
    endpoint.process.send_signal(signal.SIGCONT)
    endpoint.process.communicate(timeout=PATIENCE_S)
    assert endpoint.process.returncode == 0
    down.join()


def signal_is_pending(pid, number):
    lines = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["ShdPnd"], 16) >> (number - 1) & 1


def test_closed_standard_streams_are_not_taken_for_sockets(shared_endpoint):
    words = f'exec "{shared_endpoint.ferry}" api sts GetCallerIdentity <&- 2>&-'
    closed = subprocess.run(["sh", "-c", words], env=shared_endpoint.environment, stdout=subprocess.PIPE, timeout=30)
    assert closed.returncode == 0 and b"Arn" in closed.stdout


def test_more_tasks_run_than_the_limit_of_descriptors_lets_begin_with(ferry, tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -S -n 64\nexec {ferry} "$@"\n')
    limited.chmod(0o755)
    endpoint = Endpoint(str(limited), environment, ["--port", "0", "--ephemeral"])
    try:
        endpoint.ecs.register_task_definition(**task_definition(container={"command": ["sleep", "1000000"]}))
        for _ in range(3):
            endpoint.ecs.run_task(taskDefinition="app", count=10)
        wait_until(lambda: endpoint.ecs.describe_clusters()["clusters"][0]["runningTasksCount"] == 30, "thirty tasks run")
    finally:
        endpoint.stop()
