"""ferry api as a user meets it: JSON in, one JSON object out, one line for what goes wrong, status 125."""

import http.server
import json
import socket
import subprocess
import threading
import time

import pytest


@pytest.fixture
def api(shared_endpoint):
    """api(words...) calls the endpoint and gives the finished process."""
    return lambda *words, **options: shared_endpoint.run("api", *words, **options)


@pytest.fixture
def ferry_api(ferry, tmp_path):
    """ferry api in an environment that holds nothing but what the test gives."""

    def call(*words, **variables):
        environment = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", **variables}
        return subprocess.run(
            [ferry, "api", *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )

    return call


def complaint(done):
    """The one line on stderr of a call that failed and printed no answer."""
    assert done.returncode == 125, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("ferry: "), done.stderr
    return lines[0].removeprefix("ferry: ")


KEYS = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "secret-of-the-test", "AWS_REGION": "us-east-1"}


def test_prints_exactly_one_object(api):
    done = api("sts", "GetCallerIdentity")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1 and done.stdout.endswith("\n")
    assert json.loads(done.stdout)["Account"] == "123456789012"


def test_input_comes_as_a_word_a_file_or_standard_input(api, tmp_path):
    wanted = {"clusters": ["default", "no-such"]}
    file = tmp_path / "input.json"
    file.write_text(json.dumps(wanted, indent=2) + "\n")
    answers = [api("ecs", "DescribeClusters", json.dumps(wanted)), api("ecs", "DescribeClusters", f"file://{file}")]
    with file.open() as stream:
        answers.append(api("ecs", "DescribeClusters", "-", stdin=stream))
    for done in answers:
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert [cluster["clusterName"] for cluster in answer["clusters"]] == ["default"]
        assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


def test_text_survives_both_ways(api):
    message = 'grüße, quotes " \\ and\ttabs, 日本, \U0001f6a2'
    stream = {"logGroupName": "/text", "logStreamName": "s"}
    events = [{"timestamp": int(time.time() * 1000), "message": message}]
    created = api("logs", "CreateLogGroup", json.dumps({"logGroupName": "/text"}))
    assert json.loads(created.stdout) == {}
    assert api("logs", "CreateLogStream", json.dumps(stream)).returncode == 0
    put = api("logs", "PutLogEvents", json.dumps({**stream, "logEvents": events}, ensure_ascii=False))
    assert put.returncode == 0, put.stderr
    read = api("logs", "GetLogEvents", json.dumps({**stream, "startFromHead": True}))
    assert [event["message"] for event in json.loads(read.stdout)["events"]] == [message]


def test_the_services_refusal_begins_with_its_name(api):
    assert complaint(api("ecs", "ListTasks", '{"cluster":"nowhere"}')).startswith("ClusterNotFoundException: Cluster not found.")
    assert complaint(api("ecs", "DescribeTasks", "{}")).startswith("InvalidParameterException: ")
    assert "Nope" in complaint(api("ecs", "Nope"))


@pytest.mark.parametrize("service", ["ecs", "logs", "ssm", "sts"])
def test_every_service_refuses_a_wrong_secret(shared_endpoint, service):
    environment = {**shared_endpoint.environment, "AWS_SECRET_ACCESS_KEY": "wrong-secret"}
    command = [shared_endpoint.ferry, "api", service, "GetCallerIdentity" if service == "sts" else "ListThings"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    line = complaint(done)
    assert line.startswith("SignatureDoesNotMatch: " if service == "sts" else "InvalidSignatureException: ")
    assert "wrong-secret" not in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "SERVICE is missing"),
        (["ecs"], "OPERATION is missing"),
        (["s3", "ListBuckets"], "'s3'"),
        (["ecs", "List Tasks"], "'List Tasks' is no operation's name"),
        (["ecs", "ListTasks", "{"], "no JSON"),
        (["ecs", "ListTasks", "{} {}"], "no JSON"),
        (["ecs", "ListTasks", "[]"], "no object"),
        (["ecs", "ListTasks", "file:///no/such/file"], "file:///no/such/file"),
        (["ecs", "ListTasks", "{}", "{}"], "one word too many"),
        (["ecs", "ListTasks", "--regoin", "x"], "--regoin"),
        (["ecs", "ListTasks", "--region"], "--region needs a value"),
        (["ecs", "ListTasks", "--region", "us east"], "'us east'"),
        (["ecs", "ListTasks", "--endpoint-url", "localhost:1"], "endpoint of ecs"),
        (["ecs", "ListTasks", "--profile", "nobody"], "'nobody'"),
    ],
)
def test_bad_input_gets_one_line(ferry_api, words, said):
    assert said in complaint(ferry_api(*words, **KEYS))


def test_without_credentials_each_source_is_named(ferry_api, tmp_path):
    line = complaint(ferry_api("ecs", "ListTasks", AWS_REGION="us-east-1"))
    for source in ("AWS_ACCESS_KEY_ID", f"{tmp_path}/.aws/credentials", f"{tmp_path}/.aws/config", "ferry local env"):
        assert source in line


def test_nobody_listening_is_told_with_the_address(ferry_api):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        line = complaint(ferry_api("ecs", "ListTasks", "--endpoint-url", url, **KEYS))
    assert url in line and "refused" in line


def test_an_answer_that_cannot_be_written_is_a_failure(shared_endpoint):
    with open("/dev/full", "w") as full:
        command = [shared_endpoint.ferry, "api", "sts", "GetCallerIdentity"]
        done = subprocess.run(command, env=shared_endpoint.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 125
    assert "could not be written" in done.stderr


class Recorder(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def recorder():
    with http.server.HTTPServer(("127.0.0.1", 0), Recorder) as server:
        server.seen, server.url = [], f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_each_service_finds_its_own_endpoint(ferry_api, recorder):
    nowhere = "http://127.0.0.1:1"
    variables = {**KEYS, "AWS_ENDPOINT_URL": nowhere, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": recorder.url}
    assert ferry_api("logs", "DescribeLogGroups", **variables).returncode == 0
    assert nowhere in complaint(ferry_api("ecs", "ListTasks", **variables))
    assert ferry_api("ecs", "ListTasks", "--endpoint-url", recorder.url, **variables).returncode == 0
    assert [headers["X-Amz-Target"].split(".")[0] for headers, _ in recorder.seen] == [
        "Logs_20140328",
        "AmazonEC2ContainerServiceV20141113",
    ]


def test_the_profile_decides_key_token_and_region(ferry_api, recorder, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[profile dev]\nregion = eu-north-1\n")
    (tmp_path / ".aws/credentials").write_text(
        "[dev]\naws_access_key_id = AKDEV\naws_secret_access_key = s\naws_session_token = the-token\n"
    )
    words = ("ecs", "ListTasks", "--profile", "dev", "--endpoint-url", recorder.url)
    done = ferry_api(*words, AWS_ACCESS_KEY_ID="AKENV", AWS_SECRET_ACCESS_KEY="s")
    assert done.returncode == 0, done.stderr
    headers, body = recorder.seen[0]
    assert "Credential=AKDEV/" in headers["Authorization"] and "/eu-north-1/ecs/aws4_request" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "the-token"
    assert headers["User-Agent"].startswith("ferry/")
    assert body == b"{}"
