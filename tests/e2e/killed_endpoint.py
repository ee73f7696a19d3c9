"""Killing an endpoint under load, and what may be left then."""

import contextlib
import pathlib
import threading
import time
import uuid

import botocore.exceptions
from local_endpoint import task_definition

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


def expect_that_what_was_told_stays_true(load, endpoint):
    """Of the first hundred tasks that were acknowledged, at the endpoint of the same folder that came after the killed one."""
    arns = list(load.started)[:100]
    tasks = {task["taskArn"]: task for task in endpoint.client("ecs").describe_tasks(tasks=arns)["tasks"]} if arns else {}
    assert len(tasks) == len(arns), "no acknowledged task is lost"
    for arn, task in tasks.items():
        container = task["containers"][0]
        assert task["lastStatus"] == "STOPPED", task
        if arn in load.ends:
            assert container.get("exitCode") == load.ends[arn], "what was told stays true"
        if task["stopCode"] == "EssentialContainerExited":
            assert container["exitCode"] == load.started[arn], task
        elif "exitCode" not in container:
            assert task["stopCode"] == "TerminationNotice", task
