"""AWS on the loopback, as far as the doctor reads it and its fixes change it: ECS, Logs, SSM, STS, IAM and EC2 answering from
a dictionary."""

import contextlib
import copy
import http.server
import json
import threading
import urllib.parse
from xml.sax.saxutils import escape

ACCOUNT = "123456789012"
REGION = "eu-west-1"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/prod/0123456789abcdef0123456789abcdef"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


def allow(action, resource="*"):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(**policies):
    return {"trust": trust("ecs-tasks.amazonaws.com"), "inline": policies, "attached": {}}


def healthy_world():
    """A Fargate service that can be entered. Tests change one thing."""
    vpc = {"subnets": ["subnet-1"], "securityGroups": ["sg-task"], "assignPublicIp": "DISABLED"}
    details = [{"name": "subnetId", "value": "subnet-1"}, {"name": "networkInterfaceId", "value": "eni-1"}]
    agent = {"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}
    definition = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/web:3"
    return {
        "denied": set(),
        "cluster": {
            "clusterName": "prod",
            "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod",
            "status": "ACTIVE",
        },
        "service": {
            "serviceName": "web",
            "status": "ACTIVE",
            "launchType": "FARGATE",
            "platformVersion": "LATEST",
            "desiredCount": 1,
            "enableExecuteCommand": True,
            "taskDefinition": definition,
            "networkConfiguration": {"awsvpcConfiguration": vpc},
            "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY"}],
        },
        "task": {
            "taskArn": TASK,
            "group": "service:web",
            "taskDefinitionArn": definition,
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "launchType": "FARGATE",
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "enableExecuteCommand": True,
            "startedAt": 1700000000.5,
            "attachments": [{"type": "ElasticNetworkInterface", "details": details}],
            "containers": [{"name": "app", "runtimeId": "r-1", "lastStatus": "RUNNING", "managedAgents": [agent]}],
        },
        "definition": {
            "taskDefinitionArn": definition,
            "family": "web",
            "revision": 3,
            "networkMode": "awsvpc",
            "taskRoleArn": ROLE + "web-task",
            "executionRoleArn": ROLE + "web-execution",
            "containerDefinitions": [{"name": "app", "linuxParameters": {"initProcessEnabled": True}}],
        },
        "roles": {
            "web-task": role(exec=allow("ssmmessages:*")),
            "web-execution": role(start=allow(["ecr:*", "logs:*"])),
        },
        "boundaries": {},  # policies that are permissions boundaries, by ARN
        "routes": [{"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active"}],
        "endpoints": [],
        "groups": [
            {
                "groupId": "sg-task",
                "ipPermissionsEgress": [{"ipProtocol": "-1", "ipRanges": [{"cidrIp": "0.0.0.0/0"}]}],
            }
        ],
        "caller_decision": "allowed",
        "caller_decisions": {},  # of single actions
        "caller_policies": {},  # what PutUserPolicy has put, by name: it outweighs the decisions
        "sessions": [],
    }


class Refusal(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.status = code, status


def xml(value, item):
    if isinstance(value, dict):
        return "".join(f"<{name}>{xml(member, item)}</{name}>" for name, member in value.items())
    if isinstance(value, list):
        return "".join(f"<{item}>{xml(member, item)}</{item}>" for member in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def document(policy):
    return urllib.parse.quote(json.dumps(policy), safe="")


def iam_change(world, operation, form):
    """Carries a change out. Members are taken by the names of the API reference: another name is a KeyError."""
    if operation == "PutUserPolicy":
        assert form["UserName"] == "alice"
        world["caller_policies"][form["PolicyName"]] = json.loads(form["PolicyDocument"])
        return {}
    if operation == "CreatePolicyVersion":
        assert form["SetAsDefault"] == "true"
        text = json.loads(form["PolicyDocument"])
        if form["PolicyArn"] in world["boundaries"]:
            world["boundaries"][form["PolicyArn"]] = text
        else:
            next(one for one in world["roles"].values() if form["PolicyArn"] in one["attached"])["attached"][form["PolicyArn"]] = text
        return {"PolicyVersion": {"VersionId": "v8", "IsDefaultVersion": True}}
    name = form["RoleName"]
    if operation == "CreateRole":
        world["roles"][name] = {"trust": json.loads(form["AssumeRolePolicyDocument"]), "inline": {}, "attached": {}}
        return {"Role": {"RoleName": name, "Arn": ROLE + name}}
    found = world["roles"][name]
    if operation == "PutRolePolicy":
        found["inline"][form["PolicyName"]] = json.loads(form["PolicyDocument"])
    elif operation == "DeleteRolePolicy":
        del found["inline"][form["PolicyName"]]
    elif operation == "DetachRolePolicy":
        del found["attached"][form["PolicyArn"]]
    else:
        found["trust"] = json.loads(form["PolicyDocument"])
    return {}


IAM_CHANGES = {
    "PutUserPolicy",
    "CreatePolicyVersion",
    "CreateRole",
    "PutRolePolicy",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "UpdateAssumeRolePolicy",
}


def iam(world, operation, form):
    if operation in IAM_CHANGES:
        return iam_change(world, operation, form)
    if operation == "SimulatePrincipalPolicy":
        action = form["ActionNames.member.1"]
        decision = world["caller_decisions"].get(action, world["caller_decision"])
        if any(action in one["Action"] for policy in world["caller_policies"].values() for one in policy["Statement"]):
            decision = "allowed"
        return {"EvaluationResults": [{"EvalDecision": decision}]}
    if operation in ("GetPolicy", "GetPolicyVersion"):
        managed = {arn: text for one in world["roles"].values() for arn, text in one["attached"].items()}
        policy = {**managed, **world["boundaries"]}[form["PolicyArn"]]
        if operation == "GetPolicy":
            return {"Policy": {"DefaultVersionId": "v7"}}
        assert form["VersionId"] == "v7"
        return {"PolicyVersion": {"Document": document(policy)}}
    name = form["RoleName"]
    if name not in world["roles"]:
        raise Refusal("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    found = world["roles"][name]
    if operation == "GetRole":
        shown = {"RoleName": name, "Arn": ROLE + name, "AssumeRolePolicyDocument": document(found["trust"])}
        if "boundary" in found:
            shown["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": found["boundary"]}
        return {"Role": shown}
    if operation == "ListRolePolicies":
        return {"PolicyNames": list(found["inline"]), "IsTruncated": False}
    if operation == "ListAttachedRolePolicies":
        return {"AttachedPolicies": [{"PolicyArn": arn} for arn in found["attached"]], "IsTruncated": False}
    return {"PolicyName": form["PolicyName"], "PolicyDocument": document(found["inline"][form["PolicyName"]])}


def ec2_change(world, operation, form):
    """As iam_change()."""
    if operation == "CreateVpcEndpoint":
        assert (form["VpcEndpointType"], form["VpcId"], form["SubnetId.1"]) == ("Interface", "vpc-1", "subnet-1")
        endpoint = {
            "vpcEndpointId": "vpce-new",
            "serviceName": form["ServiceName"],
            "state": "available",
            "privateDnsEnabled": form["PrivateDnsEnabled"],
            "groupSet": [{"groupId": form["SecurityGroupId.1"]}],
        }
        world["endpoints"].append(endpoint)
        return {"vpcEndpoint": endpoint}
    if operation == "ModifyVpcEndpoint":
        found = next(one for one in world["endpoints"] if one["vpcEndpointId"] == form["VpcEndpointId"])
        found["privateDnsEnabled"] = form["PrivateDnsEnabled"]
        return {"return": True}
    group = next(one for one in world["groups"] if one["groupId"] == form["GroupId"])
    first = "IpPermissions.1."
    rule = {
        "ipProtocol": form[first + "IpProtocol"],
        "fromPort": int(form[first + "FromPort"]),
        "toPort": int(form[first + "ToPort"]),
    }
    if operation == "AuthorizeSecurityGroupIngress":
        rule["groups"] = [{"groupId": form[first + "Groups.1.GroupId"]}]
        group.setdefault("ipPermissions", []).append(rule)
    else:
        rule["ipRanges"] = [{"cidrIp": form[first + "IpRanges.1.CidrIp"]}]
        group["ipPermissionsEgress"].append(rule)
    return {"return": True}


EC2_CHANGES = {
    "CreateVpcEndpoint",
    "ModifyVpcEndpoint",
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
}


def ec2(world, operation, form):
    if operation in EC2_CHANGES:
        return ec2_change(world, operation, form)
    if operation == "DescribeSubnets":
        return {"subnetSet": [{"subnetId": form["SubnetId.1"], "vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24"}]}
    if operation == "DescribeRouteTables":
        # The subnet has no table of its own: the VPC's main one counts.
        is_main = form["Filter.1.Name"] == "association.main"
        return {"routeTableSet": [{"routeSet": world["routes"]}] if is_main else []}
    if operation == "DescribeVpcEndpoints":
        return {"vpcEndpointSet": world["endpoints"]}
    if operation == "DescribeNetworkInterfaces":
        interface = {"groupSet": [{"groupId": "sg-task"}]}
        if world["service"]["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED":
            interface["association"] = {"publicIp": "198.51.100.7"}
        return {"networkInterfaceSet": [interface]}
    return {"securityGroupInfo": world["groups"]}


def update_service(world, asked):
    """A new deployment has its task at once."""
    assert (asked["cluster"], asked["service"]) == ("prod", "web")
    service, task = world["service"], world["task"]
    for member in ("enableExecuteCommand", "platformVersion", "networkConfiguration", "desiredCount"):
        service[member] = asked.get(member, service[member])
    if "taskDefinition" in asked:
        assert asked["taskDefinition"] == world["definition"]["family"]
        service["taskDefinition"] = world["definition"]["taskDefinitionArn"]
    if asked.get("forceNewDeployment") or "taskDefinition" in asked or "networkConfiguration" in asked:
        service["deployments"] = [{"id": "ecs-svc/2", "status": "PRIMARY"}]
        version = "1.4.0" if service["platformVersion"] == "LATEST" else service["platformVersion"]
        task.update(
            startedBy="ecs-svc/2",
            enableExecuteCommand=service["enableExecuteCommand"],
            platformVersion=version,
            taskDefinitionArn=service["taskDefinition"],
        )
    return {"service": service}


def register(world, asked):
    answered = {"taskDefinitionArn", "revision", "status", "registeredAt"}
    assert not answered & asked.keys(), "RegisterTaskDefinition refuses what only answers have"
    revision = world["definition"]["revision"] + 1
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{asked['family']}:{revision}"
    world["definition"] = {**asked, "revision": revision, "taskDefinitionArn": arn}
    return {"taskDefinition": world["definition"]}


def ssm(world, operation, asked):
    if operation == "TerminateSession":
        world["sessions"].remove(asked["SessionId"])
        return {"SessionId": asked["SessionId"]}
    return {"Sessions": [{"SessionId": one} for one in world["sessions"]]}


def ecs(world, operation, asked):
    if operation == "UpdateService":
        return update_service(world, asked)
    if operation == "RegisterTaskDefinition":
        return register(world, asked)
    if operation == "DescribeClusters":
        return {"clusters": [world["cluster"]] if asked["clusters"] == ["prod"] else []}
    if operation == "DescribeServices":
        return {"services": [world["service"]] if world["service"] and asked["services"] == ["web"] else []}
    if operation == "ListTasks":
        wanted = world["task"] and world["task"]["desiredStatus"] == asked["desiredStatus"]
        return {"taskArns": [TASK] if wanted else []}
    if operation == "DescribeTasks":
        return {"tasks": [world["task"]]}
    return {"taskDefinition": world["definition"]}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        world = self.server.world
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        service = self.headers["Authorization"].split("/")[3]
        try:
            if "X-Amz-Target" in self.headers:
                self.answer_json(world, service, self.headers["X-Amz-Target"].split(".")[1], json.loads(body))
            else:
                self.answer_xml(world, service, dict(urllib.parse.parse_qsl(body)))
        except Refusal as refusal:
            self.refuse(service, refusal)

    def check(self, world, service, operation):
        self.server.calls.append(f"{service}:{operation}")
        if f"{service}:{operation}" in world["denied"] or f"{service}:*" in world["denied"]:
            code = {"ec2": "UnauthorizedOperation", "iam": "AccessDenied"}.get(service, "AccessDeniedException")
            raise Refusal(code, f"User is not authorized to perform: {service}:{operation}", 403)

    def answer_json(self, world, service, operation, asked):
        self.check(world, service, operation)
        answers = {
            "ecs": lambda: ecs(world, operation, asked),
            "ssm": lambda: ssm(world, operation, asked),
            "logs": lambda: {"logGroups": []},
        }
        self.send(200, json.dumps(answers[service]()), "application/x-amz-json-1.1")

    def answer_xml(self, world, service, form):
        operation = form["Action"]
        self.check(world, service, operation)
        if service == "ec2":
            self.send(200, f"<{operation}Response>{xml(ec2(world, operation, form), 'item')}</{operation}Response>")
            return
        answer = {"Arn": f"arn:aws:iam::{ACCOUNT}:user/alice"} if service == "sts" else iam(world, operation, form)
        result = f"<{operation}Result>{xml(answer, 'member')}</{operation}Result>"
        self.send(200, f"<{operation}Response>{result}</{operation}Response>")

    def refuse(self, service, refusal):
        error = f"<Error><Code>{refusal.code}</Code><Message>{escape(str(refusal))}</Message></Error>"
        if service == "ec2":
            self.send(refusal.status, f"<Response><Errors>{error}</Errors></Response>")
        elif service in ("iam", "sts"):
            self.send(refusal.status, f"<ErrorResponse>{error}</ErrorResponse>")
        else:
            body = json.dumps({"__type": refusal.code, "message": str(refusal)})
            self.send(refusal.status, body, "application/x-amz-json-1.1")

    def send(self, status, body, kind="text/xml"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def fake_aws():
    """A server with `world` (change it), `calls` (what was asked) and `url`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.world, server.calls = copy.deepcopy(healthy_world()), []
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
