"""Which region and endpoints ferry uses, beside botocore in the same home and environment."""

import json
import os
import subprocess
import sys
import time

import pytest
from fake_identity import HANG, ZONE
from identity_fixtures import home, identity  # noqa: F401: these are fixtures

# Prints for each of the cases on stdin (variables, --profile) the endpoints of the services, or null where one is refused.
BOTOCORE = """
import json, os, sys
import botocore.session
SERVICES = ("ecs", "logs", "ssm", "sts", "kms", "iam", "ec2")
given = dict(os.environ)

def endpoint(session, service):
    client = session.create_client(service)
    return client.meta.endpoint_url, client.meta.region_name

for line in sys.stdin:
    variables, profile = json.loads(line)
    os.environ.clear()
    os.environ.update(given)
    os.environ.update(variables)
    try:
        session = botocore.session.Session(profile=profile)
        found = {service: endpoint(session, service) for service in SERVICES}
        print(json.dumps([{service: url for service, (url, _) in found.items()}, found["ecs"][1]]))
    except Exception as error:
        print(json.dumps([None, type(error).__name__]))
"""

REGIONS = [
    "us-east-1", "us-west-2", "eu-west-1", "ap-southeast-3", "il-central-1", "mx-central-1", "cn-north-1", "cn-northwest-1",
    "us-gov-east-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1", "eusc-de-east-1",
    "mars-east-1",
]  # fmt: skip
VARIANTS = [
    {},
    {"AWS_USE_FIPS_ENDPOINT": "true"},
    {"AWS_USE_DUALSTACK_ENDPOINT": "True"},
    {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_USE_FIPS_ENDPOINT": "false"},
]
CONFIG = """
[default]
region = eu-north-1
[profile fips]
region = us-west-2
use_fips_endpoint = true
[profile dual]
region = us-west-2
use_dualstack_endpoint = true
[profile url]
region = us-west-2
endpoint_url = http://127.0.0.1:1
[profile services]
region = us-west-2
services = mine
[services mine]
ecs =
  endpoint_url = http://127.0.0.1:2
cloudwatch_logs =
  endpoint_url = http://127.0.0.1:3
[profile both]
region = us-west-2
services = mine
endpoint_url = http://127.0.0.1:4
[profile ignored]
region = us-west-2
endpoint_url = http://127.0.0.1:5
ignore_configured_endpoint_urls = true
"""
CASES = [({"AWS_DEFAULT_REGION": region, **variant}, None) for region in REGIONS for variant in VARIANTS]
CASES += [({}, name) for name in (None, "fips", "dual", "url", "services", "both", "ignored")]
CASES += [({"AWS_PROFILE": "services"}, None), ({"AWS_DEFAULT_REGION": "ap-south-1"}, "url")]
CASES += [({"AWS_ENDPOINT_URL": "http://127.0.0.1:6"}, name) for name in (None, "services", "ignored")]
CASES += [({"AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:7", "AWS_ENDPOINT_URL": "http://127.0.0.1:6"}, None)]
CASES += [({"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://127.0.0.1:8"}, "both")]
CASES += [({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:6"}, name) for name in (None, "both")]
CASES += [({"AWS_DEFAULT_REGION": region}, None) for region in ("fips-us-gov-west-1", "us-east-1-fips", "not a region")]
CASES += [({}, "nobody")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(CONFIG)
    keys = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "s"}
    credentials = "".join(f"[{name}]\naws_access_key_id=AK\naws_secret_access_key=s\n" for name in ("fips", "dual", "url", "services", "both", "ignored"))
    (home / ".aws" / "credentials").write_text(credentials)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **keys}


@pytest.fixture(scope="module")
def norm(environment):
    lines = "".join(json.dumps(case) + "\n" for case in CASES)
    done = subprocess.run([sys.executable, "-c", BOTOCORE], input=lines, env=environment, capture_output=True, text=True, timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: "-".join([*CASES[number][0].values(), CASES[number][1] or ""]))
def test_what_botocore_calls_ferry_calls(number, norm, environment, ferry):
    variables, profile = CASES[number]
    words = [ferry, "whoami", "--offline", "-o", "json", *(["--profile", profile] if profile else [])]
    done = subprocess.run(words, env={**environment, **variables}, capture_output=True, text=True, timeout=60)
    endpoints, region = norm[number]
    if endpoints is None:
        assert (done.returncode, done.stdout) == (125, "")
        assert len(done.stderr.splitlines()) == 1
        return
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["endpoints"] == endpoints
    assert told["endpoint"] == endpoints["ecs"]
    assert told["region"] == region


class Region:
    """ferry and the AWS CLI, which asks an instance for its region, in a home without one."""

    def __init__(self, ferry, home, url):
        self.ferry = ferry
        self.home = home
        (home / ".aws").mkdir(exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": url + "/",  # without it the CLI of Debian 12 knows no path
            "AWS_ACCESS_KEY_ID": "AK",
            "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_PAGER": "",
        }

    def ask_ferry(self, variables, *words):
        command = [self.ferry, "whoami", "--offline", "-o", "json", *words]
        return subprocess.run(command, env={**self.environment, **variables}, capture_output=True, text=True, timeout=60)

    def ask_cli(self, variables):
        done = subprocess.run(["/usr/bin/aws", "configure", "list"], env={**self.environment, **variables}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        (line,) = [line.split() for line in done.stdout.splitlines() if line.split()[0] == "region"]
        return None if line[1] == "<not" else line[1]


@pytest.fixture
def region(ferry, home, identity):
    return Region(ferry, home, identity.url)


# name: (config file, variables, what the instance answers, the region or None, how often it was asked for it)
BY_METADATA = {
    "nothing else": ("", {}, None, "eu-west-3", 1),
    "a profile without one": ("[default]\noutput = json\n", {}, None, "eu-west-3", 1),
    "profile": ("[default]\nregion = eu-north-1\n", {}, None, "eu-north-1", 0),
    "AWS_REGION": ("", {"AWS_REGION": "eu-north-1"}, None, "eu-north-1", 0),
    "AWS_DEFAULT_REGION": ("", {"AWS_DEFAULT_REGION": "eu-north-1"}, None, "eu-north-1", 0),
    "AWS_REGION over AWS_DEFAULT_REGION": ("", {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-south-1"}, None, "eu-north-1", 0),
    "switched off": ("", {"AWS_EC2_METADATA_DISABLED": "true"}, None, None, 0),
    "refused": ("", {}, (404, ""), None, 1),
    "in trouble": ("", {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"}, (500, ""), None, 3),
    "in trouble, by profile": ("[default]\nmetadata_service_num_attempts = 2\n", {}, (500, ""), None, 2),
    "nothing to say": ("", {}, (200, ""), None, 1),
}


@pytest.mark.parametrize("case", BY_METADATA)
def test_the_region_of_the_instance_is_found_as_by_the_aws_cli(region, identity, case):
    config, variables, answer, wanted, times = BY_METADATA[case]
    (region.home / ".aws/config").write_text(config)
    if answer:
        identity.answers[ZONE] = answer
    assert region.ask_cli(variables) == wanted
    identity.asked.clear()
    done = region.ask_ferry(variables)
    assert identity.times_asked(ZONE) == times
    if wanted is None:
        assert (done.returncode, done.stdout) == (125, "")
        (line,) = done.stderr.splitlines()
        assert "no AWS region found" in line
        assert "--region" in line
        return
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["region"], told["endpoint"]) == (wanted, f"https://ecs.{wanted}.amazonaws.com")


def test_a_region_by_flag_asks_no_instance(region, identity):
    assert json.loads(region.ask_ferry({}, "--region", "eu-north-1").stdout)["region"] == "eu-north-1"
    assert identity.asked == []


def test_an_instance_that_names_nonsense_is_told(region, identity):
    identity.zone = "not a zone"
    done = region.ask_ferry({})
    assert done.returncode == 125
    assert "'not a zon' (from the instance's metadata) is no AWS region" in done.stderr


def test_elsewhere_than_on_an_instance_that_takes_no_longer_than_its_time_out(region, identity):
    identity.answers["/latest/api/token"] = HANG
    begin = time.monotonic()
    done = region.ask_ferry({})
    assert time.monotonic() - begin < 6
    assert (done.returncode, len(done.stderr.splitlines())) == (125, 1)
    assert identity.times_asked("/latest/api/token") == 1


def test_any_command_finds_its_region_so(region, identity, shared_endpoint, ferry):
    identity.zone = f"{shared_endpoint.environment['AWS_REGION']}a"
    variables = {name: value for name, value in shared_endpoint.environment.items() if "REGION" not in name}
    variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = identity.url
    done = subprocess.run([ferry, "api", "ecs", "ListClusters"], env=variables, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert identity.times_asked(ZONE) == 1
