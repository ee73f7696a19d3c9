"""ferry run: where it runs, and what it changes of the task definition by RunTask's overrides."""

import json
import subprocess

import pytest
from local_endpoint import task_definition
from recording_proxy import RecordingProxy

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
SHOW = "echo run with A=$A B=$B"


@pytest.fixture(scope="module")
def place(shared_endpoint):
    ecs = shared_endpoint.ecs
    container = {"command": ["sh", "-c", SHOW]}
    ecs.register_task_definition(**task_definition(container=container))
    fargate = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    for family, command in {"fargate": ["sh", "-c", SHOW], "web": ["sleep", "1000000"]}.items():
        ecs.register_task_definition(**task_definition(family=family, container={"command": command}, **fargate))
    ecs.create_service(
        serviceName="web",
        taskDefinition="web",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        enableExecuteCommand=True,
        tags=[{"key": "team", "value": "data"}],
    )
    return shared_endpoint


@pytest.fixture
def run(place, ferry, tmp_path):
    def run_ferry(*words, **variables):
        environment = {**place.environment, **variables}
        return subprocess.run([ferry, "run", *words], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    return run_ferry


def result_of(done):
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def task_of(place, done):
    described = place.ecs.describe_tasks(tasks=[result_of(done)["task"]], include=["TAGS"])
    return described["tasks"][0]


def override_of(task, name="app"):
    return next(item for item in task["overrides"]["containerOverrides"] if item["name"] == name)


def test_like_a_service(place, run):
    done = run("--like", "default/web", "-o", "json", "--", "sh", "-c", "echo here")
    result, task = result_of(done), task_of(place, done)
    assert (done.returncode, result["stdout"], result["exit_code"]) == (0, "here\n", 0)
    assert (result["mode"], result["logs"], result["streams_merged"]) == ("run", "complete", True)
    assert task["taskDefinitionArn"].endswith("/web:1")
    assert task["launchType"] == "FARGATE"
    assert task["enableExecuteCommand"]
    assert {"key": "team", "value": "data"} in task["tags"]
    details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
    assert details["subnetId"] == "subnet-1"


def test_a_flag_wins_over_the_service(place, run):
    done = run("--like", "web", "fargate", "-o", "json", "--tag", "team=ours", "-e", "A=1")
    task = task_of(place, done)
    assert "/fargate:" in task["taskDefinitionArn"]
    assert task["tags"] == [{"key": "team", "value": "ours"}]
    assert result_of(done)["stdout"] == "run with A=1 B=\n"


def test_a_service_that_is_not_there(run):
    done = run("--like", "default/none", "--", "true")
    assert (done.returncode, done.stdout) == (125, "")
    assert "--like default/none: there is no service none in cluster default" in done.stderr


def test_the_whole_input_as_the_aws_cli_takes_it(place, run, tmp_path):
    whole = {
        "cluster": "default",
        "taskDefinition": "app",
        "count": 1,
        "startedBy": "nightly",
        "overrides": {"containerOverrides": [{"name": "app", "environment": [{"name": "A", "value": "file"}]}]},
    }
    (tmp_path / "input.json").write_text(json.dumps(whole))
    done = run("--cli-input-json", "file://input.json", "-o", "json")
    assert result_of(done)["stdout"] == "run with A=file B=\n"
    assert task_of(place, done)["startedBy"] == "nightly"
    done = run("--cli-input-json", "file://input.json", "-e", "A=flag", "--started-by", "me", "-o", "json")
    assert result_of(done)["stdout"] == "run with A=flag B=\n"
    assert task_of(place, done)["startedBy"] == "me"


def test_an_environment_file_and_a_flag_that_wins(run, tmp_path):
    (tmp_path / "env").write_text("# what the job needs\n\nA=a value with 'quotes'\n  B\n")
    done = run("app", "--env-file", "env", "-o", "json", B="from here")
    assert result_of(done)["stdout"] == "run with A=a value with 'quotes' B=from here\n"
    assert result_of(run("app", "--env-file", "env", "-e", "A=x", "-e", "B=y", "-o", "json", B="z"))["stdout"] == "run with A=x B=y\n"
    (tmp_path / "env").write_text("A=1\n=2\n")
    done = run("app", "--env-file", "env")
    assert done.returncode == 125
    assert "--env-file env: line 2: '=2' has no name" in done.stderr


def test_the_task_as_a_whole(place, run):
    flags = ["--task-cpu", "1024", "--task-memory", "2048", "--ephemeral-storage", "30"]
    roles = ["--task-role-arn", "arn:aws:iam::123456789012:role/job", "--execution-role-arn", "arn:aws:iam::123456789012:role/start"]
    overrides = task_of(place, run("app", *flags, *roles, "-o", "json"))["overrides"]
    assert (overrides["cpu"], overrides["memory"]) == ("1024", "2048")
    assert overrides["ephemeralStorage"] == {"sizeInGiB": 30}
    assert overrides["taskRoleArn"] == "arn:aws:iam::123456789012:role/job"
    assert overrides["executionRoleArn"] == "arn:aws:iam::123456789012:role/start"


def test_shorthand_overrides(place, run):
    done = run("app", "--overrides", "containerOverrides=[{name=app,command=[echo,short],cpu=128}]", "-o", "json")
    assert result_of(done)["stdout"] == "short\n"
    assert override_of(task_of(place, done))["cpu"] == 128


@pytest.mark.parametrize("strategy", ["capacityProvider=FARGATE_SPOT,weight=1", '[{"capacityProvider":"FARGATE_SPOT","weight":1}]'])
def test_a_capacity_provider_strategy(place, run, strategy):
    done = run("fargate", "--network-configuration", json.dumps(NETWORK), "--capacity-provider-strategy", strategy, "-o", "json")
    assert task_of(place, done)["capacityProviderName"] == "FARGATE_SPOT"


def test_the_first_capacity_provider_that_has_room(place, run):
    done = run("fargate", "--network-configuration", json.dumps(NETWORK), "--capacity", "FARGATE_SPOT,FARGATE", "-o", "json")
    assert task_of(place, done)["capacityProviderName"] == "FARGATE_SPOT"


def started_by(place, name):
    arns = place.ecs.list_tasks(desiredStatus="STOPPED")["taskArns"]
    if not arns:
        return []
    return [task["taskArn"] for task in place.ecs.describe_tasks(tasks=arns)["tasks"] if task.get("startedBy") == name]


def test_retries_on_an_exit_code_start_so_many_tasks(place, run):
    done = run("app", "--started-by", "retried", "--retries", "2", "--retry-on-exit", "75,76", "--", "sh", "-c", "exit 75")
    assert done.returncode == 75
    assert len(started_by(place, "retried")) == 3
    assert "retry 2 of 2" in done.stderr


def test_an_exit_code_of_the_commands_own_is_no_reason_to_retry(place, run):
    done = run("app", "--started-by", "once", "--retries", "2", "--", "sh", "-c", "exit 3")
    assert done.returncode == 3
    assert len(started_by(place, "once")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["app", "--capacity", "A", "--launch-type", "FARGATE"], "exclude each other"),
        (["app", "-d", "--retries", "1"], "--retries"),
        (["app", "--retries", "1", "--retry-on-exit", "0"], "no exit code"),
        (["app", "--retry-on-exit", "3"], "without --retries"),
        (["app", "-d", "--timeout", "1s"], "--timeout needs somebody who waits"),
        (["app", "-d", "--all-containers"], "--all-containers needs somebody who waits"),
        (["app", "--attach", "--on-interrupt", "detach"], "exclude each other"),
        (["app", "--capacity", ",,"], "names no provider"),
        (["app", "--cli-input-json", '{"image":"x"}'], "no member 'image'"),
        (["app", "--logs", "splunk"], "awslogs:GROUP"),
        (["app", "--secret", "X"], "--secret: 'X' is not NAME=VALUE"),
        (["app", "--image", "other"], "--ephemeral-revision"),
        (["app", "--result-file", "none/result.json"], "--result-file"),
        (["--like", "task/0123"], "is no service"),
    ],
)
def test_what_makes_no_sense_is_said_and_starts_nothing(place, run, words, said):
    before = started_by(place, "ferry")
    done = run(*words)
    assert (done.returncode, done.stdout) == (125, "")
    assert said in done.stderr
    assert started_by(place, "ferry") == before


def test_what_describes_a_place_arrives_as_it_was_given(place, ferry, tmp_path):
    (tmp_path / "volume.json").write_text('[{"name": "data", "managedEBSVolume": {"roleArn": "arn:aws:iam::123456789012:role/ebs", "sizeInGiB": 5}}]')
    (tmp_path / "role").write_text("arn:aws:iam::123456789012:role/ebs")
    words = ["--placement-constraints", "type=distinctInstance", "--placement-constraints", "type=memberOf,expression=attribute:zone==a"]
    words += ["--placement-strategy", "type=spread,field=instanceId", "--volume-configurations", "file://volume.json"]
    words += ["--overrides", "taskRoleArn@=file://role"]
    with RecordingProxy(place) as proxy:
        environment = {**place.environment, "AWS_ENDPOINT_URL": proxy.url}
        subprocess.run([ferry, "run", "app", *words], env=environment, cwd=tmp_path, capture_output=True, timeout=60, check=False)
        sent = proxy.inputs[proxy.operations.index("RunTask")]
    assert sent["placementConstraints"] == [
        {"type": "distinctInstance"},
        {"type": "memberOf", "expression": "attribute:zone==a"},
    ]
    assert sent["placementStrategy"] == [{"type": "spread", "field": "instanceId"}]
    assert sent["volumeConfigurations"] == json.loads((tmp_path / "volume.json").read_text())
    assert sent["overrides"]["taskRoleArn"] == (tmp_path / "role").read_text()
