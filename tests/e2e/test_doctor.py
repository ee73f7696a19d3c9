"""ferry doctor against a fake AWS: seeded misconfigurations through the real calls, and what may not be read."""

import json
import pathlib
import shutil
import subprocess

import pytest
from fake_aws import REGION, allow, fake_aws, trust
from running_service import enterable_task


@pytest.fixture
def aws():
    with fake_aws() as server:
        yield server


@pytest.fixture
def doctor(ferry, aws, tmp_path):
    """doctor(words...) asks the fake AWS and gives the finished process."""

    def ask(*words, target="prod/web"):
        environment = {
            "HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": "AK",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": aws.url,
        }
        command = [ferry, "doctor", target, *words]
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    return ask


def findings(done):
    assert done.returncode in (0, 1), done
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_a_healthy_service_has_nothing_wrong_and_nothing_open(doctor):
    done = doctor("-o", "json")
    assert done.returncode == 0, done.stdout
    report = findings(done)
    assert report["first_wrong"] is None
    assert {one["verdict"] for one in report["findings"]} == {"ok"}, report


def no_rights(world):
    world["roles"]["web-task"]["inline"] = {}


def rights_on_the_execution_role(world):
    world["roles"]["web-execution"]["inline"]["exec"] = world["roles"]["web-task"]["inline"].pop("exec")


def wrong_trust(world):
    world["roles"]["web-task"]["trust"] = trust("ec2.amazonaws.com")


def role_is_gone(world):
    del world["roles"]["web-task"]


def no_task_role(world):
    del world["definition"]["taskRoleArn"]


def exec_off(world):
    world["service"]["enableExecuteCommand"] = world["task"]["enableExecuteCommand"] = False


def task_is_older(world):
    world["task"]["enableExecuteCommand"] = False


def no_way_out(world):
    world["routes"] = [{"destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local"}]


def old_platform(world):
    world["task"]["platformVersion"] = "1.3.0"


def read_only_root(world):
    world["definition"]["containerDefinitions"][0]["readonlyRootFilesystem"] = True


def caller_may_not(world):
    world["caller_decision"] = "implicitDeny"


def caller_may_not_open_channels(world):
    world["caller_decisions"] = {"ssmmessages:OpenDataChannel": "implicitDeny"}


def two_sessions(world):
    world["sessions"] = ["alice-1", "bob-2"]


@pytest.mark.parametrize(
    ("change", "check", "fix"),
    [
        (no_rights, "exec-rights", "ferry api iam PutRolePolicy '{\"RoleName\":\"web-task\""),
        (rights_on_the_execution_role, "exec-rights", "ferry api iam DeleteRolePolicy '{\"RoleName\":\"web-execution\",\"PolicyName\":\"exec\"}'"),
        (wrong_trust, "trust-policy", "ferry api iam UpdateAssumeRolePolicy"),
        (role_is_gone, "task-role", "ferry api iam CreateRole '{\"RoleName\":\"web-task\""),
        (no_task_role, "task-role", "ferry api ecs RegisterTaskDefinition -"),
        (exec_off, "exec-enabled", "ferry enable-exec --cluster prod web"),
        (task_is_older, "exec-enabled", "ferry api ecs UpdateService"),
        (no_way_out, "network", "ferry api ec2 CreateVpcEndpoint"),
        (old_platform, "platform", '"platformVersion":"LATEST"'),
        (read_only_root, "container", "readonlyRootFilesystem = false"),
        (caller_may_not, "caller", "ferry api iam PutUserPolicy"),
        (caller_may_not_open_channels, "channel", "session/ecs-execute-command-*"),
        (two_sessions, "sessions", "ferry api ssm TerminateSession '{\"SessionId\":\"alice-1\"}'"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_one_change_is_found_first_with_its_fix(doctor, aws, change, check, fix):
    change(aws.world)
    done = doctor("-o", "json")
    report = findings(done)
    assert (done.returncode, report["first_wrong"]) == (1, check), report
    first = next(one for one in report["findings"] if one["verdict"] == "wrong")
    assert fix in first["fixes"]["commands"]
    text = doctor()
    assert text.returncode == 1
    assert fix in text.stdout and "Terraform:" in text.stdout or check == "sessions"


def rights_in_a_policy_of_the_execution_role(world):
    del world["roles"]["web-task"]["inline"]["exec"]
    world["roles"]["web-execution"]["attached"]["arn:aws:iam::123456789012:policy/exec"] = allow("ssmmessages:*")


def boundary_without_the_rights(world):
    arn = "arn:aws:iam::123456789012:policy/boundary"
    world["roles"]["web-task"]["boundary"] = arn
    world["boundaries"][arn] = allow(["s3:*"])


def public_subnet_without_an_address(world):
    world["routes"] = [{"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active"}]


def no_outbound_rule(world):
    world["groups"][0]["ipPermissionsEgress"] = []


def endpoint_without_dns(world):
    no_way_out(world)
    world["groups"][0]["ipPermissions"] = [
        {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "groups": [{"groupId": "sg-task"}]}
    ]
    world["endpoints"] = [
        {
            "vpcEndpointId": "vpce-1",
            "serviceName": f"com.amazonaws.{REGION}.ssmmessages",
            "state": "available",
            "privateDnsEnabled": False,
            "groupSet": [{"groupId": "sg-task"}],
        }
    ]


@pytest.mark.parametrize(
    "change",
    [
        no_rights,
        rights_on_the_execution_role,
        rights_in_a_policy_of_the_execution_role,
        boundary_without_the_rights,
        wrong_trust,
        role_is_gone,
        no_task_role,
        exec_off,
        task_is_older,
        no_way_out,
        public_subnet_without_an_address,
        no_outbound_rule,
        endpoint_without_dns,
        old_platform,
        read_only_root,
        caller_may_not,
        caller_may_not_open_channels,
        two_sessions,
    ],
    ids=lambda value: value.__name__,
)
def test_the_lines_of_a_fix_put_it_right(doctor, ferry, aws, tmp_path, change):
    """In another shell, which knows nothing of the region and the endpoint; no AWS CLI is on its PATH."""
    change(aws.world)
    report = findings(doctor("-o", "json"))
    lines = "\n".join(one["fixes"]["commands"] for one in report["findings"] if one["verdict"] == "wrong")
    if "ferry enable-exec" in lines:
        lines += " --yes"  # there is no terminal to ask at
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in (ferry, shutil.which("jq")):
        (programs / pathlib.Path(program).name).symlink_to(pathlib.Path(program).resolve())
    environment = {"PATH": str(programs), "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "secret"}
    done = subprocess.run(
        ["/bin/sh", "-ec", lines], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, (lines, done.stderr)
    after = doctor("-o", "json")
    assert findings(after)["first_wrong"] is None, (lines, after.stdout)


def test_a_profile_that_was_named_is_in_the_lines(doctor, aws, tmp_path):
    no_rights(aws.world)
    (tmp_path / ".aws").mkdir()
    credentials = tmp_path / ".aws" / "credentials"
    credentials.write_text("[the team]\naws_access_key_id = AK\naws_secret_access_key = secret\n")
    credentials.chmod(0o600)
    first = next(one for one in findings(doctor("-o", "json", "--profile", "the team"))["findings"] if one["verdict"] == "wrong")
    assert f"--region {REGION} --profile 'the team' --endpoint-url {aws.url}" in first["fixes"]["commands"]


def test_a_read_only_root_with_the_agents_folders_mounted_is_fine(doctor, aws):
    read_only_root(aws.world)
    folders = ["/var/lib/amazon/ssm", "/var/log/amazon/ssm", "/managed-agents"]
    mounts = [{"sourceVolume": f"v{number}", "containerPath": folder} for number, folder in enumerate(folders)]
    container = aws.world["definition"]["containerDefinitions"][0]
    container["mountPoints"] = mounts
    assert findings(doctor("-o", "json"))["first_wrong"] is None
    container["mountPoints"] = [{**mounts[0], "readOnly": True}, *mounts[1:]]
    report = findings(doctor("-o", "json"))
    assert report["first_wrong"] == "container"
    wrong = next(one for one in report["findings"] if one["verdict"] == "wrong")
    assert "/var/lib/amazon/ssm" in wrong["why"] and "/var/log" not in wrong["why"]


def test_advice_is_not_ok(doctor, aws):
    del aws.world["definition"]["containerDefinitions"][0]["linuxParameters"]
    report = findings(doctor("-o", "json"))
    assert [one["check"] for one in report["findings"] if one["verdict"] == "advice"] == ["container"]
    text = doctor()
    assert text.returncode == 0
    assert [line for line in text.stdout.splitlines() if line.startswith("advice ") and "initProcessEnabled" in line]


def test_an_attached_policy_counts(doctor, aws):
    no_rights(aws.world)
    aws.world["roles"]["web-task"]["attached"] = {"arn:aws:iam::123456789012:policy/exec": allow("ssmmessages:*")}
    assert doctor().returncode == 0


@pytest.mark.parametrize("denied", ["iam:GetRole", "iam:ListAttachedRolePolicies", "iam:GetRolePolicy"])
def test_denied_reads_of_iam_are_said_and_not_an_end(doctor, aws, denied):
    no_rights(aws.world)
    aws.world["denied"] = {denied}
    report = findings(doctor("-o", "json"))
    assert report["first_wrong"] == ("exec-rights" if denied == "iam:GetRolePolicy" else None)
    if denied == "iam:GetRolePolicy":
        return
    rights = next(one for one in report["findings"] if one["check"] == "exec-rights")
    assert rights["verdict"] == "cannot_tell" and denied in rights["why"]


def test_whatever_but_ecs_may_be_denied(doctor, aws):
    aws.world["denied"] = {"iam:*", "ec2:*", "ssm:*", "sts:*", "logs:*"}
    done = doctor()
    assert done.returncode == 0, done.stdout
    unknown = [line for line in done.stdout.splitlines() if line.startswith("cannot tell")]
    assert any("trust" in line or "assume" in line for line in unknown)
    assert any("network" in line for line in unknown)
    assert "\x1b" not in done.stdout


def test_ecs_denied_is_told_as_what_cannot_be_seen(doctor, aws):
    aws.world["denied"] = {"ecs:*"}
    done = doctor()
    assert done.returncode == 0
    assert "ecs:DescribeServices" in done.stdout and "wrong" not in done.stdout.split()


def test_nobody_listening_is_ferrys_own_failure(ferry, tmp_path):
    environment = {"HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": REGION}
    command = [ferry, "doctor", "web", "--endpoint-url", "http://127.0.0.1:1"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr.startswith("ferry: doctor: ")
    assert "Connection refused" in done.stderr and "`ferry local up`" in done.stderr


def test_a_local_service_that_can_be_entered_has_nothing_wrong(endpoint):
    enterable_task(endpoint)
    endpoint.wait_for_exec_agent("web")
    done = endpoint.run("doctor", "web")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("does not know the call") == 1, "one reason, one line"


def test_a_local_target_that_is_not_there(endpoint):
    done = endpoint.run("doctor", "nope")
    assert done.returncode == 1
    assert "there is no service nope" in done.stdout
