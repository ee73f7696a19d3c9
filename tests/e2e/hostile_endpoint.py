"""An endpoint that answers each operation with what a test says: any JSON, or any bytes without an end."""

import contextlib
import json
import socket
import threading
import time

ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b1A\x85\x7f\u202e\u2066\u200e\u061c\u2028\nferry: all is well\r"
# What such text must not bring to a terminal or into JSON, whatever stands around it.
ACTING = "\x1b\x07\x9b\x85\x7f\u202e\u2066\u200e\u061c\u2028\r"


def acting(text):
    return [character for character in ACTING if character in text]


def answer(body, status=200, kind="application/x-amz-json-1.1"):
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def refusal(message, name="ClientException", status=400):
    return answer({"__type": name, "message": message}, status)


def endless(head, piece, pause=0.0):
    """Bytes that never end: `head`, then `piece` again and again."""

    def pieces():
        yield head
        while True:
            yield piece
            if pause:
                time.sleep(pause)

    return pieces


class HostileEndpoint:
    """`answers[operation]` is bytes, a list of them (the last one for ever), or a function of the call's input."""

    def __init__(self):
        self.answers, self.calls = {}, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as stream:
            while True:
                headers = {}
                if not stream.readline():
                    return
                while (line := stream.readline().strip()) != b"":
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", 0)))
                operation = headers.get("x-amz-target", ".").split(".")[1] or body.decode().split("&")[0].removeprefix("Action=")
                self.calls.append(operation)
                self.send(connection, operation, body)

    def send(self, connection, operation, body):
        prepared = self.answers[operation]
        if isinstance(prepared, list):
            prepared = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        if isinstance(prepared, bytes):
            connection.sendall(prepared)
            return
        made = prepared(json.loads(body)) if prepared.__code__.co_argcount else prepared()
        for piece in [made] if isinstance(made, bytes) else made:
            connection.sendall(piece)

    def close(self):
        self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def hostile_endpoint():
    endpoint = HostileEndpoint()
    try:
        yield endpoint
    finally:
        endpoint.close()
