"""A `ferry local up` of the real binary ($FERRY) as the tests drive it."""

import contextlib
import functools
import json
import os
import pathlib
import re
import select
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import pytest

READY = re.compile(r"ferry local ready (http://127\.0\.0\.1:(\d+))\n")
PATIENCE_S = 30


def ferry_path():
    path = os.environ.get("FERRY")
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"FERRY must name the ferry program, not {path!r}", returncode=2)
    return os.path.abspath(path)


def wait_until(condition, what, timeout_s=PATIENCE_S):
    """The first true value of condition(), asked again and again: for states that nothing announces."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)


def is_gone_soon(pid, start):
    """Whether the process that began at `start` has ended, or does within seconds: the kernel takes its time over a namespace."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return process_start(pid) != start or bool(select.select([handle], [], [], 5)[0])
    finally:
        os.close(handle)


def expect_to_be_gone(processes):
    """Of {pid: start}, soon."""
    left = [pid for pid, start in processes.items() if start and not is_gone_soon(pid, start)]
    assert not left, f"processes left behind: {left}"


def process_start(pid):
    """When the process began (tells it from a later one of the same id), or None where it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[19])


def descendants(pid):
    """{pid: start} of everything below the process."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, open_pids = {}, [pid]
    while open_pids:
        for child in children.get(open_pids.pop(), []):
            found[child] = process_start(child)
            open_pids.append(child)
    return found


class Endpoint:
    """A `ferry local up` in the foreground, and what its callers need."""

    def __init__(self, ferry, environment, arguments):
        self.ferry, self.environment = ferry, environment
        self.process = subprocess.Popen(
            [ferry, "local", "up", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.url, port = READY.fullmatch(self._first_line()).groups()
        self.port = int(port)
        self.variables = self._variables()
        # For commands that are to speak to it; env itself needs only the first.
        self.environment = {**environment, **self.variables}

    def _first_line(self):
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline().decode() if readable else ""
        if not READY.fullmatch(line):
            self.process.kill()
            pytest.fail(f"not ready but {line!r}: {self.process.communicate()[1].decode()}")
        return line

    def _variables(self):
        printed = self.run("local", "env", "--port", str(self.port), check=True).stdout
        words = [shlex.split(line) for line in printed.splitlines()]
        return dict(line[1].split("=", 1) for line in words if line[0] == "export")

    @property
    def secret(self):
        return self.variables["AWS_SECRET_ACCESS_KEY"]

    def run(self, *arguments, check=False, **options):
        """A ferry command in this endpoint's environment."""
        return subprocess.run(
            [self.ferry, *arguments],
            env=self.environment,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=options.pop("timeout", PATIENCE_S),
            check=check,
            **options,
        )

    def client(self, service, **config):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.variables["AWS_REGION"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.secret,
            config=botocore.config.Config(retries={"total_max_attempts": 1}, **config),
        )

    @functools.cached_property
    def ecs(self):
        return self.client("ecs")

    @functools.cached_property
    def logs(self):
        return self.client("logs")

    def set_faults(self, rules, **more):
        status, answer = self.control("POST", "faults", {"rules": rules, **more})
        assert status == 200, answer

    def wait_for_exec_agent(self, service, cluster="default"):
        """The ARN of the one task of a service, once it is the only one and can be entered."""

        def only_task():
            tasks = self.ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]
            return tasks[0] if len(tasks) == 1 and self._can_be_entered(tasks[0], cluster) else None

        return wait_until(only_task, f"one task of {service} can be entered")

    def wait_for_exec_agent_of(self, task, cluster="default"):
        wait_until(lambda: self._can_be_entered(task, cluster), f"{task} can be entered")

    def _can_be_entered(self, task, cluster):
        described = self.ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"]
        agents = [
            agent
            for container in (described[0]["containers"] if described else [])
            for agent in container.get("managedAgents", [])
        ]
        return bool(agents) and all(agent["lastStatus"] == "RUNNING" for agent in agents)

    def control(self, method, action, body=None, secret=None, service="ferry-local"):
        """(status, parsed answer) of a call of /_ferry/ACTION."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        call = botocore.awsrequest.AWSRequest(method, f"{self.url}/_ferry/{action}", data=data)
        credentials = botocore.credentials.Credentials(self.variables["AWS_ACCESS_KEY_ID"], secret or self.secret)
        botocore.auth.SigV4Auth(credentials, service, self.variables["AWS_REGION"]).add_auth(call)
        request = urllib.request.Request(call.url, method=method, data=data or None, headers=dict(call.headers))
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def stop(self, number=signal.SIGTERM):
        """Ends it as a person would; nothing may be left of it or of its tasks."""
        if self.process.poll() is None:
            below = descendants(self.process.pid)
            self.process.send_signal(number)
            errors = self.process.communicate(timeout=PATIENCE_S)[1].decode()
            assert self.process.returncode == 0, errors
            expect_to_be_gone(below)

    def kill(self):
        """Ends it as the kernel would; nothing may be left of its tasks."""
        below = descendants(self.process.pid)
        self.process.kill()
        self.process.communicate(timeout=PATIENCE_S)
        expect_to_be_gone(below)


def task_definition(**changes):
    """A small task definition of one container, as RegisterTaskDefinition takes it."""
    container = {
        "name": "app",
        "image": "busybox",
        "memory": 64,
        "command": ["/bin/sh", "-c", "echo hello"],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": "/app",
                "awslogs-region": "us-east-1",
                "awslogs-stream-prefix": "ecs",
                "awslogs-create-group": "true",
            },
        },
    }
    container.update(changes.pop("container", {}))
    return {
        "family": "app",
        "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "containerDefinitions": [container],
        **changes,
    }
