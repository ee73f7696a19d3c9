"""An AWS endpoint before another: records the operations that pass, and lets a test change an answer."""

import collections
import http.client
import http.server
import json
import threading
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials


SIGNING_NAMES = {"Logs_": "logs", "AmazonSSM": "ssm", "AmazonEC2ContainerService": "ecs", "Trent": "kms"}


class RecordingProxy:
    """Listens on a free loopback port while it is entered. Requests are signed anew for the real endpoint."""

    def __init__(self, endpoint):
        self.operations = []  # in the order in which they came in
        self.inputs = []  # theirs
        self.times = []  # of their coming, in seconds
        self.answered = collections.Counter()  # operation: how many answers went back
        self.changes = {}  # operation: a function from its answer to the one that the caller gets
        self.lost = collections.Counter()  # operation: how many answers are lost on the way back
        self.silent = {}  # operation: the number of its first call that is taken, and neither passed on nor answered
        self.withheld = set()  # operations that are passed on and not answered
        self._ended = threading.Event()
        self._endpoint = endpoint
        self._changed = threading.Condition()

    def __enter__(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                proxy._forward(self)

            def log_message(self, *_):
                """The test's output is the test's."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait_for(self, operation, seconds=30):
        """Until a request of that operation has come in."""
        with self._changed:
            assert self._changed.wait_for(lambda: operation in self.operations, seconds), self.operations

    def wait_for_answer(self, operation, seconds=30):
        """Until a request of that operation has its answer."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.answered[operation] > 0, seconds), self.operations

    def _forward(self, caller):
        body = caller.rfile.read(int(caller.headers["Content-Length"]))
        target = caller.headers["X-Amz-Target"]
        operation = target.rpartition(".")[2]
        with self._changed:
            self.operations.append(operation)
            self.inputs.append(json.loads(body))
            self.times.append(time.monotonic())
            self._changed.notify_all()
            is_silent = operation in self.silent and self.operations.count(operation) >= self.silent[operation]
        if is_silent:
            self._ended.wait()
            return
        status, answer = self._ask(target, body)
        if operation in self.withheld:
            self._ended.wait()
            return
        if status == 200 and operation in self.changes:
            answer = json.dumps(self.changes[operation](json.loads(answer))).encode()
        if self.lost[operation] > 0:
            self.lost[operation] -= 1
            caller.close_connection = True
            return
        caller.send_response(status)
        caller.send_header("Content-Type", "application/x-amz-json-1.1")
        caller.send_header("Content-Length", str(len(answer)))
        caller.end_headers()
        caller.wfile.write(answer)
        with self._changed:
            self.answered[operation] += 1
            self._changed.notify_all()

    def _ask(self, target, body):
        variables = self._endpoint.variables
        request = botocore.awsrequest.AWSRequest(
            "POST",
            self._endpoint.url + "/",
            headers={"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"},
            data=body,
        )
        credentials = botocore.credentials.Credentials(
            variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
        )
        service = next(name for prefix, name in SIGNING_NAMES.items() if target.startswith(prefix))
        botocore.auth.SigV4Auth(credentials, service, variables["AWS_REGION"]).add_auth(request)
        connection = http.client.HTTPConnection("127.0.0.1", self._endpoint.port, timeout=60)
        connection.request("POST", "/", body, dict(request.headers))
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, answer
