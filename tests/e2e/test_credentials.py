"""Where ferry finds credentials, case by case beside botocore in the same home and environment."""

import json
import os
import stat
import subprocess

import pytest
from fake_identity import CONTAINER_TOKEN, SECRET, SESSION_TOKEN
from identity_fixtures import (  # noqa: F401: some are fixtures
    ENV,
    KEYS,
    PROCESS,
    RENEWABLE,
    ROLE,
    SSO_LEGACY,
    SSO_SESSION,
    home,
    identity,
    login,
    place,
    printed,
    program,
)

# name: (files, variables, --profile, the key that both must find or None)
CASES = {
    "environment": ({}, ENV, None, "AKENV"),
    "environment over default profile": ({".aws/credentials": "[default]\n" + KEYS.format("AKFILE")}, ENV, None, "AKENV"),
    "environment over AWS_PROFILE": ({".aws/credentials": "[dev]\n" + KEYS.format("AKDEV")}, {**ENV, "AWS_PROFILE": "dev"}, None, "AKENV"),
    "profile by name over environment": ({".aws/credentials": "[dev]\n" + KEYS.format("AKDEV")}, ENV, "dev", "AKDEV"),
    "environment, older name of the token": ({}, {**ENV, "AWS_SECURITY_TOKEN": SESSION_TOKEN}, None, "AKENV"),
    "environment that has ended": ({}, {**ENV, "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}, None, None),
    "environment with an end that is none": ({}, {**ENV, "AWS_CREDENTIAL_EXPIRATION": "soon"}, None, None),
    "environment without a key id": ({".aws/credentials": "[default]\n" + KEYS.format("AKFILE")}, {"AWS_SECRET_ACCESS_KEY": "s"}, None, "AKFILE"),
    "half an environment": ({".aws/credentials": "[default]\n" + KEYS.format("AKFILE")}, {"AWS_ACCESS_KEY_ID": "AK"}, None, None),
    "credentials file": ({".aws/credentials": "[default]\n" + KEYS.format("AKFILE")}, {}, None, "AKFILE"),
    "config file": ({".aws/config": "[default]\n" + KEYS.format("AKCONFIG")}, {}, None, "AKCONFIG"),
    "config file, other profile": ({".aws/config": "[profile dev]\n" + KEYS.format("AKCONFIG")}, {"AWS_PROFILE": "dev"}, None, "AKCONFIG"),
    "files elsewhere": ({"c": "[default]\n" + KEYS.format("AKELSE")}, {"AWS_SHARED_CREDENTIALS_FILE": "HOME/c"}, None, "AKELSE"),
    "credentials file over config file": (
        {".aws/credentials": "[default]\n" + KEYS.format("AKFILE"), ".aws/config": "[default]\n" + KEYS.format("AKCONFIG")},
        {},
        None,
        "AKFILE",
    ),
    "unknown profile": ({".aws/config": "[default]\n" + KEYS.format("AK")}, {}, "nobody", None),
    "role by source_profile": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\n[profile base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        "AKBASE-one",
    ),
    "role with external id": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\nexternal_id = ext\n[profile base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        "AKBASE-one-ext",
    ),
    "role of a role": (
        {
            ".aws/config": f"[default]\nrole_arn = {ROLE}two\nsource_profile = mid\n[profile mid]\nrole_arn = {ROLE}one\n"
            "source_profile = base\n[profile base]\n" + KEYS.format("AKBASE")
        },
        {},
        None,
        "AKBASE-one-two",
    ),
    "role of its own profile's keys": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = default\n" + KEYS.format("AKSELF")},
        {},
        None,
        "AKSELF-one",
    ),
    "role for a while": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\nduration_seconds = 900\n[profile base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        "AKBASE-one-900",
    ),
    "role for a while that is no number": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\nduration_seconds = long\n[profile base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        "AKBASE-one",
    ),
    "role for too long": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\nduration_seconds = 99999\n[profile base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        None,
    ),
    "role with a session name": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\nrole_session_name = me@home\n[profile base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        "AKBASE-one-me@home",
    ),
    "role with everything": (
        {
            ".aws/config": f"[profile r]\nrole_arn = {ROLE}one\nsource_profile = base\nrole_session_name = me\nduration_seconds = 43200\n"
            "external_id = ext:1/2\n",
            ".aws/credentials": "[base]\n" + KEYS.format("AKBASE"),
        },
        {"AWS_PROFILE": "r"},
        None,
        "AKBASE-one-ext:1/2-43200-me",
    ),
    "role in the credentials file": (
        {".aws/credentials": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\n[base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        "AKBASE-one",
    ),
    "role beside keys": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\n[profile base]\n" + KEYS.format("AKBASE"), ".aws/credentials": "[default]\n" + KEYS.format("AKOWN")},
        {},
        None,
        "AKBASE-one",
    ),
    "role with both sources": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\ncredential_source = Environment\n[profile base]\n" + KEYS.format("AKBASE")},
        {},
        None,
        None,
    ),
    "role by an environment without keys": (
        {".aws/config": f"[profile r]\nrole_arn = {ROLE}one\ncredential_source = Environment\n"},
        {},
        "r",
        None,
    ),
    "role of a source without credentials": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\n[profile base]\nregion = us-east-1\n"},
        {},
        None,
        None,
    ),
    "role of half a pair of keys": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = default\naws_secret_access_key = secret\n"},
        {},
        None,
        None,
    ),
    "role of a role by the environment's keys": (
        {
            ".aws/config": f"[profile two]\nrole_arn = {ROLE}two\nsource_profile = one\n"
            f"[profile one]\nrole_arn = {ROLE}one\ncredential_source = Environment\n"
        },
        ENV,
        "two",
        "AKENV-one-two",
    ),
    "role by identity center": (
        {
            ".aws/config": f"[profile r]\nrole_arn = {ROLE}one\nsource_profile = default\n" + SSO_SESSION,
            **login("mine"),
        },
        {},
        "r",
        "AKSSO-one",
    ),
    "role by identity center, legacy": (
        {".aws/config": f"[profile r]\nrole_arn = {ROLE}one\nsource_profile = default\n" + SSO_LEGACY, **login("https://start")},
        {},
        "r",
        "AKSSO-one",
    ),
    "role by a web identity": (
        {
            "token": "web-token",
            ".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = web\n"
            f"[profile web]\nrole_arn = {ROLE}web\nweb_identity_token_file = HOME/token\n",
        },
        {},
        None,
        "AKWEB-one",
    ),
    "roles in a circle": (
        {
            ".aws/config": f"[default]\nrole_arn = {ROLE}a\nsource_profile = b\n[profile b]\nrole_arn = {ROLE}b\nsource_profile = default\n"
        },
        {},
        None,
        None,
    ),
    "role of a missing profile": ({".aws/config": f"[default]\nrole_arn = {ROLE}a\nsource_profile = nobody\n"}, {}, None, None),
    "role without a source": ({".aws/config": f"[default]\nrole_arn = {ROLE}a\n"}, {}, None, None),
    "role by the environment's keys": (
        {".aws/config": f"[profile r]\nrole_arn = {ROLE}one\ncredential_source = Environment\n"},
        ENV,
        "r",
        "AKENV-one",
    ),
    "role by the container": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\ncredential_source = EcsContainer\n"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN},
        None,
        "AKCONTAINER-one",
    ),
    "role by the instance": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\ncredential_source = Ec2InstanceMetadata\n"},
        {},
        None,
        "AKINSTANCE-one",
    ),
    "role by an unknown source": ({".aws/config": f"[default]\nrole_arn = {ROLE}one\ncredential_source = Moon\n"}, {}, None, None),
    "role by a program": (
        {".aws/config": f"[default]\nrole_arn = {ROLE}one\nsource_profile = p\n[profile p]\ncredential_process = HOME/program\n", **program(printed())},
        {},
        None,
        "AKPROCESS-one",
    ),
    "web identity by variables": (
        {"token": "web-token"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"},
        None,
        "AKWEB",
    ),
    "web identity by profile": (
        {"token": "web-token", ".aws/config": f"[default]\nrole_arn = {ROLE}web\nweb_identity_token_file = HOME/token\n"},
        {},
        None,
        "AKWEB",
    ),
    "web identity with a session name": (
        {"token": "web-token"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web", "AWS_ROLE_SESSION_NAME": "me"},
        None,
        "AKWEB-me",
    ),
    "web identity with a session name by profile": (
        {"token": "web-token", ".aws/config": f"[default]\nrole_arn = {ROLE}web\nweb_identity_token_file = HOME/token\nrole_session_name = me\n"},
        {},
        None,
        "AKWEB-me",
    ),
    "web identity, half by variable and half by profile": (
        {"token": "web-token", ".aws/config": f"[default]\nrole_arn = {ROLE}web\n"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token"},
        None,
        None,
    ),
    "web identity variables beside a profile by name": (
        {"token": "web-token", ".aws/credentials": "[dev]\n" + KEYS.format("AKDEV")},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"},
        "dev",
        "AKDEV",
    ),
    "web identity over keys": (
        {"token": "web-token", ".aws/credentials": "[default]\n" + KEYS.format("AKFILE")},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"},
        None,
        "AKWEB",
    ),
    "web identity without a role": ({"token": "web-token"}, {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token"}, None, None),
    "web identity without its file": ({}, {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"}, None, None),
    "web identity that is refused": (
        {"token": "another"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"},
        None,
        None,
    ),
    "program": ({".aws/config": PROCESS, **program(printed())}, {}, None, "AKPROCESS"),
    "program with an end": ({".aws/config": PROCESS, **program(printed(SessionToken=SESSION_TOKEN, Expiration="2099-01-01T00:00:00Z"))}, {}, None, "AKPROCESS"),
    "program with words": ({".aws/config": PROCESS, **program('[ "$1" = "one word" ] || exit 1\n' + printed())}, {}, None, "AKPROCESS"),
    "program whose keys have ended": ({".aws/config": PROCESS, **program(printed(SessionToken=SESSION_TOKEN, Expiration="2020-01-01T00:00:00Z"))}, {}, None, None),
    "program that also writes to stderr": ({".aws/config": PROCESS, **program("echo look >&2\n" + printed())}, {}, None, "AKPROCESS"),
    "program of another version": ({".aws/config": PROCESS, **program(printed(Version=2))}, {}, None, None),
    "program that fails": ({".aws/config": PROCESS, **program("exit 3\n")}, {}, None, None),
    "program that prints nonsense": ({".aws/config": PROCESS, **program("echo nonsense\n")}, {}, None, None),
    "program that is not there": ({".aws/config": PROCESS}, {}, None, None),
    "keys of the credentials file over a program": (
        {".aws/config": PROCESS, ".aws/credentials": "[default]\n" + KEYS.format("AKFILE"), **program(printed())},
        {},
        None,
        "AKFILE",
    ),
    "identity center, session": ({".aws/config": SSO_SESSION, **login("mine")}, {}, None, "AKSSO"),
    "identity center, legacy": ({".aws/config": SSO_LEGACY, **login("https://start")}, {}, None, "AKSSO"),
    "identity center, renewed": ({".aws/config": SSO_SESSION, **login("mine", **RENEWABLE)}, {}, None, "AKSSO"),
    "identity center, expired": ({".aws/config": SSO_LEGACY, **login("https://start", expiresAt="2020-01-01T00:00:00Z")}, {}, None, None),
    "identity center, no login": ({".aws/config": SSO_SESSION}, {}, None, None),
    "identity center, renewal refused": (
        {".aws/config": SSO_SESSION, **login("mine", **{**RENEWABLE, "refreshToken": "stale"})},
        {},
        None,
        None,
    ),
    "identity center, renewal refused before the end": (
        {".aws/config": SSO_SESSION, **login("mine", **{**RENEWABLE, "refreshToken": "stale", "expiresAt": "IN_300_S"})},
        {},
        None,
        "AKSSO",
    ),
    "identity center, registration expired": (
        {".aws/config": SSO_SESSION, **login("mine", **{**RENEWABLE, "registrationExpiresAt": "2020-01-01T00:00:00Z"})},
        {},
        None,
        None,
    ),
    "identity center, nothing to renew with": (
        {".aws/config": SSO_SESSION, **login("mine", **{name: value for name, value in RENEWABLE.items() if name != "clientSecret"})},
        {},
        None,
        None,
    ),
    "identity center, login that is none": ({".aws/config": SSO_SESSION, **{name: "{" for name in login("mine")}}, {}, None, None),
    "identity center, login that was withdrawn": ({".aws/config": SSO_SESSION, **login("mine", accessToken="withdrawn")}, {}, None, None),
    "identity center, role with odd letters": (
        {".aws/config": SSO_SESSION.replace("Admin", "A+B=C,D@E&F"), **login("mine")},
        {},
        None,
        "AKSSO-A+B=C,D@E&F",
    ),
    "identity center, session and profile differ": (
        {".aws/config": SSO_SESSION.replace("sso_session = mine", "sso_session = mine\nsso_region = eu-west-1"), **login("mine")},
        {},
        None,
        None,
    ),
    "identity center at an endpoint of its own": (
        {
            ".aws/config": SSO_SESSION.replace("[default]\n", "[default]\nservices = s\n")
            + "[services s]\nsso =\n  endpoint_url = http://127.0.0.1:1\n",
            **login("mine"),
        },
        {"AWS_ENDPOINT_URL_SSO": "URL"},
        None,
        "AKSSO",
    ),
    "identity center, no role": ({".aws/config": SSO_SESSION.replace("sso_role_name = Admin\n", ""), **login("mine")}, {}, None, None),
    "identity center, no session": ({".aws/config": SSO_SESSION.partition("[sso-session")[0], **login("mine")}, {}, None, None),
    "identity center over keys": (
        {".aws/config": SSO_SESSION, ".aws/credentials": "[default]\n" + KEYS.format("AKFILE"), **login("mine")},
        {},
        None,
        "AKSSO",
    ),
    "container": (
        {},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN},
        None,
        "AKCONTAINER",
    ),
    "container, token in a file": (
        {"token": CONTAINER_TOKEN},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/token"},
        None,
        "AKCONTAINER",
    ),
    "container, token by variable and file": (
        {"token": CONTAINER_TOKEN},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stale",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/token",
        },
        None,
        "AKCONTAINER",
    ),
    "container, no token file": (
        {},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/token"},
        None,
        None,
    ),
    "container, wrong token": (
        {},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "wrong"},
        None,
        None,
    ),
    "container, past a proxy": (
        {},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN,
            "HTTP_PROXY": "http://127.0.0.1:1",
        },
        None,
        "AKCONTAINER",
    ),
    "container over the instance": (
        {".aws/config": "[default]\noutput = json\n"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN},
        None,
        "AKCONTAINER",
    ),
    "container, token with a line end": (
        {"token": CONTAINER_TOKEN + "\n"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "HOME/token"},
        None,
        None,
    ),
    "container, never by way of a proxy": (
        {},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN,
            "HTTP_PROXY": "http://127.0.0.1:1",
        },
        None,
        "AKCONTAINER",
    ),
    "container at a foreign host": ({}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://credentials.example/container"}, None, None),
    "instance": ({}, {}, None, "AKINSTANCE"),
    "instance switched off": ({}, {"AWS_EC2_METADATA_DISABLED": "true"}, None, None),
    "profile without credentials": ({".aws/config": "[default]\noutput = json\n"}, {}, None, "AKINSTANCE"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_botocore_resolves_ferry_resolves(place, case):
    place.compare(*CASES[case])


def test_a_renewed_login_is_kept_for_the_aws_cli(place):
    place.write({".aws/config": SSO_SESSION, **login("mine", **RENEWABLE)})
    assert place.ask_ferry({}).returncode == 0
    (path,) = (place.home / ".aws/sso/cache").iterdir()
    assert json.loads(path.read_text())["accessToken"] == "renewed-token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_expired_login_says_how_to_log_in_again(place):
    place.write({".aws/config": SSO_LEGACY, **login("https://start", expiresAt="2020-01-01T00:00:00Z")})
    assert "aws sso login --profile default" in place.ask_ferry({}).stderr


def test_credentials_of_aws_login_come_from_the_aws_cli(place, home):
    aws = home / "bin" / "aws"
    aws.parent.mkdir()
    aws.write_text('#!/bin/sh\n[ "$*" = "configure export-credentials --format process --profile default" ] || exit 1\n' + printed())
    aws.chmod(0o755)
    place.write({".aws/config": "[default]\nlogin_session = arn:aws:iam::123456789012:user/me\n"})
    told = json.loads(place.ask_ferry({"PATH": f"{aws.parent}:{os.environ['PATH']}"}).stdout)
    assert (told["access_key_id"], told["credential_source"]) == ("AKPROCESS", "login")


def test_a_role_with_mfa_needs_somebody_to_ask(place):
    config = f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\nmfa_serial = arn:mfa\n[profile base]\n" + KEYS.format("AKBASE")
    place.write({".aws/config": config})
    done = place.ask_ferry({})
    assert done.returncode == 125
    assert "arn:mfa" in done.stderr


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/latest/api/token", (500, "")),
        ("/latest/api/token", (403, "")),
        ("/latest/meta-data/iam/security-credentials/", (404, "")),
        ("/latest/meta-data/iam/security-credentials/the-role", (200, "not json")),
        ("/latest/meta-data/iam/security-credentials/the-role", (200, '{"Code":"Success"}')),
    ],
)
def test_metadata_that_misbehaves_is_one_clear_line(place, identity, path, answer):
    identity.answers[path] = answer
    done = place.ask_ferry({})
    assert (done.returncode, done.stdout) == (125, "")
    (line,) = done.stderr.splitlines()
    assert "metadata" in line


def test_who_i_am(shared_endpoint, ferry):
    done = subprocess.run([ferry, "whoami", "-o", "json"], env=shared_endpoint.environment, capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(done.stdout)
    assert (told["account"], told["credential_source"]) == ("123456789012", "env")
    assert told["endpoint"] == shared_endpoint.environment["AWS_ENDPOINT_URL"]
    text = subprocess.run([ferry, "whoami"], env=shared_endpoint.environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert any(line.split() == ["account", "123456789012"] for line in text.splitlines())
    assert shared_endpoint.environment["AWS_SECRET_ACCESS_KEY"] not in text + done.stdout
