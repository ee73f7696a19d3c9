"""Data channels that are signed: as AWS wants them, at `ferry local` and at the agent simulator, neither of which takes a wrong one."""

import json
import os
import subprocess
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
import websockets.exceptions
from running_service import enterable_task
from websockets.sync.client import connect

REGION = "us-east-1"
NOBODY = {
    **{name: os.environ[name] for name in os.environ if name == "PATH" or name.endswith("SAN_OPTIONS")},
    "AWS_EC2_METADATA_DISABLED": "true",
}
LEAST_SUPPORTED = (1, 2, 764, 0)


@pytest.fixture(scope="module")
def strict(start_endpoint):
    """An endpoint that wants signed channels."""
    endpoint = start_endpoint("--port", "0", "--ephemeral", "--require-signed-channels", "--max-sessions", "100")
    enterable_task(endpoint)
    yield endpoint
    endpoint.stop()


@pytest.fixture(scope="module")
def lenient(shared_endpoint):
    enterable_task(shared_endpoint)
    return shared_endpoint


def respond(endpoint, *words):
    """What an SDK's ExecuteCommand answers for the wrapped words."""
    wrapped = endpoint.run("wrap", "--", *words, check=True).stdout.removesuffix("\n")
    return endpoint.ecs.execute_command(task=enterable_task(endpoint), command=wrapped, interactive=True)


@pytest.fixture
def collect(ferry, tmp_path):
    def run(response, *flags, **variables):
        environment = {**NOBODY, "HOME": str(tmp_path), **variables}
        text = json.dumps(response)
        return subprocess.run([ferry, "collect", *flags], input=text, env=environment, capture_output=True, text=True, timeout=60)

    return run


def lines_of(done):
    return [line for line in done.stderr.splitlines() if line]


def test_a_command_runs_where_signatures_are_wanted(strict):
    done = strict.run("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 7)


@pytest.mark.parametrize("switch", [{"flags": ["--unsigned-channel"]}, {"variables": {"FERRY_UNSIGNED_CHANNEL": "1"}}], ids=["flag", "variable"])
def test_an_unsigned_channel_is_opened_only_by_choice_and_refused_there(strict, lenient, switch):
    flags, variables = switch.get("flags", []), switch.get("variables", {})

    def run(endpoint):
        words = [endpoint.ferry, "exec", *flags, "web", "--", "echo", "hello"]
        return subprocess.run(words, env={**endpoint.environment, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    allowed = run(lenient)
    assert (allowed.stdout, allowed.stderr, allowed.returncode) == ("hello\n", "", 0)
    refused = run(strict)
    assert (refused.stdout, refused.returncode) == ("", 125)
    assert "403" in refused.stderr and "--unsigned-channel" in refused.stderr


def test_without_credentials_a_channel_is_unsigned_and_that_is_said_once(lenient, collect):
    done = collect(respond(lenient, "echo", "hello"))
    assert (done.stdout, done.returncode) == ("hello\n", 0)
    (line,) = lines_of(done)
    assert line.startswith("ferry: ") and "unsigned" in line


def test_without_credentials_a_refusal_names_the_right_that_is_needed(strict, collect):
    done = collect(respond(strict, "echo", "hello"))
    assert (done.stdout, done.returncode) == ("", 255)
    notice, refusal = lines_of(done)
    assert "unsigned" in notice
    assert "ssmmessages:OpenDataChannel" in refusal
    assert f"arn:aws:ssm:{REGION}:123456789012:session/ecs-execute-command-*" in refusal


def test_credentials_sign_what_is_collected(strict, collect):
    done = collect(respond(strict, "sh", "-c", "exit 3"), **strict.variables)
    assert (done.stderr, done.returncode) == ("", 3)


@pytest.mark.parametrize("which", ["strict", "lenient"])
def test_a_wrong_secret_is_refused_naming_key_and_source_and_not_tried_unsigned(request, collect, which):
    endpoint = request.getfixturevalue(which)
    variables = {**endpoint.variables, "AWS_SECRET_ACCESS_KEY": "wrong"}
    done = collect(respond(endpoint, "echo", "hello"), "--framing", "plain", **variables)
    assert (done.stdout, done.returncode) == ("", 255)
    (line,) = lines_of(done)
    assert endpoint.variables["AWS_ACCESS_KEY_ID"] in line
    assert "environment" in line
    assert "does not match the signature" in line


@pytest.mark.parametrize("operation", ["get_session_token", "assume_role"])
def test_temporary_keys_of_the_endpoint_count_as_its_own(strict, operation):
    more = {"RoleArn": "arn:aws:iam::123456789012:role/ops", "RoleSessionName": "ops"} if operation == "assume_role" else {}
    keys = getattr(strict.client("sts"), operation)(**more)["Credentials"]
    assert 0 < keys["Expiration"].timestamp() - time.time() <= 43_200
    variables = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    words = [strict.ferry, "exec", "web", "--", "echo", "hello"]

    def run(**changed):
        environment = {**strict.environment, **variables, **changed}
        return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    done = run()
    assert (done.stdout, done.stderr, done.returncode) == ("hello\n", "", 0)
    assert run(AWS_SECRET_ACCESS_KEY="wrong").returncode == 125
    forged = run(AWS_SESSION_TOKEN=keys["SessionToken"].replace("FERRYLOCAL/", "FERRYLOCAL/9"))
    assert (forged.stdout, forged.returncode) == ("", 125)


# A signer that has nothing of ferry's.


def opening(endpoint, session, region=REGION, service="ssmmessages", age_s=0, secret=None, sign=True):
    """The status of the answer to the websocket's GET, and its text."""
    url = session["streamUrl"]
    headers = {}
    if sign:
        keys = botocore.credentials.Credentials(endpoint.variables["AWS_ACCESS_KEY_ID"], secret or endpoint.secret)
        request = botocore.awsrequest.AWSRequest(method="GET", url=url.replace("ws://", "http://"))
        signer = botocore.auth.SigV4Auth(keys, service, region)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - age_s))
        request.context["timestamp"] = stamp
        request.headers["X-Amz-Date"] = stamp
        signed = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        headers = {
            "X-Amz-Date": stamp,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders=host;x-amz-date, Signature={signed}",
        }
    try:
        with connect(url, additional_headers=headers, compression=None, proxy=None, open_timeout=20):
            return 101, ""
    except websockets.exceptions.InvalidStatus as refused:
        return refused.response.status_code, refused.response.body.decode()


@pytest.fixture
def session_of(strict):
    answer = strict.ecs.execute_command(task=enterable_task(strict), command="sleep 60", interactive=True)["session"]
    yield answer
    strict.client("ssm").terminate_session(SessionId=answer["sessionId"])


def test_a_right_signature_of_another_signer_is_taken(strict, session_of):
    assert opening(strict, session_of) == (101, "")
    assert opening(strict, session_of, age_s=14 * 60) == (101, "")


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"sign": False}, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        ({"secret": "wrong"}, "InvalidSignatureException", "does not match the signature you provided"),
        ({"region": "eu-west-1"}, "InvalidSignatureException", "valid region, not 'eu-west-1'"),
        ({"service": "ssm"}, "InvalidSignatureException", "correct service: 'ssmmessages'"),
        ({"age_s": 16 * 60}, "InvalidSignatureException", "Signature expired"),
        ({"age_s": -16 * 60}, "InvalidSignatureException", "Signature not yet current"),
    ],
    ids=["none", "secret", "region", "service", "expired", "early"],
)
def test_a_wrong_signature_is_refused_as_aws_does(strict, session_of, wrong, error, words):
    status, text = opening(strict, session_of, **wrong)
    assert status == 403
    answer = json.loads(text)
    assert answer["__type"] == error
    assert words in answer["message"]


# At the simulator, whose check is botocore's.


@pytest.fixture
def wary_simulator(simulator):
    simulator.openings.clear()
    simulator.opened_with.clear()
    simulator.requires_signed_channels = True
    yield simulator
    simulator.requires_signed_channels = False


def version(text):
    return tuple(int(part) for part in text.split("."))


@pytest.mark.parametrize("says_bye", [False, True], ids=["reset", "closed in order"])
def test_each_connection_is_signed_where_resume_session_says(enter_simulator, wary_simulator, says_bye):
    """Also after the close in order that the service does every hour, which is no end of the session."""
    place = enter_simulator("dash", cuts=(6, 6, 6), says_bye=says_bye)
    done = place.run("dash", "sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; exit 5", flags=["--framing", "plain"])
    assert done.stdout == b"".join(b"line %d\n" % number for number in range(5000))
    assert done.returncode == 5, done.stderr
    assert len(wary_simulator.openings) == 4
    assert all("Authorization" in request.headers and not refused for request, refused in wary_simulator.openings)
    assert len({request.path for request, _ in wary_simulator.openings}) == 4, "each cell is dialled once"


def test_one_supported_version_is_announced_and_printed(enter_simulator, wary_simulator, ferry):
    place = enter_simulator("dash")
    assert place.run("dash", "true").returncode == 0
    (opened,) = wary_simulator.opened_with
    printed = subprocess.run([ferry, "session-manager-plugin", "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    assert printed == opened["ClientVersion"] + "\n"
    assert version(opened["ClientVersion"]) >= LEAST_SUPPORTED


def test_a_host_of_ones_own_is_dialled_and_signed(enter_simulator, wary_simulator):
    place = enter_simulator("dash")
    wary_simulator.shown_stream_base = f"wss://ssmmessages.{REGION}.amazonaws.com"
    place.environment["AWS_ENDPOINT_URL_SSMMESSAGES"] = wary_simulator.stream_base.replace("ws://", "http://")
    try:
        done = place.run("dash", "echo", "hello")
    finally:
        wary_simulator.shown_stream_base = None
    assert (done.stdout, done.returncode) == (b"hello\n", 0), done.stderr
    assert [bool(refused) for _, refused in wary_simulator.openings] == [False]


# What is asked for in a wrong way.


@pytest.mark.parametrize(
    ("flags", "variables", "named"),
    [
        (["--ping-interval", "0s"], {}, "--ping-interval"),
        (["--ping-interval", "10m"], {}, "--ping-interval"),
        ([], {"FERRY_PING_INTERVAL": "often"}, "FERRY_PING_INTERVAL"),
        ([], {"FERRY_UNSIGNED_CHANNEL": "maybe"}, "FERRY_UNSIGNED_CHANNEL"),
        ([], {"AWS_ENDPOINT_URL_SSMMESSAGES": "nonsense"}, "AWS_ENDPOINT_URL_SSMMESSAGES"),
        ([], {"AWS_ENDPOINT_URL_SSMMESSAGES": "https://host/path"}, "AWS_ENDPOINT_URL_SSMMESSAGES"),
    ],
)
def test_what_makes_no_sense_is_one_line(lenient, flags, variables, named):
    words = [lenient.ferry, "exec", *flags, "web", "--", "true"]
    done = subprocess.run(words, env={**lenient.environment, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 125
    (line,) = lines_of(done)
    assert named in line
