"""The place that the checks are run against: a cluster and a task definition at some endpoint, and one task of ours there.

All that is done there is done with the `ferry` program; whatever it starts carries one startedBy, by which it is stopped.
"""

import json
import os
import secrets
import subprocess
import time

# The task ends by itself where nobody is left to stop it.
HOLDER = ["sleep", "900"]
START_S = 180
# The whole suite takes ten minutes at most: what is left of them bounds each command.
SUITE_S = 540


class Subject:
    def __init__(self, ferry, environment, cluster, definition, network=None, launch_type=None, control=None):
        self.ferry, self.environment, self.cluster = ferry, environment, cluster
        self.definition, self.network, self.launch_type = definition, network, launch_type
        self.control = control  # of ferry local: control(method, action, body); None elsewhere
        self.started_by = f"ferry-conformance-{secrets.token_hex(4)}"
        self.run_names = []  # startedBy of what `ferry run` has started
        self.deadline = time.monotonic() + SUITE_S
        self.task = None

    @classmethod
    def from_environment(cls, ferry):
        """What FERRY_CONFORMANCE_* and the usual AWS variables name."""
        variables = os.environ
        network = variables.get("FERRY_CONFORMANCE_NETWORK")
        return cls(
            ferry,
            dict(variables),
            variables["FERRY_CONFORMANCE_CLUSTER"],
            variables["FERRY_CONFORMANCE_TASK_DEFINITION"],
            json.loads(network) if network else None,
            variables.get("FERRY_CONFORMANCE_LAUNCH_TYPE"),
        )

    def left_s(self, wanted_s):
        return max(1, min(wanted_s, self.deadline - time.monotonic()))

    def start_words(self, *words, **options):
        return subprocess.Popen([self.ferry, *words], env=self.environment, **options)

    def run(self, *words, input=None, timeout_s=90):
        """A ferry command to its end; its output as bytes."""
        given = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run(
            [self.ferry, *words], env=self.environment, capture_output=True, timeout=self.left_s(timeout_s), **given
        )

    def exec(self, *command, flags=(), input=None, timeout_s=90):
        """`ferry exec FLAGS TASK -- COMMAND`."""
        return self.run("exec", *flags, self.task, "--", *command, input=input, timeout_s=timeout_s)

    def start_exec(self, *command, flags=(), **options):
        return self.start_words("exec", *flags, self.task, "--", *command, **options)

    def run_words(self, *command, flags=(), name=None):
        """The words of `ferry run` of the task definition, under a name by which it is stopped at the end."""
        name = name or f"{self.started_by}-{len(self.run_names)}"
        self.run_names.append(name)
        words = ["run", self.definition, "--cluster", self.cluster, "--container", self.container, "--started-by", name]
        if self.network:
            words += ["--network-configuration", json.dumps(self.network)]
        if self.launch_type:
            words += ["--launch-type", self.launch_type]
        return [*words, *flags, "--", *command]

    def run_task(self, *command, flags=(), name=None):
        """`ferry run -o json`: exit status and results."""
        done = self.run(*self.run_words(*command, flags=("-o", "json", *flags), name=name), timeout_s=START_S)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def has_log(self):
        definition = self.api("DescribeTaskDefinition", taskDefinition=self.definition)["taskDefinition"]
        container = next(item for item in definition["containerDefinitions"] if item["name"] == self.container)
        return container.get("logConfiguration", {}).get("logDriver") == "awslogs"

    def api(self, operation, **members):
        done = self.run("api", "ecs", operation, json.dumps(members))
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def container_names(self):
        containers = self.api("DescribeTaskDefinition", taskDefinition=self.definition)["taskDefinition"]["containerDefinitions"]
        return [container["name"] for container in containers]

    def start_task(self):
        """One task with exec enabled. Not waited for: that is ferry's work."""
        container = os.environ.get("FERRY_CONFORMANCE_CONTAINER") or self.container_names()[0]
        request = {
            "cluster": self.cluster,
            "taskDefinition": self.definition,
            "enableExecuteCommand": True,
            "startedBy": self.started_by,
            "overrides": {"containerOverrides": [{"name": container, "command": HOLDER}]},
        }
        if self.network:
            request["networkConfiguration"] = self.network
        if self.launch_type:
            request["launchType"] = self.launch_type
        answer = self.api("RunTask", **request)
        assert answer["tasks"], answer.get("failures")
        self.task = answer["tasks"][0]["taskArn"]
        self.container = container

    def stop_all(self):
        """Stops every task that this suite started, also those whose start it did not see the answer of."""
        self.deadline = time.monotonic() + 60
        for name in [self.started_by, *self.run_names]:
            for task in self.api("ListTasks", cluster=self.cluster, startedBy=name)["taskArns"]:
                self.api("StopTask", cluster=self.cluster, task=task, reason="conformance checks are over")

    def secret_words(self):
        """What a report must not show, besides what looks like it."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "HOME", "USER", "HOSTNAME")
        words = [self.environment.get(name, "") for name in names]
        return [*words, self.cluster, self.definition, self.started_by, self.task or "", os.uname().nodename]
