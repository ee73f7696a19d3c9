"""`ferry exec` into a task of each root file system, at the embedded endpoint or at the agent simulator."""

import base64
import dataclasses
import json
import os
import subprocess

from local_endpoint import task_definition
from root_file_systems import IMAGES

TIMEOUT_S = 120


@dataclasses.dataclass
class Result:
    """What `-o json` says."""

    status: int
    members: dict
    chatter: str

    @property
    def stdout(self):
        return self._stream("stdout")

    @property
    def stderr(self):
        return self._stream("stderr")

    def _stream(self, name):
        text = self.members[name]
        return base64.b64decode(text) if self.members[f"{name}_encoding"] == "base64" else text.encode()


class Place:
    """Where the tasks are: an environment for ferry, and {image: task ARN}."""

    def __init__(self, ferry, environment, tasks):
        self._ferry, self.environment, self.tasks = ferry, environment, tasks

    def command(self, image, *command, flags=()):
        return [self._ferry, "exec", *flags, self.tasks[image], "--", *command]

    def run(self, image, *command, flags=(), stdin=None):
        """A finished `ferry exec FLAGS TASK -- COMMAND`; with `stdin` also `-i`."""
        words = self.command(image, *command, flags=[*flags, *(["-i"] if stdin is not None else [])])
        source = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        return subprocess.run(
            words,
            env=self.environment,
            capture_output=True,
            timeout=TIMEOUT_S,
            start_new_session=True,
            check=False,
            **source,
        )

    def result(self, image, *command, flags=(), stdin=None):
        done = self.run(image, *command, flags=("-o", "json", *flags), stdin=stdin)
        return Result(done.returncode, json.loads(done.stdout), done.stderr.decode())


def local_place(endpoint, images):
    """Every image as a running task of the embedded endpoint, and the host under the name `host`."""
    tasks = {}
    for name in ["host", *images]:
        container = {
            "image": "host" if name == "host" else f"rootfs:{images[name]}",
            "command": ["sleep", "1000000"] if name == "host" else ["/probe", "wait"],
            "readonlyRootFilesystem": name != "host" and IMAGES[name].is_read_only,
        }
        endpoint.ecs.register_task_definition(**task_definition(family=name, container=container))
        tasks[name] = endpoint.ecs.run_task(taskDefinition=name, enableExecuteCommand=True)["tasks"][0]["taskArn"]
    for task in tasks.values():
        endpoint.wait_for_exec_agent_of(task)
    return Place(endpoint.ferry, endpoint.environment, tasks)


def simulator_environment(service, home):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": service.url,
        **{name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")},
    }


def simulated_place(ferry, service, home, containers, quirks):
    tasks = {name: service.add_task(name, container, quirks) for name, container in containers.items()}
    return Place(ferry, simulator_environment(service, home), tasks)
