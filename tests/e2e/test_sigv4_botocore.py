"""ferry's signatures are botocore's, both ways, over a corpus of requests."""

import calendar
import itertools
import json
import os
import subprocess
import time
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY_ID = "AKIDEXAMPLE"
SECRETS = ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "short", "ä" * 20]
TOKENS = ["", "FwoGZXIvYXdzEBYaDH+/=="]
SCOPES = [("us-east-1", "ecs"), ("eu-central-1", "logs"), ("cn-north-1", "ssm"), ("us-gov-west-1", "sts")]
HOSTS = [
    "https://ecs.us-east-1.amazonaws.com",
    "https://EXAMPLE.com:443",
    "http://127.0.0.1:5319",
    "http://[::1]:8080",
    "http://localhost:80",
]
TARGETS = [
    "/", "", "/a", "/a/", "//", "/a//b/", "/./", "/../", "/a/../b", "/a/./b/../c/", "/%20", "/a%2Fb", "/%E1%88%B4",
    "/ü", "/~tilde-dash_under.dot", "/a+b", "/a:b@c!$&'()*,;=", "/?", "/?a", "/?a=", "/?a=b", "/?b=2&a=1", "/?a=2&a=1",
    "/?a=1&a=1", "/?A=1&a=2", "/?a%20b=c%2Fd", "/?a=b=c", "/?Action=ListUsers&Version=2010-05-08", "/x?%E1%88%B4=bar",
    "/?a=b&&c=d", "/?-._~=1", "/?a+b=c+d",
]  # fmt: skip
HEADERS = [
    [],
    [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "AmazonSSM.StartSession")],
    [("X-Blanks", "   a   b \t  c   "), ("X-Quoted", '"a   b"')],
    [("X-Twice", "b"), ("X-Twice", "a"), ("x-twice", " c  d ")],
    [("X-Empty", "")],
    [("x-LOWER-Upper", "Value"), ("A", "1"), ("Zz", "2"), ("Z-z", "3"), ("Z_z", "4")],
    [("User-Agent", "ferry/1"), ("Connection", "keep-alive"), ("X-Amzn-Trace-Id", "Root=1"), ("Expect", "100-continue")],
    [("Transfer-Encoding", "chunked"), ("TE", "trailers"), ("Upgrade", "h2c"), ("Content-Length", "0")],
]
BODIES = ["", "{}", '{"text":"grüße, \\u0000 日本"}', "a=1&b=2", "x" * 100_000, "\r\n\t "]
METHODS = ["GET", "POST", "PUT", "DELETE"]


def corpus():
    usual = (HOSTS[0], "/", HEADERS[1], "{}", "POST", SECRETS[0], "", SCOPES[0])
    axes = (HOSTS, TARGETS, HEADERS, BODIES, METHODS, SECRETS, TOKENS, SCOPES)
    for axis, values in enumerate(axes):
        for value in values:
            yield usual[:axis] + (value,) + usual[axis + 1 :]
    yield from itertools.product(HOSTS[1:4], TARGETS, HEADERS[1:4], BODIES[:2], ["POST"], SECRETS[:1], TOKENS, SCOPES[1:3])


def signed_by_botocore(host, target, headers, body, method, secret, token, scope):
    """The request as a line for the tool, and what botocore adds to it."""
    request = AWSRequest(method=method, url=host + target, data=body.encode())
    for name, value in headers:
        request.headers.add_header(name, value)
    region, service = scope
    SigV4Auth(Credentials(KEY_ID, secret, token or None), service, region).add_auth(request)
    added = {name: request.headers[name] for name in ("X-Amz-Date", "X-Amz-Security-Token", "Authorization")}
    added = {name: value for name, value in added.items() if value is not None}
    parts = urlsplit(host)
    default_port = {"http": 80, "https": 443}[parts.scheme]
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    line = {
        "method": method,
        "target": target,
        "headers": [["Host", name if parts.port in (None, default_port) else f"{name}:{parts.port}"], *map(list, headers)],
        "body": body,
        "access_key": KEY_ID,
        "secret_key": secret,
        "token": token,
        "region": region,
        "service": service,
        "time_ms": calendar.timegm(time.strptime(added["X-Amz-Date"], "%Y%m%dT%H%M%SZ")) * 1000,
    }
    return line, added


def ask_ferry(lines):
    tool = os.path.join(os.environ["FERRY_TEST_TOOLS"], "sign_request")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([tool], input=text, capture_output=True, text=True, timeout=120, check=True)
    return [json.loads(answer) for answer in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def requests():
    return [signed_by_botocore(*case) for case in corpus()]


def test_signs_as_botocore_does(requests):
    answers = ask_ferry(line for line, _ in requests)
    assert len(answers) == len(requests) > 1000
    for (line, expected), answer in zip(requests, answers):
        assert answer == {"headers": expected}, line


def test_verifies_what_botocore_signed(requests):
    lines = [{**line, "headers": line["headers"] + [list(pair) for pair in added.items()]} for line, added in requests]
    for line, answer in zip(lines, ask_ferry(lines)):
        assert answer == {"verified": True}, line


def test_refuses_what_botocore_signed_with_another_secret(requests):
    lines = [{**line, "headers": line["headers"] + [list(pair) for pair in added.items()]} for line, added in requests]
    for line, answer in zip(lines, ask_ferry({**line, "secret_key": "another"} for line in lines)):
        assert "does not match the signature you provided" in answer.get("refused", ""), line


CHANNEL_HOSTS = [
    "https://ssmmessages.eu-west-1.amazonaws.com",
    "https://vpce-0a1b-2c3d.ssmmessages.eu-west-1.vpce.amazonaws.com",
    "http://127.0.0.1:5319",
]
CHANNEL_TARGETS = [
    "/v1/data-channel/ecs-execute-command-0123456789abcdefg?role=publish_subscribe",
    "/v1/data-channel/ecs-execute-command-0a?role=publish_subscribe&cell-number=AAEAAU%2FbTxc%3D%3D",
    "/v1/data-channel/me@example.com-0a?stream=input",
    "/v1/data-channel/s",
]


def test_signs_data_channels_as_botocore_does():
    cases = itertools.product(CHANNEL_HOSTS, CHANNEL_TARGETS, TOKENS, ["eu-west-1", "cn-north-1"])
    signed = [
        signed_by_botocore(host, target, [], "", "GET", SECRETS[0], token, (region, "ssmmessages"))
        for host, target, token, region in cases
    ]
    for (line, expected), answer in zip(signed, ask_ferry({**line, "channel": True} for line, _ in signed), strict=True):
        assert answer == {"headers": expected}, line
        names = "host;x-amz-date;x-amz-security-token" if line["token"] else "host;x-amz-date"
        assert f"SignedHeaders={names}," in expected["Authorization"]
