"""The calls that `ferry exec` makes, answered for one cluster with a task for each container."""

import asyncio
import http.server
import json
import secrets
import threading
import time
import uuid

import websockets.asyncio.server
import websockets.exceptions

from agent import signature
from agent.message import MalformedMessage
from agent.quirks import Quirks
from agent.session import Session

REGION, ACCOUNT = "us-east-1", "123456789012"
ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
PATIENCE_S = 60
# Whose signatures of data channels are right: those of the tests' callers.
KEYS = {"AKIDEXAMPLE": ("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)}


class Refusal(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Service:
    """Serves on two loopback ports (calls, data channels) from a thread of its own while it is entered."""

    def __init__(self):
        self.tasks = {}  # task ARN: its description, with the container and quirks behind it
        self.sessions = {}
        self.calls = []  # operations, in order
        self.keys = dict(KEYS)
        self.requires_signed_channels = False
        self.shown_stream_base = None  # in the addresses of sessions, instead of where they are
        self.openings = []  # of data channels: (the GET, the answer that refused it or None)
        self.opened_with = []  # the first message of each channel, parsed
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        self._loop_thread = threading.Thread(target=self._loop.run_forever)
        self._loop_thread.start()
        self._websockets = self._on_loop(self._open_websockets())
        self._stream_port = self._websockets.sockets[0].getsockname()[1]
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._http_thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._http_thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http_thread.join()
        self._http.server_close()
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop_thread.join()
        self._loop.close()

    def add_task(self, family, container, quirks=Quirks()):
        """The ARN of a running task of that family."""
        arn = f"{ARN}:task/default/{uuid.uuid4().hex}"
        self.tasks[arn] = {
            "family": family,
            "container": container,
            "quirks": quirks,
            "sessions": [],
            "runtime_id": f"{uuid.uuid4().hex}-{secrets.randbelow(10**9)}",
        }
        return arn

    @property
    def stream_base(self):
        return f"ws://127.0.0.1:{self._stream_port}"

    @property
    def last_session(self):
        return list(self.sessions.values())[-1]

    def _on_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)

    async def _open_websockets(self):
        return await websockets.asyncio.server.serve(
            self._serve_channel,
            "127.0.0.1",
            0,
            process_request=self._check_opening,
            compression=None,
            ping_interval=None,
            max_size=None,
        )

    async def _close(self):
        for session in self.sessions.values():
            await session.end()
        self._websockets.close()
        await self._websockets.wait_closed()

    def _check_opening(self, _, request):
        refused = signature.refusal(request, self.keys, REGION, self.requires_signed_channels)
        self.openings.append((request, refused))
        return refused

    async def _serve_channel(self, connection):
        session = self.sessions.get(connection.request.path.rpartition("/")[2].partition("?")[0])
        try:
            opening = json.loads(await asyncio.wait_for(connection.recv(), PATIENCE_S))
            self.opened_with.append(opening)
            is_there = session and connection.request.path.endswith(f"cell-number={session.cell}")
            is_known = is_there and secrets.compare_digest(opening.get("TokenValue", ""), session.token)
            if is_known and opening.get("MessageSchemaVersion") == "1.0":
                session.token = secrets.token_urlsafe(24)  # a token opens one connection
                await session.serve(connection)
        except (websockets.exceptions.ConnectionClosed, MalformedMessage, ValueError):
            connection.transport.abort()

    def _handler(service):  # noqa: N805: the handler's own methods have the usual name
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = service.answer(self.headers.get("X-Amz-Target", ""), body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                """The test's output is the test's."""

        return Handler

    def answer(self, target, body):
        operation = target.rpartition(".")[2]
        self.calls.append(operation)
        operations = {
            "ListTasks": self._list_tasks,
            "DescribeTasks": self._describe_tasks,
            "DescribeClusters": self._describe_clusters,
            "ExecuteCommand": self._execute_command,
            "ResumeSession": self._resume_session,
            "TerminateSession": self._terminate_session,
        }
        try:
            if operation not in operations:
                raise Refusal("AccessDeniedException", f"not authorized to perform {operation}")
            return 200, operations[operation](json.loads(body or b"{}"))
        except Refusal as refusal:
            return 400, {"__type": refusal.code, "message": str(refusal)}

    def _list_tasks(self, call):
        named = call.get("family") or call.get("serviceName")
        found = [arn for arn, task in self.tasks.items() if named in (None, task["family"])]
        return {"taskArns": found}

    def _describe_tasks(self, call):
        found = {wanted: self._find(wanted) for wanted in call["tasks"]}
        return {
            "tasks": [self._description(arn) for arn in found.values() if arn],
            "failures": [{"arn": wanted, "reason": "MISSING"} for wanted, arn in found.items() if not arn],
        }

    def _find(self, wanted):
        return next((arn for arn in self.tasks if wanted in (arn, arn.rpartition("/")[2])), None)

    def _description(self, arn):
        task = self.tasks[arn]
        return {
            "taskArn": arn,
            "clusterArn": f"{ARN}:cluster/default",
            "taskDefinitionArn": f"{ARN}:task-definition/{task['family']}:1",
            "group": f"service:{task['family']}",
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "enableExecuteCommand": True,
            "launchType": "FARGATE",
            "createdAt": time.time(),
            "startedAt": time.time(),
            "containers": [
                {
                    "containerArn": f"{ARN}:container/default/{arn.rpartition('/')[2]}/app",
                    "taskArn": arn,
                    "name": "app",
                    "image": task["family"],
                    "runtimeId": task["runtime_id"],
                    "lastStatus": "RUNNING",
                    "managedAgents": [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}],
                }
            ],
        }

    def _describe_clusters(self, call):
        logging = {task["quirks"].logging for task in self.tasks.values()}.pop() if self.tasks else "DEFAULT"
        if logging not in ("NONE", "DEFAULT", "OVERRIDE"):
            raise Refusal(logging, "not authorized to perform: ecs:DescribeClusters")
        cluster = {"clusterArn": f"{ARN}:cluster/default", "clusterName": "default", "status": "ACTIVE"}
        if "CONFIGURATIONS" in call.get("include", []):
            cluster["configuration"] = {"executeCommandConfiguration": {"logging": logging}}
        return {"clusters": [cluster], "failures": []}

    def _execute_command(self, call):
        arn = self._find(call.get("task", ""))
        if not arn:
            raise Refusal("InvalidParameterException", "The referenced task was not found.")
        if call.get("interactive") is not True:
            raise Refusal("InvalidParameterException", "Interactive is the only mode supported currently.")
        task = self.tasks[arn]
        session_id = f"ecs-execute-command-{secrets.token_hex(9)}"
        self._on_loop(self._open_session(session_id, task, call["command"]))
        return {
            "clusterArn": f"{ARN}:cluster/default",
            "containerArn": f"{ARN}:container/default/{arn.rpartition('/')[2]}/app",
            "containerName": "app",
            "interactive": True,
            "taskArn": arn,
            "session": self._credentials(session_id, "sessionId", "streamUrl", "tokenValue"),
        }

    async def _open_session(self, session_id, task, command):
        open_ones = [s for s in self.sessions.values() if s.id in task["sessions"] and not s.is_over]
        limit = task["quirks"].session_limit
        if len(open_ones) >= limit:
            text = f"Unable to start new execute sessions because the maximum session limit of {limit} has been reached."
            raise Refusal("ClientException", text)
        task["sessions"].append(session_id)
        self.sessions[session_id] = Session(session_id, task["container"], command, task["quirks"])

    def _credentials(self, session_id, *names):
        # Another cell with each token, as the service has it.
        cell = secrets.token_hex(4)
        base = self.shown_stream_base or self.stream_base
        url = f"{base}/v1/data-channel/{session_id}?role=publish_subscribe&cell-number={cell}"
        self.sessions[session_id].cell = cell
        return dict(zip(names, (session_id, url, self.sessions[session_id].renew_token()), strict=True))

    def _resume_session(self, call):
        session = self._session(call)
        if session.is_over or not session.can_be_resumed:
            return {"SessionId": call["SessionId"]}
        return self._credentials(call["SessionId"], "SessionId", "StreamUrl", "TokenValue")

    def _terminate_session(self, call):
        session = self._session(call)
        self._loop.call_soon_threadsafe(session.terminate)
        return {"SessionId": call["SessionId"]}

    def _session(self, call):
        if call.get("SessionId") not in self.sessions:
            raise Refusal("DoesNotExistException", f"Session {call.get('SessionId')} does not exist.")
        return self.sessions[call["SessionId"]]
