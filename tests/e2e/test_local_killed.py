"""An endpoint that is killed: what runs in its tasks ends with it, at whatever moment, and what it has told of them stays true."""

import contextlib
import os
import pathlib
import subprocess
import threading
import time
import uuid

import botocore.exceptions
import pytest
from local_endpoint import Endpoint, task_definition, wait_until

# Of SIGKILL at the endpoint to the last of what it had started.
LEFT_S = 1.0
# What a caller gets whose endpoint is killed; of an answer that was cut botocore makes one without members.
CUT = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, KeyError)


def command_lines():
    """{pid: words} of every process."""
    lines = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                lines[int(entry.name)] = (entry / "cmdline").read_bytes()
    return lines


def left_of(mark):
    return {pid: line for pid, line in command_lines().items() if mark.encode() in line}


class Load:
    """Tasks that are started as fast as the endpoint takes them, half of them to end at once with a code of their own."""

    def __init__(self, endpoint, mark, starters=2):
        self.ends = {}  # by ARN, the code that DescribeTasks told
        self.started = {}  # by ARN, the code that it will end with, or None
        self._endpoint, self._mark = endpoint, mark
        self._threads = [threading.Thread(target=self._start, args=(number,)) for number in range(starters)]
        self._threads.append(threading.Thread(target=self._look))
        self._is_over = False
        for thread in self._threads:
            thread.start()

    def _start(self, number):
        ecs = self._endpoint.client("ecs")
        with contextlib.suppress(*CUT):
            while not self._is_over:
                number += 1
                code = number % 200 if number % 2 else None
                script = f": {self._mark}; " + (f"exit {code}" if code is not None else "sleep 1000000 & wait")
                override = {"containerOverrides": [{"name": "app", "command": ["/bin/sh", "-c", script]}]}
                arn = ecs.run_task(taskDefinition="app", overrides=override)["tasks"][0]["taskArn"]
                self.started[arn] = code

    def _look(self):
        ecs = self._endpoint.client("ecs")
        with contextlib.suppress(*CUT):
            while not self._is_over:
                for task in stopped_tasks(ecs):
                    self.ends[task["taskArn"]] = task["containers"][0].get("exitCode")

    def end(self):
        self._is_over = True
        for thread in self._threads:
            thread.join()


def stopped_tasks(ecs):
    arns = ecs.list_tasks(desiredStatus="STOPPED")["taskArns"]
    described = ecs.describe_tasks(tasks=arns)["tasks"] if arns else []
    return [task for task in described if task["lastStatus"] == "STOPPED"]


def killed_under_load(endpoint, seconds):
    """Kills it after some time of load, and returns what it had told."""
    mark = f"killed-{uuid.uuid4()}"
    endpoint.client("ecs").register_task_definition(**task_definition(container={"command": ["true"]}))
    load = Load(endpoint, mark)
    time.sleep(seconds)  # a moment like any other
    endpoint.kill()
    load.end()
    deadline = time.monotonic() + LEFT_S
    while (left := left_of(mark)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left
    return load


@pytest.fixture
def up(ferry, tmp_path):
    """up() begins an endpoint on the same data folder; the last one ends with the test."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path)}
    (tmp_path / "home").mkdir()
    begun = []

    def begin(*words):
        begun.append(Endpoint(ferry, environment, ["--port", "0", "--data", str(tmp_path / "data"), *words]))
        return begun[-1]

    yield begin
    begun[-1].stop()


@pytest.mark.parametrize("runtime", ["sandbox", "process"])
def test_nothing_outlives_an_endpoint_that_is_killed_while_tasks_start(up, runtime):
    for round_number in range(6):
        endpoint = up("--runtime", runtime)
        load = killed_under_load(endpoint, 0.1 + 0.037 * round_number)
        again = up("--runtime", runtime)
        tasks = {task["taskArn"]: task for task in again.ecs.describe_tasks(tasks=list(load.started)[:100])["tasks"]}
        assert len(tasks) == min(len(load.started), 100), "no acknowledged task is lost"
        for arn, task in tasks.items():
            container = task["containers"][0]
            assert task["lastStatus"] == "STOPPED"
            if arn in load.ends:
                assert container.get("exitCode") == load.ends[arn], "what was told stays true"
            if task["stopCode"] == "EssentialContainerExited":
                assert container["exitCode"] == load.started[arn]
            elif "exitCode" not in container:
                assert task["stopCode"] == "TerminationNotice"
        again.stop()


def test_a_start_ends_what_is_left_where_the_guards_were_killed_too(up):
    endpoint = up()
    mark = f"killed-{uuid.uuid4()}"
    endpoint.ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", f": {mark}; sleep 1000000 & wait"]}))
    endpoint.ecs.run_task(taskDefinition="app")
    wait_until(lambda: left_of(mark), "the task runs")
    # What an endpoint of the past left: a sandbox of that name whose parent is gone.
    name = next(line.split(b"\0")[0] for line in left_of("ferry-sandbox-").values()).decode()
    orphan = subprocess.Popen([name, "1000000"], executable="/bin/sleep")
    try:
        endpoint.kill()
        up()
        assert orphan.wait(timeout=10) == -9
    finally:
        orphan.kill()
        orphan.wait()


def test_a_full_disk_stops_the_endpoint_with_one_line(ferry, tmp_path):
    """A limit of the size of files stands for the disk's end: the write that does not fit fails in the same place."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    script = 'ulimit -f "$1"; shift; trap "" XFSZ; exec "$@"'
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\ncase "$1 $2" in "local up") exec sh -c {script!r} sh 2000 {ferry} "$@";; esac\nexec {ferry} "$@"\n')
    limited.chmod(0o755)
    endpoint = Endpoint(str(limited), environment, ["--port", "0", "--data", str(tmp_path / "data")])
    mark = f"killed-{uuid.uuid4()}"
    script = f": {mark}; yes 0123456789012345678901234567890123456789 & wait"
    endpoint.ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", script]}))
    endpoint.ecs.run_task(taskDefinition="app")
    said = endpoint.process.communicate(timeout=60)[1].decode()
    assert endpoint.process.returncode == 125
    lines = said.splitlines()
    assert len(lines) == 1 and lines[0].startswith("ferry: cannot") and "make room on the disk" in lines[0], said
    wait_until(lambda: not left_of(mark), "the task is gone", timeout_s=LEFT_S)
