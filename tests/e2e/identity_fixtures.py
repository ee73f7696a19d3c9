"""A home with credentials of every kind, and who gives them out: for the tests of what ferry finds there."""

import hashlib
import json
import os
import re
import subprocess
import sys

import pytest
from fake_identity import SECRET, SESSION_TOKEN, FakeIdentity, from_now

KEYS = "aws_access_key_id = {0}\naws_secret_access_key = " + SECRET + "\n"
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
        assert fake.complaints == []


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
        """In their texts HOME is this home, and IN_900_S the time in so many seconds."""
        for name, text in files.items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(re.sub(r"IN_(\d+)_S(UTC|\+00:00)?", lambda found: from_now(int(found[1]))[:-1] + (found[2] or "Z"), text.replace("HOME", str(self.home))))
            path.chmod(0o700 if name == "program" else 0o600)

    def ask_ferry(self, variables, profile=None):
        words = [self.ferry, "whoami", "--offline", "-o", "json", *(["--profile", profile] if profile else [])]
        return subprocess.run(words, env=self.environment(variables), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, start_new_session=True)

    def ask_botocore(self, variables, profile=None):
        program = BOTOCORE.format(profile=f"profile={profile!r}" if profile else "")
        return subprocess.run([sys.executable, "-c", program], env=self.environment(variables), capture_output=True, text=True, timeout=60)

    def compare(self, files, variables, profile, key):
        """Both find `key` and name the same source for it; None: neither finds any."""
        self.write(files)
        ours = self.ask_ferry(variables, profile)
        self.write(files)  # ferry may have renewed a login
        theirs = self.ask_botocore(variables, profile)
        if key is None:
            assert theirs.returncode != 0, "botocore is the norm"
            assert (ours.returncode, ours.stdout) == (125, "")
            assert len(ours.stderr.splitlines()) == 1
            return
        assert theirs.returncode == 0, theirs.stderr
        assert (ours.returncode, ours.stderr.replace("look\n", "")) == (0, "")
        told = json.loads(ours.stdout)
        assert [told["credential_source"], told["access_key_id"]] == json.loads(theirs.stdout)
        assert told["access_key_id"] == key
        assert SECRET not in ours.stdout
        assert SESSION_TOKEN not in ours.stdout


@pytest.fixture
def place(home, identity, ferry):
    return Place(home, identity.url, ferry)


def login(session, **members):
    token = {"accessToken": "login-token", "expiresAt": "IN_3600_S", "region": "us-east-1", "startUrl": "https://start", **members}
    return {f".aws/sso/cache/{hashlib.sha1(session.encode()).hexdigest()}.json": json.dumps(token)}


RENEWABLE = {
    "expiresAt": "2020-01-01T00:00:00Z",
    "refreshToken": "refresh",
    "clientId": "id",
    "clientSecret": SECRET,
    "registrationExpiresAt": "2099-01-01T00:00:00Z",
}
SSO_SESSION = (
    "[default]\nsso_session = mine\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
    "[sso-session mine]\nsso_start_url = https://start\nsso_region = us-east-1\n"
)
SSO_LEGACY = "[default]\nsso_start_url = https://start\nsso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
ENV = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": SECRET}
PROCESS = "[default]\ncredential_process = HOME/program 'one word'\n"


def program(text):
    return {"program": "#!/bin/sh\n" + text}


def printed(**members):
    return f"cat <<'END'\n{json.dumps({'Version': 1, 'AccessKeyId': 'AKPROCESS', 'SecretAccessKey': SECRET, **members})}\nEND\n"
