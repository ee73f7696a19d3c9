"""Roles' credentials between commands, in the AWS CLI's own cache: each uses what the other has kept."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from fake_identity import SECRET, SESSION_TOKEN
from identity_fixtures import (  # noqa: F401: some are fixtures
    ENV,
    KEYS,
    ROLE,
    SSO_LEGACY,
    SSO_SESSION,
    home,
    identity,
    login,
    place,
)
from terminal import Terminal

CLIS = {"v1": Path(sys.executable).with_name("aws"), "v2": Path("/usr/bin/aws")}
BASE = "[profile base]\n" + KEYS.format("AKBASE")
ROLE_PROFILE = f"[profile r]\nrole_arn = {ROLE}one\nsource_profile = base\n"
MFA = "arn:aws:iam::123456789012:mfa/me"
# The AWS CLI's own botocore, with its cache for all that current versions keep.
BOTOCORE_WITH_CACHE = """
import os
from awscli.botocore import session as sessions
from awscli.botocore.credentials import JSONFileCache
session = sessions.Session(profile={profile!r})
chain = session.get_component("credential_provider")
for name in ("assume-role", "assume-role-with-web-identity", "sso"):
    chain.get_provider(name).cache = JSONFileCache(os.path.expanduser("~/.aws/cli/cache"))
print(session.get_credentials().get_frozen_credentials().access_key)
"""

# What a profile r may be, and other files and variables that it takes.
KINDS = {
    "role": (ROLE_PROFILE + BASE, {}),
    "role with an external id": (ROLE_PROFILE + "external_id = ext:1/2=3\n" + BASE, {}),
    "role for a while": (ROLE_PROFILE + "duration_seconds = 3600\n" + BASE, {}),
    "role with a session name": (ROLE_PROFILE + "role_session_name = me@home\n" + BASE, {}),
    "role with everything": (
        ROLE_PROFILE + "role_session_name = me\nduration_seconds = 7200\nexternal_id = ext\n" + BASE,
        {},
    ),
    "role of a role": (f"[profile r]\nrole_arn = {ROLE}two\nsource_profile = mid\n" + ROLE_PROFILE.replace("profile r", "profile mid") + BASE, {}),
    "web identity": (f"[profile r]\nrole_arn = {ROLE}web\nweb_identity_token_file = HOME/token\n", {"token": "web-token"}),
    "web identity with a session name": (
        f"[profile r]\nrole_arn = {ROLE}web\nweb_identity_token_file = HOME/token\nrole_session_name = me\n",
        {"token": "web-token"},
    ),
    "identity center, session": (SSO_SESSION.replace("[default]", "[profile r]"), login("mine")),
    "identity center, session beyond ASCII": (
        SSO_SESSION.replace("[default]", "[profile r]").replace("mine", "größe"),
        login("größe"),
    ),
    "identity center, legacy": (SSO_LEGACY.replace("[default]", "[profile r]"), login("https://start")),
}


def entries(home):
    cache = home / ".aws/cli/cache"
    return {path.name: json.loads(path.read_text()) for path in cache.iterdir()} if cache.exists() else {}


def without_times(content):
    """An entry as far as it does not depend on when and by which client it was made."""
    kept = {name: value for name, value in content.items() if name in ("Credentials", "ProviderType", "AssumedRoleUser")}
    # The CLI writes the time as STS sends it, its botocore alone with UTC for Z.
    kept["Credentials"] = {**kept["Credentials"], "Expiration": kept["Credentials"]["Expiration"][19:].replace("UTC", "Z")}
    if "AssumedRoleUser" in kept:
        kept["AssumedRoleUser"] = sorted(kept["AssumedRoleUser"])
    return kept


def key_of(done):
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)["access_key_id"]


def ask_botocore(place):
    program = BOTOCORE_WITH_CACHE.format(profile="r")
    done = subprocess.run([sys.executable, "-c", program], env=place.environment({}), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def ask_cli(place, version):
    """The key that the AWS CLI signs with. Nothing can leave this machine: other hosts are behind a proxy that is not there."""
    words = [CLIS[version], "sts", "get-caller-identity", "--profile", "r", "--endpoint-url", place.url, "--output", "json"]
    environment = place.environment({"HTTPS_PROXY": "http://127.0.0.1:1"})
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["UserId"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_has_the_name_and_the_content_that_botocore_gives_it(place, kind):
    config, files = KINDS[kind]
    place.write({".aws/config": config, **files})
    key = ask_botocore(place)
    theirs = entries(place.home)
    assert theirs
    for path in (place.home / ".aws/cli/cache").iterdir():
        path.unlink()
    assert key_of(place.ask_ferry({}, "r")) == key
    ours = entries(place.home)
    if "ASCII" in kind:
        assert ours == {}, "it is not kept, as its name cannot be told"
        return
    assert {name: without_times(content) for name, content in ours.items()} == {name: without_times(content) for name, content in theirs.items()}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "ASCII" not in kind])
def test_what_botocore_has_kept_is_used(place, identity, kind):
    config, files = KINDS[kind]
    place.write({".aws/config": config, **files})
    key = ask_botocore(place)
    identity.asked.clear()
    assert key_of(place.ask_ferry({}, "r")) == key
    assert identity.asked == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "ASCII" not in kind])
def test_what_ferry_has_kept_is_used_by_botocore_and_by_ferry(place, identity, kind):
    config, files = KINDS[kind]
    place.write({".aws/config": config, **files})
    key = key_of(place.ask_ferry({}, "r"))
    identity.asked.clear()
    assert ask_botocore(place) == key
    assert key_of(place.ask_ferry({}, "r")) == key
    assert identity.asked == []


# Version 1 keeps none of IAM Identity Center; Debian's version 2 is older than the token's part in a web identity's name.
@pytest.mark.parametrize(
    ("kind", "version"),
    [("role with everything", "v1"), ("role with everything", "v2"), ("web identity", "v1"), ("identity center, legacy", "v2")],
)
def test_what_ferry_has_kept_is_used_by_the_aws_cli(place, identity, kind, version):
    config, files = KINDS[kind]
    place.write({".aws/config": config, **files})
    key = key_of(place.ask_ferry({}, "r"))
    identity.asked.clear()
    assert ask_cli(place, version) == key
    assert [body.partition("&")[0] for _, _, body in identity.asked] == ["Action=GetCallerIdentity"]


@pytest.mark.parametrize("kind", ["role with everything", "web identity"])
def test_what_the_aws_cli_has_kept_is_used(place, identity, kind):
    config, files = KINDS[kind]
    place.write({".aws/config": config, **files})
    key = ask_cli(place, "v1")
    identity.asked.clear()
    assert key_of(place.ask_ferry({}, "r")) == key
    assert identity.asked == []


def test_only_the_owner_can_read_it(place):
    place.write({".aws/config": ROLE_PROFILE + BASE})
    done = subprocess.run(
        ["sh", "-c", 'umask 000; exec "$@"', "sh", place.ferry, "whoami", "--offline", "--profile", "r"], env=place.environment({}), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (entry,) = (place.home / ".aws/cli/cache").iterdir()
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    for folder in (".aws/cli", ".aws/cli/cache"):
        assert stat.S_IMODE((place.home / folder).stat().st_mode) == 0o700


GOOD = {"AccessKeyId": "AKOLD", "SecretAccessKey": SECRET, "SessionToken": SESSION_TOKEN}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"Credentials": null}',
        json.dumps({"Credentials": GOOD}),
        json.dumps({"Credentials": {**GOOD, "Expiration": "soon"}}),
        json.dumps({"Credentials": {**GOOD, "Expiration": 1}}),
        json.dumps({"Credentials": {**GOOD, "Expiration": "2020-01-01T00:00:00UTC"}}),
        json.dumps({"Credentials": {**GOOD, "Expiration": "IN_840_S"}}),
        json.dumps({"Credentials": {**GOOD, "SecretAccessKey": "", "Expiration": "IN_3600_S"}}),
    ],
)
def test_an_entry_that_will_not_do_is_replaced(place, identity, content):
    place.write({".aws/config": ROLE_PROFILE + BASE})
    place.ask_ferry({}, "r")
    (name,) = entries(place.home)
    place.write({f".aws/cli/cache/{name}": content})
    identity.asked.clear()
    assert key_of(place.ask_ferry({}, "r")) == "AKBASE-one"
    assert identity.times_asked("/", "AssumeRole") == 1
    assert entries(place.home)[name]["Credentials"]["AccessKeyId"] == "AKBASE-one"


@pytest.mark.parametrize("end", ["IN_960_S", "IN_3600_SUTC", "IN_3600_S+00:00"])
def test_an_entry_with_time_left_is_used(place, identity, end):
    place.write({".aws/config": ROLE_PROFILE + BASE})
    place.ask_ferry({}, "r")
    (name,) = entries(place.home)
    place.write({f".aws/cli/cache/{name}": json.dumps({"Credentials": {**GOOD, "Expiration": end}})})
    assert key_of(place.ask_ferry({}, "r")) == "AKOLD"


def test_an_entry_that_the_service_calls_expired_is_replaced(place, identity, ferry):
    place.write({".aws/config": ROLE_PROFILE + BASE})
    place.ask_ferry({}, "r")
    (name,) = entries(place.home)
    content = {"Credentials": {**GOOD, "Expiration": "IN_3600_S"}}
    place.write({f".aws/cli/cache/{name}": json.dumps(content)})
    identity.first_answers["/"] = [(403, identity.refusal("ExpiredToken"))]
    done = subprocess.run([ferry, "whoami", "-o", "json", "--profile", "r"], env=place.environment({}), capture_output=True, text=True, timeout=60)
    assert key_of(done) == "AKBASE-one"
    assert entries(place.home)[name]["Credentials"]["AccessKeyId"] == "AKBASE-one"


def test_where_nothing_can_be_kept_the_role_is_assumed_each_time(place, identity):
    place.write({".aws/config": ROLE_PROFILE + BASE, ".aws/cli": "a file where a folder should be"})
    for _ in range(2):
        assert key_of(place.ask_ferry({}, "r")) == "AKBASE-one"
    assert identity.times_asked("/", "AssumeRole") == 2


def test_keys_and_programs_and_metadata_are_kept_nowhere(place):
    for variables in (ENV, {}):
        key_of(place.ask_ferry(variables))
    assert entries(place.home) == {}


def test_a_code_of_a_device_is_asked_for_on_the_terminal_and_not_with_each_command(place, identity, ferry):
    place.write({".aws/config": ROLE_PROFILE + f"mfa_serial = {MFA}\n" + BASE})
    with Terminal([ferry, "whoami", "--offline", "--profile", "r"], {**os.environ, **place.environment({})}) as terminal:
        terminal.expect(f"code of MFA device {MFA}: ")
        terminal.type("123456\n")
        terminal.expect("AKBASE-one-123456")
        assert terminal.wait() == 0
    asked = [dict(part.split("=") for part in body.split("&")) for _, _, body in identity.asked]
    assert [(form["TokenCode"], form["SerialNumber"]) for form in asked] == [("123456", MFA.replace(":", "%3A").replace("/", "%2F"))]
    identity.asked.clear()
    assert key_of(place.ask_ferry({}, "r")) == "AKBASE-one-123456"
    assert ask_botocore(place) == "AKBASE-one-123456"
    assert ask_cli(place, "v2") == "AKBASE-one-123456"
    assert identity.times_asked("/", "AssumeRole") == 0
