"""The way from a client that knows AWS's own addresses alone to the endpoint's KMS.

The stock plugin is built with an SDK that has no variable for an endpoint, and uses the one of its argv for Session
Manager alone. But HTTPS_PROXY and AWS_CA_BUNDLE hold for it as for every program of the SDK: this proxy answers in
place of KMS, asks the endpoint, and lets nothing else through.
"""

import base64
import contextlib
import http.server
import json
import ssl
import subprocess
import threading

REGION = "us-east-1"
HOST = f"kms.{REGION}.amazonaws.com"


def _make_certificate(folder):
    """The files of a key and of a certificate for KMS's host that vouches for itself."""
    key, certificate = folder / "kms.key", folder / "kms.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run([*words, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):
        if self.path != f"{HOST}:443":
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"] != "TrentService.GenerateDataKey":
            self.send_error(501)
            return
        made = self.server.kms.generate_data_key(**question)
        self.server.contexts.append(question["EncryptionContext"])
        blobs = {name: base64.b64encode(made[name]).decode() for name in ("CiphertextBlob", "Plaintext")}
        answer = json.dumps({"KeyId": made["KeyId"], **blobs}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class KmsRoute:
    """`variables` point a program at it; `contexts` are the encryption contexts of the data keys that were made."""

    def __init__(self, server, certificate):
        self.contexts = server.contexts
        proxy = f"http://127.0.0.1:{server.server_port}"
        self.variables = {"HTTPS_PROXY": proxy, "NO_PROXY": "", "AWS_CA_BUNDLE": str(certificate)}


@contextlib.contextmanager
def open_route(endpoint, folder):
    key, certificate = _make_certificate(folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.tls.load_cert_chain(certificate, key)
        server.kms, server.contexts, server.daemon_threads = endpoint.client("kms"), [], True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield KmsRoute(server, certificate)
        finally:
            server.shutdown()
            thread.join()
