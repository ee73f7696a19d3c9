"""What ferry says of its way to AWS: with --debug each step and no secret, and in any case which files with keys are open to others."""

import json
import os
import re
import subprocess

import pytest
from fake_identity import CONTAINER_TOKEN, METADATA_TOKEN, SECRET, SESSION_TOKEN
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

# Whatever nobody may see of what the tests' credentials are made of.
SECRETS = [SECRET, SESSION_TOKEN, CONTAINER_TOKEN, METADATA_TOKEN, "login-token", "renewed-token", "web-token", "Signature=", "Credential=", "Bearer"]
ROLE_CONFIG = f"[default]\nrole_arn = {ROLE}one\nsource_profile = base\n"

# name: (files, variables, the last lines about credentials)
SOURCES = {
    "environment": ({}, {**ENV, "AWS_SESSION_TOKEN": SESSION_TOKEN}, ["env: environment"]),
    "files": (
        {".aws/credentials": "[default]\n" + KEYS.format("AKFILE")},
        {},
        ["shared-credentials-file: profile default in HOME/.aws/credentials"],
    ),
    "role": (
        {".aws/config": ROLE_CONFIG, ".aws/credentials": "[base]\n" + KEYS.format("AKBASE")},
        {},
        [
            "shared-credentials-file: profile base in HOME/.aws/credentials",
            f"assume-role: role {ROLE}one of profile default, assumed by profile base in HOME/.aws/credentials",
            "assume-role: access key AKBASE-one, until TIME",
        ],
    ),
    "web identity": (
        {"token": "web-token"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"},
        ["assume-role-with-web-identity: web identity in HOME/token", "assume-role-with-web-identity: access key AKWEB, until TIME"],
    ),
    "identity center": (
        {".aws/config": SSO_SESSION, **login("mine", **RENEWABLE)},
        {},
        ["sso: IAM Identity Center, profile default", "sso: access key AKSSO, until TIME"],
    ),
    "program": (
        {".aws/config": PROCESS, **program(printed())},
        {},
        ["custom-process: credential_process of profile default", "custom-process: access key AKPROCESS, without an end"],
    ),
    "container": (
        {},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN},
        ["container-role: the container's credentials endpoint", "container-role: access key AKCONTAINER, until TIME"],
    ),
    "instance": ({}, {}, ["iam-role: the instance's metadata", "iam-role: access key AKINSTANCE, until TIME"]),
}


@pytest.fixture
def ask(place):
    """ask(variables, words...) is `ferry whoami` in that place."""

    def run(variables, *words):
        command = [place.ferry, "whoami", "-o", "json", *words]
        return subprocess.run(command, env=place.environment(variables), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    return run


def debug_lines(place, done):
    """Without what stands before each of them, and with placeholders for what no test can know."""
    lines = done.stderr.splitlines()
    assert all(line.startswith("ferry: debug: ") for line in lines), done.stderr
    text = "\n".join(line.removeprefix("ferry: debug: ") for line in lines)
    text = text.replace(str(place.home), "HOME").replace(place.url, "URL")
    text = re.sub(r"\d+ ms", "N ms", re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z", "TIME", text))
    return text.splitlines()


@pytest.mark.parametrize("source", SOURCES)
def test_each_step_is_told_and_no_secret(place, ask, source):
    files, variables, last = SOURCES[source]
    place.write(files)
    done = ask(variables, "--debug")
    assert done.returncode == 0, done.stderr
    lines = debug_lines(place, done)
    told = [line.removeprefix("credentials: ") for line in lines if line.startswith("credentials: ")]
    assert told[-len(last) :] == last
    assert lines[-1].startswith("sts GetCallerIdentity: attempt 1, status 200, N ms, request id request-")
    for secret in SECRETS:
        assert secret not in done.stderr
    # Beside it nothing is different.
    place.write(files)
    plain = ask(variables)
    assert plain.stderr == ""
    same = ("account", "arn", "access_key_id", "credential_source", "region", "endpoints")
    assert [json.loads(plain.stdout)[name] for name in same] == [json.loads(done.stdout)[name] for name in same]


def test_every_source_says_in_its_turn_why_it_has_none(place, ask):
    place.write({".aws/config": "[profile dev]\nregion = eu-west-1\n"})
    done = ask({"AWS_PROFILE": "dev", "AWS_EC2_METADATA_DISABLED": "true"}, "--debug")
    assert done.returncode == 125
    *debug, error = done.stderr.splitlines()
    assert error.startswith("ferry: no AWS credentials found")
    assert [line.removeprefix("ferry: debug: ") for line in debug] == [
        "profile dev, from AWS_PROFILE",
        "region us-east-1, from AWS_REGION",
        "credentials: env: AWS_ACCESS_KEY_ID is not set",
        "credentials: assume-role: profile dev has no role_arn",
        "credentials: assume-role-with-web-identity: profile dev has no web_identity_token_file, and AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "credentials: sso: profile dev has neither sso_account_id nor sso_role_name",
        f"credentials: shared-credentials-file: profile dev has no aws_access_key_id in {place.home}/.aws/credentials",
        "credentials: login: profile dev has no login_session",
        "credentials: custom-process: profile dev has no credential_process",
        f"credentials: config-file: profile dev has no aws_access_key_id in {place.home}/.aws/config",
        "credentials: container-role: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
        "credentials: iam-role: AWS_EC2_METADATA_DISABLED is true",
    ]


ENDPOINT = "\nendpoint_url = http://127.0.0.1:4\n"
ORIGINS = {
    "--region": (["--region", "eu-west-1"], {}, "", "region eu-west-1, from --region"),
    "AWS_DEFAULT_REGION": ([], {"AWS_REGION": ""}, "", "region us-east-1, from AWS_DEFAULT_REGION"),
    "profile's region": ([], {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "[default]\nregion = eu-west-1\n", "region eu-west-1, from profile default"),
    "instance": ([], {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "", "region eu-west-3, from the instance's metadata"),
    "--profile": (["--profile", "default"], {}, "[default]\n", "profile default, from --profile"),
    "no profile": ([], {}, "", "profile default, from nothing else named"),
    "--endpoint-url": (["--endpoint-url", "http://127.0.0.1:2"], {}, "", "endpoint of ecs http://127.0.0.1:2, from --endpoint-url"),
    "AWS_ENDPOINT_URL": ([], {}, "", "endpoint of logs URL, from AWS_ENDPOINT_URL"),
    "AWS_ENDPOINT_URL_LOGS": (
        [],
        {"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://127.0.0.1:3"},
        "",
        "endpoint of logs http://127.0.0.1:3, from AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    ),
    "profile's endpoint": ([], {"AWS_ENDPOINT_URL": ""}, "[default]" + ENDPOINT, "endpoint of ecs http://127.0.0.1:4, from profile default"),
    "profile's services": (
        [],
        {"AWS_ENDPOINT_URL": ""},
        "[default]\nservices = s\n[services s]\necs =\n  endpoint_url = http://127.0.0.1:5\n",
        "endpoint of ecs http://127.0.0.1:5, from the services of profile default",
    ),
    "public": ([], {"AWS_ENDPOINT_URL": ""}, "", "endpoint of ecs https://ecs.us-east-1.amazonaws.com, from the region"),
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_where_region_and_endpoints_come_from(place, ask, origin):
    words, variables, config, line = ORIGINS[origin]
    place.write({".aws/config": config})
    done = ask({**ENV, **variables}, "--offline", "--debug", *words)
    assert done.returncode == 0, done.stderr
    assert line in debug_lines(place, done)


def test_each_request_is_told_with_its_attempts(place, ask, identity):
    place.write({".aws/config": SSO_SESSION, **login("mine", **RENEWABLE)})
    identity.first_answers["/token"] = [(503, "")]
    identity.first_answers["/"] = [(403, identity.refusal("ExpiredToken")), (500, identity.refusal("InternalFailure"))]
    lines = [line for line in debug_lines(place, ask({}, "--debug")) if "attempt" in line]
    assert lines == [
        "sso-oidc CreateToken: attempt 1, status 503, N ms, request id request-1",
        "sso-oidc CreateToken: attempt 2, status 200, N ms, request id request-2",
        "sso GetRoleCredentials: attempt 1, status 200, N ms, request id request-3",
        "sts GetCallerIdentity: attempt 1, status 403 (ExpiredToken), N ms, request id request-4",
        "sso GetRoleCredentials: attempt 1, status 200, N ms, request id request-5",
        "sts GetCallerIdentity: attempt 2, status 500 (InternalFailure), N ms, request id request-6",
        "sts GetCallerIdentity: attempt 3, status 200, N ms, request id request-7",
    ]


def test_a_request_without_an_answer_says_why(place, ask):
    done = ask({**ENV, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}, "--debug")
    assert re.search(r"ferry: debug: sts GetCallerIdentity: attempt 1, no answer \(.*127\.0\.0\.1:1.*\), \d+ ms\n", done.stderr)


def test_credentials_that_were_kept_are_told_as_such(place, ask):
    place.write({".aws/config": ROLE_CONFIG, ".aws/credentials": "[base]\n" + KEYS.format("AKBASE")})
    ask({})
    done = ask({}, "--debug")
    assert re.search(r"credentials: assume-role: access key AKBASE-one, until \S+, kept in \S+/\.aws/cli/cache/\w+\.json\n", done.stderr)
    assert "AssumeRole:" not in done.stderr


def test_a_service_that_quotes_the_token_is_not_quoted(place, ask, identity):
    message = f"The Canonical String should have been: x-amz-security-token:{SESSION_TOKEN} and again {SESSION_TOKEN}"
    identity.answers["/"] = (403, f"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>{message}</Message></Error></ErrorResponse>")
    done = ask({**ENV, "AWS_SESSION_TOKEN": SESSION_TOKEN}, "--debug")
    assert done.returncode == 125
    assert SESSION_TOKEN not in done.stderr
    assert "x-amz-security-token:[secret] and again [secret]" in done.stderr.splitlines()[-1]


def test_every_command_that_takes_a_profile_takes_it(ferry):
    def helped(*words):
        return subprocess.run([ferry, *words, "--help"], capture_output=True, text=True, timeout=60).stdout

    commands = re.findall(r"^  (?:ferry )?([a-z-]+)", helped(), re.MULTILINE)
    with_profile = [command for command in commands if "--profile" in helped(command)]
    assert {"exec", "run", "logs", "ps", "api", "whoami"} <= set(with_profile)
    for command in with_profile:
        assert "--debug" in helped(command)


def test_calls_of_other_commands_are_told_and_their_output_is_as_ever(shared_endpoint, ferry):
    def list_clusters(*words):
        return subprocess.run(
            [ferry, "api", "ecs", "ListClusters", *words], env=shared_endpoint.environment, capture_output=True, text=True, timeout=60, check=True
        )

    done = list_clusters("--debug")
    assert re.search(r"ferry: debug: ecs ListClusters: attempt 1, status 200, \d+ ms", done.stderr)
    assert done.stdout == list_clusters().stdout
    assert shared_endpoint.environment["AWS_SECRET_ACCESS_KEY"] not in done.stderr


CREDENTIALS = {".aws/credentials": "[default]\n" + KEYS.format("AKFILE")}
# name: (files, the one of them that is open)
OPEN = {
    "credentials file": (CREDENTIALS, ".aws/credentials"),
    "config file with keys": ({".aws/config": "[default]\n" + KEYS.format("AKFILE")}, ".aws/config"),
    "keys of a role's source": ({".aws/config": ROLE_CONFIG, ".aws/credentials": "[base]\n" + KEYS.format("AKBASE")}, ".aws/credentials"),
    "login": ({".aws/config": SSO_LEGACY, **login("https://start")}, next(iter(login("https://start")))),
}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602])
@pytest.mark.parametrize("kind", OPEN)
def test_an_open_file_is_warned_about_with_the_line_that_closes_it(place, ask, kind, mode):
    files, name = OPEN[kind]
    place.write(files)
    (place.home / name).chmod(mode)
    done = ask({})
    assert done.returncode == 0
    assert json.loads(done.stdout)["access_key_id"].startswith("AK")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ferry: ")
    assert str(place.home / name) in line
    subprocess.run(line.rpartition("; ")[2], shell=True, check=True)
    assert (place.home / name).stat().st_mode & 0o777 == 0o600
    assert ask({}).stderr == ""


def test_a_path_with_blanks_is_quoted_in_that_line(place, ask):
    place.write({"my folder/it's keys": CREDENTIALS[".aws/credentials"]})
    path = place.home / "my folder" / "it's keys"
    path.chmod(0o644)
    line = ask({"AWS_SHARED_CREDENTIALS_FILE": str(path)}).stderr
    subprocess.run(line.rpartition("; ")[2], shell=True, check=True)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_closed_file_is_not_warned_about(place, ask, mode):
    place.write(CREDENTIALS)
    (place.home / ".aws/credentials").chmod(mode)
    assert ask({}).stderr == ""


def test_files_that_nothing_is_taken_from_are_not_warned_about(place, ask):
    place.write({**CREDENTIALS, ".aws/config": "[default]\nregion = us-east-1\n[profile p]\ncredential_process = HOME/program\n", **program(printed())})
    for path in (place.home / ".aws").iterdir():
        path.chmod(0o644)
    assert ask(ENV).stderr == ""
    assert ask({}, "--profile", "p").stderr == ""


def test_a_file_that_nobody_can_change_is_not_warned_about(place):
    place.write(CREDENTIALS)
    (place.home / ".aws/credentials").chmod(0o644)
    script = f'mount --bind "{place.home}/.aws" "{place.home}/.aws" && mount -o remount,bind,ro "{place.home}/.aws" && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", place.ferry, "whoami", "--offline", "-o", "json"]
    done = subprocess.run(command, env=place.environment({}), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["access_key_id"] == "AKFILE"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_warned_about(place, ask):
    place.write(CREDENTIALS)
    os.chown(place.home / ".aws/credentials", 12345, 12345)
    (place.home / ".aws/credentials").chmod(0o644)
    assert ask({}).stderr == ""


def test_an_open_file_that_is_read_twice_is_warned_about_once(place, ask, identity):
    files, name = OPEN["login"]
    place.write(files)
    (place.home / name).chmod(0o644)
    identity.first_answers["/"] = [(403, identity.refusal("ExpiredToken"))]
    done = ask({})
    assert done.returncode == 0
    assert identity.times_asked("/federation/credentials") == 2
    assert len(done.stderr.splitlines()) == 1
