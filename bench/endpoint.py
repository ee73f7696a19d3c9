"""A `ferry local` of the bench's own, with one task that can be entered."""

import contextlib
import json
import os
import shlex
import subprocess
import tempfile
import urllib.request

DEFINITION = {
    "family": "bench",
    "taskRoleArn": "arn:aws:iam::123456789012:role/bench",
    "containerDefinitions": [{"name": "app", "image": "bench", "memory": 64, "command": ["sleep", "1000000"]}],
}


def output(words, environment=None):
    return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


class Endpoint:
    def __init__(self, ferry, url):
        self.ferry, self.url = ferry, url
        exports = output([ferry, "local", "env", "--port", url.rsplit(":", 1)[1]])
        words = [shlex.split(line) for line in exports.splitlines() if line.startswith("export ")]
        self.environment = {**os.environ, **dict(line[1].split("=", 1) for line in words)}

    def api(self, operation, **members):
        return json.loads(output([self.ferry, "api", "ecs", operation, json.dumps(members)], self.environment))

    def calls(self):
        """How many the endpoint has answered since its start."""
        headers = {"Authorization": f"Bearer {self.environment['AWS_SECRET_ACCESS_KEY']}"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_ferry/health", headers=headers)) as answer:
            return json.load(answer)["calls"]

    def enterable_task(self):
        self.api("RegisterTaskDefinition", **DEFINITION)
        task = self.api("RunTask", taskDefinition="bench", enableExecuteCommand=True)["tasks"][0]["taskArn"]
        subprocess.run([self.ferry, "exec", task, "--", "true"], env=self.environment, stdin=subprocess.DEVNULL, check=True)
        return task


@contextlib.contextmanager
def running(ferry):
    with tempfile.TemporaryDirectory() as folder:
        words = [ferry, "local", "up", "--port", "0", "--data", folder + "/data"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Endpoint(ferry, process.stdout.readline().split()[-1])
            finally:
                process.terminate()
                process.wait()
