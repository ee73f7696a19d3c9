"""Where ferry finds credentials, case by case beside botocore in the same home and environment."""

import hashlib
import json
import os
import stat
import subprocess
import sys

import pytest
from fake_identity import CONTAINER_TOKEN, FakeIdentity, in_an_hour

KEYS = "aws_access_key_id = {0}\naws_secret_access_key = secret\n"
ROLE = "arn:aws:iam::123456789012:role/"
BOTOCORE = """
import json, botocore.session
session = botocore.session.Session({profile})
credentials = session.get_credentials()
frozen = credentials.get_frozen_credentials()
print(json.dumps([credentials.method, frozen.access_key]))
"""


@pytest.fixture
def identity():
    with FakeIdentity() as fake:
        yield fake


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".aws").mkdir()
    return tmp_path


class Place:
    def __init__(self, home, url, ferry):
        self.home, self.url, self.ferry = home, url, ferry

    def environment(self, variables):
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url,
            **{name: value.replace("URL", self.url).replace("HOME", str(self.home)) for name, value in variables.items()},
        }

    def write(self, files):
        for name, text in files.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("HOME", str(self.home)))

    def ask_ferry(self, variables, profile=None):
        words = [self.ferry, "whoami", "--offline", "-o", "json", *(["--profile", profile] if profile else [])]
        return subprocess.run(words, env=self.environment(variables), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, start_new_session=True)

    def ask_botocore(self, variables, profile=None):
        program = BOTOCORE.format(profile=f"profile={profile!r}" if profile else "")
        return subprocess.run([sys.executable, "-c", program], env=self.environment(variables), capture_output=True, text=True, timeout=60)


@pytest.fixture
def place(home, identity, ferry):
    return Place(home, identity.url, ferry)


def login(session, **members):
    token = {"accessToken": "login-token", "expiresAt": in_an_hour(), "region": "us-east-1", "startUrl": "https://start", **members}
    return {f".aws/sso/cache/{hashlib.sha1(session.encode()).hexdigest()}.json": json.dumps(token)}


RENEWABLE = {
    "expiresAt": "2020-01-01T00:00:00Z",
    "refreshToken": "refresh",
    "clientId": "id",
    "clientSecret": "secret",
    "registrationExpiresAt": "2099-01-01T00:00:00Z",
}
SSO_SESSION = (
    "[default]\nsso_session = mine\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
    "[sso-session mine]\nsso_start_url = https://start\nsso_region = us-east-1\n"
)
SSO_LEGACY = "[default]\nsso_start_url = https://start\nsso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
ENV = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "secret"}
PROCESS = "[default]\ncredential_process = HOME/program 'one word'\n"


def program(text):
    return {"program": "#!/bin/sh\n" + text}


def printed(**members):
    return f"cat <<'END'\n{json.dumps({'Version': 1, 'AccessKeyId': 'AKPROCESS', 'SecretAccessKey': 's', **members})}\nEND\n"


# name: (files, variables, --profile, the key that both must find or None)
CASES = {
    "environment": ({}, ENV, None, "AKENV"),
    "environment over default profile": ({".aws/credentials": "[default]\n" + KEYS.format("AKFILE")}, ENV, None, "AKENV"),
    "environment over AWS_PROFILE": ({".aws/credentials": "[dev]\n" + KEYS.format("AKDEV")}, {**ENV, "AWS_PROFILE": "dev"}, None, "AKENV"),
    "profile by name over environment": ({".aws/credentials": "[dev]\n" + KEYS.format("AKDEV")}, ENV, "dev", "AKDEV"),
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
    "web identity without a role": ({"token": "web-token"}, {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token"}, None, None),
    "web identity without its file": ({}, {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"}, None, None),
    "web identity that is refused": (
        {"token": "another"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "HOME/token", "AWS_ROLE_ARN": ROLE + "web"},
        None,
        None,
    ),
    "program": ({".aws/config": PROCESS, **program(printed())}, {}, None, "AKPROCESS"),
    "program with an end": ({".aws/config": PROCESS, **program(printed(SessionToken="t", Expiration="2099-01-01T00:00:00Z"))}, {}, None, "AKPROCESS"),
    "program with words": ({".aws/config": PROCESS, **program('[ "$1" = "one word" ] || exit 1\n' + printed())}, {}, None, "AKPROCESS"),
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
    files, variables, profile, key = CASES[case]
    place.write(files)
    if (place.home / "program").exists():
        (place.home / "program").chmod(0o755)
    # First ferry: a login that botocore renews would be valid for ferry too.
    ours = place.ask_ferry(variables, profile)
    place.write(files)
    theirs = place.ask_botocore(variables, profile)
    if key is None:
        assert theirs.returncode != 0, "botocore is the norm"
        assert (ours.returncode, ours.stdout) == (125, "")
        assert len(ours.stderr.splitlines()) == 1
        return
    assert theirs.returncode == 0, theirs.stderr
    assert ours.returncode == 0, ours.stderr
    told = json.loads(ours.stdout)
    assert [told["credential_source"], told["access_key_id"]] == json.loads(theirs.stdout)
    assert told["access_key_id"] == key
    assert "secret" not in ours.stdout


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
