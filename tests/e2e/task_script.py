"""An ECS on the loopback with one task, whose DescribeTasks answers follow a script: exact orders of what polls see."""

import contextlib
import http.server
import json
import threading

ACCOUNT = "123456789012"
REGION = "eu-west-1"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/prod/0123456789abcdef0123456789abcdef"
DEFINITION = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/job:3"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": REGION}


def definition(**essential):
    """definition(app=True, side=False): its containers, and whether each is essential."""
    containers = [{"name": name, "image": "any", "essential": flag} for name, flag in essential.items()]
    return {"taskDefinitionArn": DEFINITION, "family": "job", "revision": 3, "containerDefinitions": containers}


def poll(status="RUNNING", stop_code=None, reason=None, **containers):
    """One answer: poll(app="RUNNING", side=143) has app running and side ended with 143; None is ended without a code."""
    task = {
        "taskArn": TASK,
        "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/prod",
        "taskDefinitionArn": DEFINITION,
        "lastStatus": status,
        "desiredStatus": "STOPPED" if stop_code else "RUNNING",
        "startedAt": 1700000000.5,
        "containers": [],
    }
    if stop_code:
        task |= {"stopCode": stop_code, "stoppedReason": reason or "Essential container in task exited"}
    for name, state in containers.items():
        container = {"name": name, "lastStatus": state if isinstance(state, str) else "STOPPED"}
        if isinstance(state, int):
            container["exitCode"] = state
        task["containers"].append(container)
    return task


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].split(".")[1]
        status, answer = self.server.answer(operation)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def answer(self, operation):
        self.calls.append(operation)
        if operation == "DescribeTaskDefinition":
            if self.definition is None:
                return 400, {"__type": "AccessDeniedException", "message": "not authorized to perform it"}
            return 200, {"taskDefinition": self.definition}
        if operation == "RunTask":
            return 200, {"tasks": [poll("PENDING", **dict.fromkeys(self.names, "PENDING"))], "failures": []}
        if operation == "DescribeTasks":
            return 200, {"tasks": [self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]], "failures": []}
        return 400, {"__type": "InvalidParameterException", "message": f"{operation} is not in the script"}


@contextlib.contextmanager
def scripted_task(task_definition, polls):
    """A server with `url` and `calls`; the last of the polls is answered for ever. A definition of None is refused."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.definition, server.polls, server.calls = task_definition, list(polls), []
        server.names = [container["name"] for container in polls[-1]["containers"]]
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
