"""What gives out credentials, in one loopback server: STS, IAM Identity Center, container and instance metadata.

It checks what it is sent, keeps it, and can be told to answer otherwise.
"""

import datetime
import http.server
import json
import threading
import urllib.parse

CONTAINER_TOKEN = "container-token"
METADATA_TOKEN = "metadata-token"


def in_an_hour():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeIdentity:
    def __init__(self):
        self.asked = []  # (method, path, body)
        self.answers = {}  # path without its query: (status, body) instead of the usual
        self.valid_login = "login-token"

    def __enter__(self):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, content = fake.answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content.encode())))
                self.end_headers()
                self.wfile.write(content.encode())

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                """The test's output is the test's."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, target, headers, body):
        path = target.partition("?")[0]
        self.asked.append((method, target, body))
        if path in self.answers:
            return self.answers[path]
        if path == "/":
            return self.sts(dict(urllib.parse.parse_qsl(body)), headers)
        if path == "/federation/credentials":
            return self.role(headers)
        if path == "/token":
            return self.refresh(json.loads(body))
        if path == "/container":
            return self.container(headers)
        return self.metadata(method, path, headers)

    def sts(self, form, headers):
        signer = headers.get("Authorization", "")
        if form["Action"] == "AssumeRoleWithWebIdentity":
            if signer or form.get("WebIdentityToken") != "web-token":
                return 400, self.refusal("InvalidIdentityToken")
            key = "AKWEB"
        else:
            caller = signer.partition("Credential=")[2].partition("/")[0]
            if not caller:
                return 403, self.refusal("MissingAuthenticationToken")
            key = f"{caller}-{form['RoleArn'].rpartition('/')[2]}"
            if form.get("ExternalId"):
                key += f"-{form['ExternalId']}"
        credentials = (
            f"<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
            f"<SessionToken>token</SessionToken><Expiration>{in_an_hour()}</Expiration></Credentials>"
        )
        action = form["Action"]
        return 200, f"<{action}Response><{action}Result>{credentials}</{action}Result></{action}Response>"

    @staticmethod
    def refusal(code):
        return f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>refused</Message></Error></ErrorResponse>"

    def role(self, headers):
        if headers.get("x-amz-sso_bearer_token") != self.valid_login:
            return 401, json.dumps({"message": "Session token not found or invalid"})
        end_ms = int((datetime.datetime.now().timestamp() + 3600) * 1000)
        role = {"accessKeyId": "AKSSO", "secretAccessKey": "secret", "sessionToken": "token", "expiration": end_ms}
        return 200, json.dumps({"roleCredentials": role})

    def refresh(self, wanted):
        if wanted.get("refreshToken") != "refresh" or wanted.get("grantType") != "refresh_token":
            return 400, json.dumps({"error": "invalid_grant"})
        self.valid_login = "renewed-token"
        return 200, json.dumps({"accessToken": "renewed-token", "expiresIn": 3600, "refreshToken": "refresh", "tokenType": "Bearer"})

    @staticmethod
    def keys(key):
        return json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": "secret", "Token": "token", "Expiration": in_an_hour()})

    def container(self, headers):
        if headers.get("Authorization") != CONTAINER_TOKEN:
            return 403, json.dumps({"message": "no"})
        return 200, self.keys("AKCONTAINER")

    def metadata(self, method, path, headers):
        if (method, path) == ("PUT", "/latest/api/token"):
            return 200, METADATA_TOKEN
        if headers.get("x-aws-ec2-metadata-token") != METADATA_TOKEN:
            return 401, ""
        if path == "/latest/meta-data/iam/security-credentials/":
            return 200, "the-role"
        if path == "/latest/meta-data/iam/security-credentials/the-role":
            return 200, self.keys("AKINSTANCE")
        return 404, ""
