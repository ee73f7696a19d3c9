"""Who gives out credentials misbehaves: what botocore gets over ferry gets over, and what nobody does is one clear line, in time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_identity import CONTAINER_TOKEN, CUT, HANG, ROLES, SECRET, SESSION_TOKEN
from identity_fixtures import (  # noqa: F401: some are fixtures
    KEYS,
    RENEWABLE,
    ROLE,
    SSO_LEGACY,
    SSO_SESSION,
    home,
    identity,
    login,
    place,
)

CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN}
TWICE = {"AWS_MAX_ATTEMPTS": "2", "AWS_RETRY_MODE": "standard"}
METADATA_TWICE = {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2"}
ROLE_FILES = {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\n[profile base]\n" + KEYS.format("AKBASE")}
WEB_FILES = {"token": "web-token", ".aws/config": f"[default]\nrole_arn = {ROLE}web\nweb_identity_token_file = HOME/token\n"}

# name: (files, variables that allow two attempts, the path that misbehaves, attempts in all, the key)
SOURCES = {
    "metadata token": ({}, METADATA_TWICE, "/latest/api/token", 2, "AKINSTANCE"),
    "metadata role": ({}, METADATA_TWICE, ROLES, 2, "AKINSTANCE"),
    "metadata keys": ({}, METADATA_TWICE, ROLES + "the-role", 2, "AKINSTANCE"),
    "container": ({}, CONTAINER, "/container", 3, "AKCONTAINER"),
    "sso": ({".aws/config": SSO_LEGACY, **login("https://start")}, TWICE, "/federation/credentials", 2, "AKSSO"),
    "oidc": ({".aws/config": SSO_SESSION, **login("mine", **RENEWABLE)}, TWICE, "/token", 2, "AKSSO"),
    "role": (ROLE_FILES, TWICE, "/", 2, "AKBASE-one"),
    "web identity": (WEB_FILES, TWICE, "/", 2, "AKWEB"),
}
# What is no answer of these at all.
NONSENSE = {"metadata token": "", "metadata role": "", "metadata keys": "nonsense", "container": "nonsense"}


def one_line(done):
    assert (done.returncode, done.stdout) == (125, "")
    assert SECRET not in done.stderr
    assert SESSION_TOKEN not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("ferry: ")
    return line


def ask_timed(place, variables):
    begin = time.monotonic()
    done = place.ask_ferry(variables)
    return done, time.monotonic() - begin


@pytest.mark.parametrize("bad", [(503, ""), CUT], ids=["503", "cut"])
@pytest.mark.parametrize("source", SOURCES)
def test_what_goes_wrong_once_is_asked_again(place, identity, source, bad):
    files, variables, path, _, key = SOURCES[source]
    for client in ("ferry", "botocore"):
        place.write(files)
        identity.first_answers[path] = [bad]
        identity.valid_login = "login-token"
        asked_before = identity.times_asked(path)
        done = place.ask_ferry(variables) if client == "ferry" else place.ask_botocore(variables)
        if client == "botocore" and source == "metadata token" and bad == CUT:
            continue  # it goes on without a token, to version 1
        assert done.returncode == 0, done.stderr
        assert key in done.stdout
        assert identity.times_asked(path) - asked_before == 2


@pytest.mark.parametrize("source", NONSENSE)
def test_an_answer_that_is_none_is_asked_for_again(place, identity, source):
    files, variables, path, _, key = SOURCES[source]
    identity.first_answers[path] = [(200, NONSENSE[source])]
    done = place.ask_ferry(variables)
    assert json.loads(done.stdout)["access_key_id"] == key
    if source == "metadata token":
        return  # botocore takes the empty token, and goes on to version 1
    identity.first_answers[path] = [(200, NONSENSE[source])]
    assert key in place.ask_botocore(variables).stdout


WRONG = [(503, "busy"), (403, ""), (404, ""), CUT]
NO_JSON = [(200, "nonsense"), (200, '{"a": [1'), (200, "{}")]
TEXTS = ("metadata token", "metadata role")  # any text is one of these


@pytest.mark.parametrize(
    ("source", "bad"),
    [(source, bad) for source in SOURCES for bad in WRONG + ([] if source in TEXTS else NO_JSON)],
    ids=str,
)
def test_what_stays_wrong_is_one_clear_line_after_its_attempts(place, identity, source, bad):
    files, variables, path, attempts, _ = SOURCES[source]
    place.write(files)
    identity.answers[path] = bad
    done = place.ask_ferry(variables)
    one_line(done)
    if bad == (503, "busy"):
        assert identity.times_asked(path) == attempts
    if bad == CUT:  # a connection that was kept from the request before is replaced without being an attempt
        assert attempts <= identity.times_asked(path) <= attempts + 1
    assert place.ask_botocore(variables).returncode != 0 or source == "oidc", "botocore is the norm"


@pytest.mark.parametrize(("source", "bad"), [("metadata token", (500, "")), ("metadata keys", (500, ""))])
def test_metadata_are_asked_once_by_default(place, identity, source, bad):
    _, _, path, _, _ = SOURCES[source]
    identity.answers[path] = bad
    assert "metadata" in one_line(place.ask_ferry({}))
    assert identity.times_asked(path) == 1


@pytest.mark.parametrize(("timeout", "attempts"), [("1", "1"), ("1", "3"), ("2", "1")])
@pytest.mark.parametrize("path", ["/latest/api/token", ROLES])
def test_silent_metadata_are_given_up_in_time(place, identity, path, timeout, attempts):
    identity.answers[path] = HANG
    done, seconds = ask_timed(place, {"AWS_METADATA_SERVICE_TIMEOUT": timeout, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": attempts})
    assert "metadata" in one_line(done)
    assert identity.times_asked(path) == int(attempts)
    assert int(timeout) * int(attempts) <= seconds < int(timeout) * int(attempts) + 5


def test_silent_metadata_are_asked_again_as_botocore_does(place, identity):
    for ask in (place.ask_ferry, place.ask_botocore):
        identity.first_answers[ROLES] = [HANG]
        assert "AKINSTANCE" in ask(METADATA_TWICE).stdout


def test_a_silent_container_is_given_up_in_time(place, identity):
    identity.answers["/container"] = HANG
    done, seconds = ask_timed(place, CONTAINER)
    assert "container" in one_line(done)
    assert identity.times_asked("/container") == 3
    assert 6 <= seconds < 15


@pytest.mark.parametrize("source", SOURCES)
def test_credentials_that_have_ended_already(place, identity, source):
    files, variables, _, _, key = SOURCES[source]
    identity.lifetime_s = -60
    place.write(files)
    done = place.ask_ferry(variables)
    place.write(files)
    theirs = place.ask_botocore(variables)
    if key == "AKINSTANCE":  # its service may be in trouble while AWS still takes them
        assert key in theirs.stdout
        assert json.loads(done.stdout)["access_key_id"] == key
    else:
        assert theirs.returncode != 0
        assert "expired" in one_line(done)


def test_a_refused_role_says_which(place, identity):
    place.write(ROLE_FILES)
    message = f"User: arn:aws:iam::1:user/me is not authorized to perform: sts:AssumeRole on resource: {ROLE}one"
    identity.answers["/"] = (403, f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>")
    line = one_line(place.ask_ferry({}))
    assert f"role {ROLE}one" in line
    assert '"Action":"sts:AssumeRole"' in line


def test_a_wrong_secret_is_told_without_it(place, identity):
    place.write({name: text.replace(SECRET, "another-secret") for name, text in ROLE_FILES.items()})
    done = place.ask_ferry({})
    assert "secret access key" in one_line(done)
    assert "another-secret" not in done.stderr


AT_ITS_ADDRESS = {
    "ECS": ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/id"}, ["container-role", "AKCONTAINER"]),
    "relative over full": (
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/id", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/container"},
        ["container-role", "AKCONTAINER"],
    ),
    "EKS Pod Identity": (
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/token"},
        ["container-role", "AKCONTAINER"],
    ),
    "past a proxy": (
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/id", "HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"},
        ["container-role", "AKCONTAINER"],
    ),
    "at another address": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.169.254/v2/credentials/id"}, None),
    "instance": ({}, ["iam-role", "AKINSTANCE"]),
    "instance by IPv6": ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, ["iam-role", "AKINSTANCE"]),
}


def test_credentials_at_the_platforms_own_addresses(home, ferry):
    (home / "token").write_text(CONTAINER_TOKEN)
    usual = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    environments = [
        {**usual, **{name: value.replace("HOME", str(home)) for name, value in variables.items()}} for variables, _ in AT_ITS_ADDRESS.values()
    ]
    command = ["unshare", "-rn", sys.executable, Path(__file__).with_name("link_local.py"), ferry]
    done = subprocess.run(command, input=json.dumps(environments), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    results, complaints = json.loads(done.stdout)
    assert complaints == []
    assert dict(zip(AT_ITS_ADDRESS, results, strict=True)) == {name: [wanted, wanted] for name, (_, wanted) in AT_ITS_ADDRESS.items()}
