"""docs/terraform: parsed, checked as far as parsing can, and its API calls and its migration replayed against the embedded endpoint.

Terraform itself is not among what the package registries have. What `terraform validate` would find beyond this is the provider's
schema: types of arguments and names of optional ones.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import hcl2
import pytest

FILE = Path(__file__).parents[2] / "docs" / "terraform" / "main.tf"
REQUIRED = {
    "aws_cloudwatch_log_group": set(),
    "aws_iam_role": {"assume_role_policy"},
    "aws_iam_role_policy": {"role", "policy"},
    "aws_iam_role_policy_attachment": {"role", "policy_arn"},
    "aws_ecs_task_definition": {"family", "container_definitions"},
    "terraform_data": set(),
}
VARIABLES = {
    "name": "terraform-app",
    "image": "registry.example/app:1",
    "region": "us-east-1",
    "cluster": "default",
    "subnets": ["subnet-0123456789abcdef0"],
    "security_groups": ["sg-0123456789abcdef0"],
}
ACCOUNT = "123456789012"
REFERENCE = r"(?:var|aws_\w+\.\w+|terraform_data\.\w+)\.\w+"


def blocks(kind):
    """{name: body}, of resources {(type, name): body}."""
    found = {}
    for block in hcl2.loads(FILE.read_text()).get(kind, []):
        ((label, body),) = block.items()
        if kind == "resource":
            ((name, body),) = body.items()
            found[json.loads(label), json.loads(name)] = body
        else:
            found[json.loads(label)] = body
    return found


class Evaluation:
    """The expressions that the file uses: literals, references, templates and jsonencode()."""

    def __init__(self, attributes):
        self.attributes = attributes  # "aws_iam_role.task.arn": its value

    def value(self, parsed):
        if isinstance(parsed, list):
            return [self.value(item) for item in parsed]
        if isinstance(parsed, dict):
            return {key.strip('"'): self.value(item) for key, item in parsed.items() if not key.startswith("__")}
        if not isinstance(parsed, str):
            return parsed
        if parsed.startswith('"'):
            return re.sub(r"\$\{([^}]*)\}", lambda match: str(self.expression(match.group(1))), json.loads(parsed))
        return self.expression(re.fullmatch(r"\$\{(.*)\}", parsed, re.DOTALL).group(1))

    def expression(self, text):
        if call := re.fullmatch(r"jsonencode\((.*)\)", text, re.DOTALL):
            return json.dumps(self.value(hcl2.loads(f"value = {call.group(1)}\n")["value"]))
        assert re.fullmatch(REFERENCE, text), f"an expression that this test does not know: {text}"
        return self.attributes[text]


@pytest.fixture(scope="module")
def evaluation():
    attributes = {f"var.{name}": value for name, value in VARIABLES.items()}
    evaluated = Evaluation(attributes)
    for (kind, name), body in blocks("resource").items():
        if kind == "aws_iam_role":
            role = evaluated.value(body["name"])
            attributes.update(
                {
                    f"aws_iam_role.{name}.name": role,
                    f"aws_iam_role.{name}.id": role,
                    f"aws_iam_role.{name}.arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                }
            )
        if kind == "aws_cloudwatch_log_group":
            attributes[f"{kind}.{name}.name"] = evaluated.value(body["name"])
    return evaluated


def resource(evaluation, kind, name):
    return evaluation.value(blocks("resource")[kind, name])


def test_every_reference_is_to_something_that_is_there():
    text = re.sub(r"#.*", "", FILE.read_text())
    known = {f"var.{name}" for name in blocks("variable")} | {f"{kind}.{name}" for kind, name in blocks("resource")}
    used = {re.match(r"var\.\w+|\w+\.\w+", reference).group(0) for reference in re.findall(REFERENCE, text)}
    assert used
    assert used <= known
    assert set(blocks("variable")) == set(VARIABLES)


def test_every_resource_has_what_it_must_have():
    for (kind, name), body in blocks("resource").items():
        assert REQUIRED[kind] <= set(body), f"{kind}.{name}"


def test_the_session_rights_are_the_tasks_and_not_the_execution_roles(evaluation):
    definition = resource(evaluation, "aws_ecs_task_definition", "app")
    policy = resource(evaluation, "aws_iam_role_policy", "exec")
    assert definition["task_role_arn"].endswith("/" + policy["role"])
    assert definition["execution_role_arn"] != definition["task_role_arn"]
    (statement,) = json.loads(policy["policy"])["Statement"]
    assert set(statement["Action"]) == {
        f"ssmmessages:{action}" for action in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    }


@pytest.mark.parametrize("name", ["task", "execution"])
def test_only_ecs_may_take_the_roles(evaluation, name):
    (statement,) = json.loads(resource(evaluation, "aws_iam_role", name)["assume_role_policy"])["Statement"]
    assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}


def test_its_calls_and_its_migration(evaluation, shared_endpoint, ferry):
    group = resource(evaluation, "aws_cloudwatch_log_group", "app")
    shared_endpoint.client("logs").create_log_group(logGroupName=group["name"])
    wanted = resource(evaluation, "aws_ecs_task_definition", "app")
    registered = shared_endpoint.client("ecs").register_task_definition(
        family=wanted["family"],
        requiresCompatibilities=wanted["requires_compatibilities"],
        networkMode=wanted["network_mode"],
        cpu=wanted["cpu"],
        memory=wanted["memory"],
        taskRoleArn=wanted["task_role_arn"],
        executionRoleArn=wanted["execution_role_arn"],
        containerDefinitions=json.loads(wanted["container_definitions"]),
    )["taskDefinition"]
    evaluation.attributes["aws_ecs_task_definition.app.arn"] = registered["taskDefinitionArn"]

    (provisioner,) = blocks("resource")["terraform_data", "migration"]["provisioner"]
    command = evaluation.value(provisioner['"local-exec"'])
    path = f"{Path(ferry).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", command["command"]],
        env={**shared_endpoint.environment, **command["environment"], "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "migrated\n"), done.stderr
    task = re.search(r"arn:aws:ecs:\S+:task/\S+", done.stderr).group(0)
    (ran,) = shared_endpoint.client("ecs").describe_tasks(tasks=[task])["tasks"]
    assert (ran["taskDefinitionArn"], ran["launchType"]) == (registered["taskDefinitionArn"], "FARGATE")
