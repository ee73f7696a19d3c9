"""Which region and endpoints ferry uses, beside botocore in the same home and environment."""

import json
import os
import subprocess
import sys

import pytest

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
