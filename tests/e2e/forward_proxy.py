"""A forward proxy on a loopback port: whole URLs of http, and CONNECT for all else, with credentials if wanted."""

import base64
import contextlib
import http.client
import http.server
import select
import socket
import threading
import urllib.parse


def pass_on(here, there):
    """What each says goes to the other, until one of them ends."""
    others = {here: there, there: here}
    with contextlib.suppress(OSError):
        while True:
            for end in select.select(list(others), [], [])[0]:
                piece = end.recv(65536)  # more than a TLS record: nothing stays behind in it, unseen by select
                if not piece:
                    return
                others[end].sendall(piece)


class ForwardProxy:
    """Every host name leads to `lead_to` where that is given: (host, port). With `context` it speaks TLS, as localhost."""

    def __init__(self, user="", lead_to=None, context=None):
        self.seen = []  # "POST http://host/path" and "CONNECT host:port", in order
        self.user = user
        self.lead_to = lead_to
        self.context = context
        self.refuse_with = 0  # a status for everybody

    def __enter__(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_CONNECT(self):
                proxy._answer(self, proxy._tunnel)

            def do_POST(self):
                proxy._answer(self, proxy._forward)

            do_GET = do_POST

            def log_message(self, *_):
                """The test's output is the test's."""

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                """A client that refuses our certificate is no error of ours."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        if self.context:
            # The handshake is for the connection's own thread.
            self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://localhost:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, caller, serve):
        self.seen.append(f"{caller.command} {caller.path}")
        wanted = "Basic " + base64.b64encode(self.user.encode()).decode()
        is_denied = self.user and caller.headers["Proxy-Authorization"] != wanted
        status = 407 if is_denied else self.refuse_with
        if status:
            caller.close_connection = True
            caller.send_response(status)
            caller.send_header("Content-Length", "0")
            caller.end_headers()
        else:
            serve(caller)

    def _place(self, host, port):
        return self.lead_to or (host, port)

    def _tunnel(self, caller):
        host, _, port = caller.path.rpartition(":")
        with contextlib.closing(socket.create_connection(self._place(host, int(port)))) as there:
            caller.send_response(200)
            caller.end_headers()
            pass_on(caller.connection, there)
        caller.close_connection = True

    def _forward(self, caller):
        url = urllib.parse.urlsplit(caller.path)
        assert url.scheme == "http" and url.hostname, caller.path
        body = caller.rfile.read(int(caller.headers["Content-Length"] or 0))
        there = http.client.HTTPConnection(*self._place(url.hostname, url.port or 80))
        headers = {name: value for name, value in caller.headers.items() if name.lower() != "proxy-authorization"}
        there.request(caller.command, url.path or "/", body, headers)
        answer = there.getresponse()
        content = answer.read()
        caller.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                caller.send_header(name, value)
        caller.end_headers()
        caller.wfile.write(content)
        there.close()
