"""A `ferry local` of the bench's own, with one task that can be entered."""

import contextlib
import hashlib
import hmac
import json
import os
import shlex
import subprocess
import tempfile
import time
import urllib.request

DEFINITION = {
    "family": "bench",
    "taskRoleArn": "arn:aws:iam::123456789012:role/bench",
    "containerDefinitions": [{"name": "app", "image": "bench", "memory": 64, "command": ["sleep", "1000000"]}],
}


def output(words, environment=None):
    return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


def signed_headers(environment, url, path):
    """Of a GET of the endpoint's controls, by AWS Signature Version 4."""
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = [now[:8], environment["AWS_REGION"], "ferry-local", "aws4_request"]
    headers = {"host": url.removeprefix("http://"), "x-amz-date": now}
    lines = [f"{name}:{value}\n" for name, value in headers.items()]
    canonical = "\n".join(["GET", path, "", "".join(lines), ";".join(headers), hashlib.sha256(b"").hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", now, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + environment["AWS_SECRET_ACCESS_KEY"].encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = "/".join([environment["AWS_ACCESS_KEY_ID"], *scope])
    signed = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={';'.join(headers)}, Signature={signature}"
    return {**headers, "Authorization": signed}


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
        headers = signed_headers(self.environment, self.url, "/_ferry/health")
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
