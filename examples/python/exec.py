"""Runs a command in a running task through boto3 and brings its result back.

    python3 exec.py CLUSTER TASK COMMAND...
"""

import json
import subprocess
import sys

import boto3


def run_in_task(ecs, cluster, task, command):
    """A CompletedProcess with the exit code, stdout and stderr (bytes) of the command, as subprocess.run() gives it."""
    wrapped = subprocess.run(["ferry", "wrap", "--", *command], stdout=subprocess.PIPE, text=True, check=True).stdout
    response = ecs.execute_command(cluster=cluster, task=task, command=wrapped.removesuffix("\n"), interactive=True)
    return subprocess.run(["ferry", "collect"], input=json.dumps(response).encode(), capture_output=True)


if __name__ == "__main__":
    cluster, task, *command = sys.argv[1:]
    result = run_in_task(boto3.client("ecs"), cluster, task, command)
    sys.stdout.buffer.write(result.stdout)
    sys.stderr.buffer.write(result.stderr)
    sys.exit(result.returncode)
