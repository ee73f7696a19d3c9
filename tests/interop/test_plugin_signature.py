"""The stock plugin, which signs its data channels, at an endpoint that wants them signed."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from local_endpoint import task_definition, wait_until

CLIENTS = Path(__file__).parents[2] / "build" / "clients"
REGION = "us-east-1"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def strict(start_endpoint):
    endpoint = start_endpoint("--port", "0", "--ephemeral", "--require-signed-channels", "--max-sessions", "100")
    yield endpoint
    endpoint.stop()


@pytest.fixture(scope="module")
def task(strict):
    strict.ecs.register_task_definition(**task_definition(container={"image": "host", "command": ["sleep", "1000000"]}))
    arn = strict.ecs.run_task(taskDefinition="app", enableExecuteCommand=True)["tasks"][0]["taskArn"]
    strict.wait_for_exec_agent_of(arn)
    return arn


@pytest.fixture
def plugin(strict, task):
    """plugin(**variables) starts the plugin in a session that says hello."""
    started = []

    def start(**variables):
        answer = strict.ecs.execute_command(task=task, command="sh -c 'echo hello; cat'", interactive=True)["session"]
        words = [
            CLIENTS / "session-manager-plugin",
            json.dumps(answer),
            REGION,
            "StartSession",
            "",
            json.dumps({"Target": "x"}),
            strict.url,
        ]
        environment = {**strict.environment, **variables}
        pipe = subprocess.PIPE
        process = subprocess.Popen(words, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)
        started.append((process, answer["sessionId"]))
        return process

    yield start
    for process, session_id in started:
        process.kill()
        process.communicate()
        strict.client("ssm").terminate_session(SessionId=session_id)


def refused_channels(endpoint):
    return endpoint.control("GET", "health")[1]["refused_channels"]


def temporary_keys(endpoint):
    keys = endpoint.client("sts").get_session_token()["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


@pytest.mark.parametrize("keys", [lambda _: {}, temporary_keys], ids=["own", "temporary"])
def test_its_signature_is_taken(strict, plugin, keys):
    before = refused_channels(strict)
    process = plugin(**keys(strict))
    shown = b""
    while b"hello" not in shown:
        piece = os.read(process.stdout.fileno(), 4096)
        assert piece, shown
        shown += piece
    assert refused_channels(strict) == before


@pytest.mark.parametrize(
    "wrong",
    [{"AWS_SECRET_ACCESS_KEY": "wrong"}, {"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, {"AWS_SESSION_TOKEN": "forged"}],
    ids=["secret", "key", "token"],
)
def test_a_wrong_one_is_refused(strict, plugin, wrong):
    before = refused_channels(strict)
    process = plugin(**wrong)
    wait_until(lambda: refused_channels(strict) > before, "its channel is refused", PATIENCE_S)
    process.kill()
    assert b"hello" not in process.stdout.read()
