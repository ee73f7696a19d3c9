"""ferry run takes --overrides, --network-configuration and their like as the AWS CLI does: both read the same words, and RunTask gets the same."""

import http.server
import json
import os
import subprocess
import threading

import botocore.session
import botocore.validate
import pytest
from awscli.clidriver import create_clidriver

CONTAINERS = [{"name": "app", "essential": True}, {"name": "side", "essential": False}]
DEFINITION = {"taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1", "family": "app", "containerDefinitions": CONTAINERS}
TASK = "arn:aws:ecs:us-east-1:123456789012:task/default/0123456789abcdef0123456789abcdef"


class Recorder(http.server.BaseHTTPRequestHandler):
    """DescribeTaskDefinition and RunTask; keeps RunTask's inputs."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        if operation == "RunTask":
            self.server.inputs.append(body)
        answer = {"taskDefinition": DEFINITION} if operation == "DescribeTaskDefinition" else {"tasks": [{"taskArn": TASK}], "failures": []}
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.inputs = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def cli_reads():
    """cli_reads(flag, words): what the CLI would send, or None where it refuses."""
    driver = create_clidriver()
    operation = driver._get_command_table()["ecs"]._get_command_table()["run-task"]
    model = botocore.session.get_session().get_service_model("ecs").operation_model("RunTask").input_shape
    validator = botocore.validate.ParamValidator()

    def read(flag, words):
        argument = operation.arg_table[flag]
        parameters = {"taskDefinition": "app"}
        try:
            value = words if argument.argument_model.type_name == "list" else words[0]
            argument.add_to_params(parameters, operation._unpack_arg(argument, value, None))
        except Exception:  # noqa: BLE001: however it refuses
            return None
        if validator.validate(parameters, model).has_errors():
            return None
        parameters.pop("taskDefinition")
        return next(iter(parameters.values()))

    return read


MEMBERS = {
    "overrides": "overrides",
    "network-configuration": "networkConfiguration",
    "capacity-provider-strategy": "capacityProviderStrategy",
    "placement-strategy": "placementStrategy",
    "placement-constraints": "placementConstraints",
}


@pytest.fixture
def ferry_reads(service, ferry, tmp_path):
    """ferry_reads(flag, words): what ferry sends, or None where it refuses."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{service.server_port}",
    }

    def read(flag, words):
        service.inputs.clear()
        flags = [f"--{flag}={word}" for word in words]
        done = subprocess.run([ferry, "run", "app", "--container", "app", "-d", *flags], env=environment, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            assert done.returncode == 125, done.stderr
            assert not service.inputs, "nothing is started by what is refused"
            assert len(done.stderr.splitlines()) == 1, done.stderr
            return None
        return service.inputs[0].get(MEMBERS[flag], {})

    return read


COMMANDS = [
    "command=a", "command=a,b", "command=[a,b]", "command=[a,b,]", "command=[]", "command=[,a]", "command=[,]", "command=[a b , c ]",
    "command=['a,b',\"c d\"]", "command=['it\\'s']", 'command=["say \\"hi\\""]', r"command=[a\,b]", r"command=['a\\b']", r"command=['a\']",
    "command=[a=b,c=d]", "command=[{a=b}]", "command=[a", "command=[a]]", "command=a]", "command=['a'b]", "command=[a[b]", "command=[ä,ö]",
    "cpu=256", "cpu=+256", "cpu= 256 ", "cpu=much", "cpu=", "cpu=[1]", "cpu=-1", "cpu=1.5",
    "environment=[{name=A,value=1},{name=B,value=x=y}]", "environment={name=A,value=1}", "environment=[{name=A,value=}]",
    "environment=[{name=A,value='a,b=c}'}]", "environment=[{name=A,value=1,}]", "environment=[{name=A,name=B,value=1}]", "environment=[{name = A , value = 1 }]",
    "environment=[{nam=A}]", "environment=[{name@=file://no/such,value=1}]", "resourceRequirements=[{type=GPU}]", "resourceRequirements=[{type=GPU,value=1}]",
    "environment=[{name=A,value=a:b/c?d&e}]", "environment=[{name=A,value=a{b}]", "environment=[{name:x=A}]", "image=x", "command",
]
OVERRIDES = [
    *[f"containerOverrides=[{{name=app,{command}}}]" for command in COMMANDS],
    "cpu=512", "cpu=512,memory=1024", "cpu=512,,memory=1024", "cpu=512, ,memory=1024", "cpu=512,", ",cpu=512", "cpu=512,cpu=256", " cpu=512", "cpu = 512 , memory = 1024",
    "cpu=a,b", "cpu='1 vCPU'", 'cpu="1 vCPU",memory="2 GB"', "cpu=1 vCPU", "cpu==1", "cpu=[", "cpu={", "cpu", "=", "", "  ",
    "ephemeralStorage={sizeInGiB=30}", "ephemeralStorage={}", "ephemeralStorage={sizeInGiB=30} ", "ephemeralStorage=30", "inferenceAcceleratorOverrides=[{deviceName=a,deviceType=b}]",
    '{"cpu":"512"}', ' {"cpu":"512"} ', '{"cpu":512}', '{"cpu":null}', '{"cpu":', "[]", '{"ephemeralStorage":{}}', '{"ephemeralStorage":{"sizeInGiB":"30"}}',
    '{"containerOverrides":[{"name":"app","command":["a","b"],"environment":[{"name":"A","value":"\\u00e4\\n"}]}]}', '{"other":1}', "taskRoleArn=arn:aws:iam::123456789012:role/a",
]
NETWORKS = [
    "awsvpcConfiguration={subnets=[a,b],securityGroups=[c],assignPublicIp=ENABLED}", "awsvpcConfiguration={subnets=a}", "awsvpcConfiguration={subnets=[a]}",
    "awsvpcConfiguration={subnets=[a,b],}", "awsvpcConfiguration={subnets=[ a , b ], securityGroups=[ c ]}", "awsvpcConfiguration={securityGroups=[a]}",
    "awsvpcConfiguration={subnet=[a]}", "awsvpcConfiguration={subnets=a,b}", "awsvpcConfiguration={subnets=['a','b']}", "awsvpcConfiguration=a", "subnets=[a]",
    '{"awsvpcConfiguration":{"subnets":["a"],"assignPublicIp":"DISABLED"}}', '{"awsvpcConfiguration":{"subnets":"a"}}', '{"awsvpcConfiguration":{}}', "{",
]
CASES = [
    *[("overrides", [text]) for text in OVERRIDES],
    *[("network-configuration", [text]) for text in NETWORKS],
    *[("capacity-provider-strategy", words) for words in (
        ["capacityProvider=FARGATE_SPOT,weight=1,base=0"], ["capacityProvider=A,weight=3", "capacityProvider=B"], ["weight=1"], ["capacityProvider=A,weight=x"],
        ['[{"capacityProvider":"A","base":1}]'], ['{"capacityProvider":"A"}', '{"capacityProvider":"B"}'], ['{"capacityProvider":1}'], ['[{"provider":"A"}]'])],
    ("placement-strategy", ["type=spread,field=attribute:ecs.availability-zone", "type=binpack,field=memory"]),
    ("placement-constraints", ["type=distinctInstance"]),
    ("placement-constraints", ["type=memberOf,expression='attribute:ecs.instance-type =~ t2.*'"]),
]


@pytest.mark.parametrize(("flag", "words"), CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else value)
def test_the_same_words_are_the_same_input(cli_reads, ferry_reads, flag, words):
    assert ferry_reads(flag, words) == cli_reads(flag, words)


def test_the_cli_was_asked(cli_reads):
    """The comparison would hold nothing if the CLI refused all."""
    assert sum(cli_reads(flag, words) is not None for flag, words in CASES) > 50
    assert cli_reads("overrides", ["cpu=1"]) == {"cpu": "1"}
