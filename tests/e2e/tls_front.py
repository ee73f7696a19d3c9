"""TLS before the websockets of a plain endpoint, as localhost."""

import contextlib
import socket
import socketserver
import threading

from forward_proxy import pass_on


class TlsFront:
    def __init__(self, endpoint_port, context):
        self.context, self._endpoint_port = context, endpoint_port

    def __enter__(self):
        front = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError), front.context.wrap_socket(self.request, server_side=True) as here:
                    head = here.recv(65536).replace(b"Host: localhost:%d" % front.port, b"Host: 127.0.0.1:%d" % front._endpoint_port)
                    with socket.create_connection(("127.0.0.1", front._endpoint_port)) as there:
                        there.sendall(head)
                        pass_on(here, there)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def lead_here(self, answer):
        """ExecuteCommand's answer with a session that is to be entered here."""
        path = answer["session"]["streamUrl"].partition("://")[2].partition("/")[2]
        session = {**answer["session"], "streamUrl": f"wss://localhost:{self.port}/{path}"}
        return {**answer, "session": session}
