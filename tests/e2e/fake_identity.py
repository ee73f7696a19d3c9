"""What gives out credentials, in one loopback server: STS, IAM Identity Center, container and instance metadata.

It checks what it is sent, keeps it, and misbehaves on demand. What no client of its kind may send is a complaint.
"""

import datetime
import http.server
import json
import re
import socket
import threading
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCOUNT = "123456789012"
CONTAINER_TOKEN = "container-token"
METADATA_TOKEN = "metadata-token"
# Of every pair of keys and all temporary ones; long enough that nothing else holds them by chance.
SECRET = "the-secret-key-that-nobody-may-see"
SESSION_TOKEN = "the-session-token-that-nobody-may-see"
ROLES = "/latest/meta-data/iam/security-credentials/"
ZONE = "/latest/meta-data/placement/availability-zone/"
HANG = "no answer until the test is over"
CUT = "the connection ends instead of an answer"
# Those that clients make up where a profile names none.
DEFAULT_SESSION_NAME = re.compile(r"ferry|botocore-session-\d+")


def from_now(seconds):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return end.strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeIdentity:
    def __init__(self, *addresses):
        self.addresses = addresses or [("127.0.0.1", 0)]
        self.asked = []  # (method, target, body)
        self.complaints = []
        self.answers = {}  # path without its query: (status, body), HANG or CUT instead of the usual
        self.first_answers = {}  # likewise a list of them; then the usual
        self.valid_login = "login-token"
        self.lifetime_s = 3600
        self.zone = "eu-west-3b"
        self._over = threading.Event()

    def __enter__(self):
        self._servers = [self.serve(address) for address in self.addresses]
        self.url = f"http://127.0.0.1:{self._servers[0].server_port}"
        return self

    def serve(self, address):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                answer = fake.answer(self.command, self.path, self.headers, body)
                if answer == HANG:
                    fake._over.wait()
                if answer in (HANG, CUT):
                    self.close_connection = True
                    return
                status, content = answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(content.encode())))
                self.send_header("x-amzn-RequestId", f"request-{len(fake.asked)}")
                self.end_headers()
                self.wfile.write(content.encode())

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                """The test's output is the test's."""

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET

        server = Server(address, Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def __exit__(self, *_):
        self._over.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def times_asked(self, path, action=""):
        """How often a path was asked for, with this action of STS."""
        return sum(target.partition("?")[0] == path and f"Action={action}" in (body if action else "Action=") for _, target, body in self.asked)

    def complain(self, what):
        self.complaints.append(what)
        return 400, json.dumps({"message": what})

    def answer(self, method, target, headers, body):
        path, _, query = target.partition("?")
        self.asked.append((method, target, body))
        if self.first_answers.get(path):
            return self.first_answers[path].pop(0)
        if path in self.answers:
            return self.answers[path]
        if path == "/":
            return self.sts(method, body, headers)
        if path == "/federation/credentials":
            return self.role(method, dict(urllib.parse.parse_qsl(query)), headers)
        if path == "/token":
            return self.refresh(method, body, headers)
        if path in ("/container", "/v2/credentials/id"):
            return self.container(method, path, headers)
        return self.metadata(method, path, headers)

    def sts(self, method, body, headers):
        form = dict(urllib.parse.parse_qsl(body))
        action = form.get("Action")
        known = ("AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity")
        if method != "POST" or action not in known or form.get("Version") != "2011-06-15":
            return self.complain(f"STS was sent {method} {body}")
        if action == "GetCallerIdentity":
            key = self.signer(body, headers)
            arn = f"<Account>{ACCOUNT}</Account><Arn>arn:aws:iam::{ACCOUNT}:user/{key}</Arn><UserId>{key}</UserId>"
            return (200, self.result(action, arn)) if key else (403, self.refusal("SignatureDoesNotMatch"))
        name = form.get("RoleSessionName", "")
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", name) or not form.get("RoleArn", "").startswith("arn:aws:iam::"):
            return 400, self.refusal("ValidationError")
        if not 900 <= int(form.get("DurationSeconds", 900)) <= 43200:
            return 400, self.refusal("ValidationError")
        if action == "AssumeRoleWithWebIdentity":
            if headers.get("Authorization"):
                return self.complain("a web identity was signed for")
            if form.get("WebIdentityToken") != "web-token":
                return 400, self.refusal("InvalidIdentityToken")
            key = "AKWEB"
        else:
            key = self.signer(body, headers)
            if key is None:
                return 403, self.refusal("SignatureDoesNotMatch")
            key += f"-{form['RoleArn'].rpartition('/')[2]}"
        if ("SerialNumber" in form) != ("TokenCode" in form):
            return self.complain("MFA needs a serial number and a code")
        for given in ("ExternalId", "DurationSeconds", "TokenCode"):
            key += f"-{form[given]}" if given in form else ""
        if not DEFAULT_SESSION_NAME.fullmatch(name):
            key += f"-{name}"
        credentials = (
            f"<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
            f"<SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>{from_now(self.lifetime_s)}</Expiration></Credentials>"
        )
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{form['RoleArn'].rpartition('/')[2]}/{name}"
        user = f"<AssumedRoleUser><AssumedRoleId>AROA:{name}</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>"
        return 200, self.result(action, credentials + user)

    @staticmethod
    def signer(body, headers):
        """The access key, where its signature is that of SECRET, as botocore computes it."""
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/sts/aws4_request, SignedHeaders=(\S+), Signature=(\w+)", headers["Authorization"] or "")
        if found is None:
            return None
        key, _, region, signed, signature = found.groups()
        request = AWSRequest("POST", f"http://{headers['Host']}/", {name: headers[name] for name in signed.split(";")}, body.encode())
        request.context["timestamp"] = headers["X-Amz-Date"]
        auth = SigV4Auth(Credentials(key, SECRET), "sts", region)
        computed = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        return key if computed == signature and headers["X-Amz-Security-Token"] in (None, SESSION_TOKEN) else None

    @staticmethod
    def result(action, content):
        return f"<{action}Response><{action}Result>{content}</{action}Result></{action}Response>"

    @staticmethod
    def refusal(code):
        return f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>refused</Message></Error></ErrorResponse>"

    def role(self, method, query, headers):
        if method != "GET" or set(query) != {"role_name", "account_id"} or query["account_id"] != ACCOUNT:
            return self.complain(f"GetRoleCredentials was sent {method} {query}")
        if headers.get("x-amz-sso_bearer_token") != self.valid_login:
            return 401, json.dumps({"message": "Session token not found or invalid"})
        end_ms = int((datetime.datetime.now().timestamp() + self.lifetime_s) * 1000)
        key = "AKSSO" if query["role_name"] == "Admin" else f"AKSSO-{query['role_name']}"
        role = {"accessKeyId": key, "secretAccessKey": SECRET, "sessionToken": SESSION_TOKEN, "expiration": end_ms}
        return 200, json.dumps({"roleCredentials": role})

    def refresh(self, method, body, headers):
        wanted = json.loads(body)
        if method != "POST" or set(wanted) != {"clientId", "clientSecret", "grantType", "refreshToken"}:
            return self.complain(f"CreateToken was sent {method} {body}")
        if wanted != {"clientId": "id", "clientSecret": SECRET, "grantType": "refresh_token", "refreshToken": "refresh"}:
            return 400, json.dumps({"error": "invalid_grant"})
        self.valid_login = "renewed-token"
        return 200, json.dumps({"accessToken": "renewed-token", "expiresIn": 3600, "refreshToken": "refresh", "tokenType": "Bearer"})

    def keys(self, key):
        end = from_now(self.lifetime_s)
        return json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": SECRET, "Token": SESSION_TOKEN, "Expiration": end})

    def container(self, method, path, headers):
        if method != "GET" or headers.get("Accept") != "application/json":
            return self.complain(f"the container was asked with {method} for {headers.get('Accept')}")
        if path == "/container" and headers.get("Authorization") != CONTAINER_TOKEN:
            return 403, json.dumps({"message": "no"})
        return 200, self.keys("AKCONTAINER")

    def metadata(self, method, path, headers):
        if (method, path) == ("PUT", "/latest/api/token"):
            if headers.get("x-aws-ec2-metadata-token-ttl-seconds") != "21600":
                return self.complain("a metadata token without its lifetime")
            return 200, METADATA_TOKEN
        if headers.get("x-aws-ec2-metadata-token") != METADATA_TOKEN:
            return 401, ""
        usual = {ROLES: "the-role", ROLES + "the-role": self.keys("AKINSTANCE"), ZONE: self.zone}
        return (200, usual[path]) if path in usual else (404, "")
