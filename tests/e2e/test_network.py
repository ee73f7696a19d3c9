"""The network as it is: proxies, certificates of an authority of one's own, a clock that is wrong."""

import datetime
import email.utils
import http.server
import os
import socket
import ssl
import subprocess
import sys
import threading

import pytest
from exec_fixtures import complaint, web  # noqa: F401 (pytest finds fixtures by name)
from forward_proxy import ForwardProxy
from running_service import environment_of

BOTOCORE = """
import sys
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies
for url in sys.argv[1:]:
    configuration = ProxyConfiguration(get_environ_proxies(url))
    found = configuration.proxy_url_for(url)
    headers = configuration.proxy_headers_for(found) if found else {}
    print("none" if not found else found.rpartition("@")[2].split("//")[-1].rstrip("/") + " " + headers.get("Proxy-Authorization", ""))
"""
URLS = [
    "http://ecs.example.com/",
    "https://ecs.example.com/",
    "https://ecs.example.com:8443/",
    "https://example.com/",
    "https://notexample.com/",
    "http://127.0.0.1:5319/",
    "http://localhost:5319/",
    "https://[::1]:5319/",
    "https://10.1.2.3/",
]
ENVIRONMENTS = {
    "nothing": {},
    "both": {"HTTP_PROXY": "http://plain:3128", "HTTPS_PROXY": "http://secure:3128"},
    "lower case wins": {"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2"},
    "empty lower case": {"HTTPS_PROXY": "http://upper:1", "https_proxy": ""},
    "no scheme": {"HTTPS_PROXY": "proxy:3128", "HTTP_PROXY": "//proxy:3128"},
    "a user": {"HTTPS_PROXY": "http://user:p%40ss@proxy:3128"},
    "a CGI program": {"HTTP_PROXY": "http://plain:1", "REQUEST_METHOD": "GET"},
    "a CGI program, lower case": {"http_proxy": "http://plain:1", "REQUEST_METHOD": "GET"},
    **{
        f"without {exempt}": {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:1", "NO_PROXY": exempt}
        for exempt in (
            "*", "example.com", ".example.com", "Example.COM", "ecs.example.com:8443", "127.0.0.1", "localhost", "[::1]",
            "::1", "10.0.0.0/8", "*,example.org", " ecs.example.com , localhost ", ",", "com", "127.0.0.1:5319",
        )
    },
    "exempt in lower case": {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com", "no_proxy": "example.org"},
}  # fmt: skip


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_proxy_is_botocores(name):
    environment = {"PATH": os.environ["PATH"], **ENVIRONMENTS[name]}
    tool = os.path.join(os.environ["FERRY_TEST_TOOLS"], "proxy_for_url")
    ours = subprocess.run([tool, *URLS], env=environment, capture_output=True, text=True, check=True)
    theirs = subprocess.run([sys.executable, "-c", BOTOCORE, *URLS], env=environment, capture_output=True, text=True, check=True)
    assert dict(zip(URLS, ours.stdout.splitlines(), strict=True)) == dict(zip(URLS, theirs.stdout.splitlines(), strict=True))


@pytest.fixture
def run(shared_endpoint, ferry):
    """run(words, **variables) is `ferry words` with these variables."""

    def run_ferry(*words, **variables):
        environment = {**environment_of(shared_endpoint), **variables}
        return subprocess.run([ferry, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)

    return run_ferry


def test_calls_and_sessions_go_through_the_proxy(web, run, shared_endpoint):  # noqa: F811
    with ForwardProxy(user="me:secret") as proxy:
        done = run("exec", "web", "--", "echo", "through", HTTP_PROXY=proxy.url.replace("//", "//me:secret@"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"through\n", b"")
    assert f"POST {shared_endpoint.url}/" in proxy.seen
    assert f"CONNECT 127.0.0.1:{shared_endpoint.port}" in proxy.seen, "the websocket"


def test_what_is_exempt_is_reached_without(web, run):  # noqa: F811
    with ForwardProxy() as proxy:
        done = run("exec", "web", "--", "echo", "straight", HTTP_PROXY=proxy.url, NO_PROXY="127.0.0.1")
    assert (done.returncode, done.stdout) == (0, b"straight\n")
    assert proxy.seen == []


def test_a_proxy_that_is_not_there_is_named(run):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = complaint(run("ps", HTTP_PROXY=f"http://me:hush@127.0.0.1:{port}"))
    assert f"the proxy 127.0.0.1:{port}" in line and "HTTP_PROXY" in line and "hush" not in line


def test_a_proxy_that_wants_a_password_says_so(run):
    with ForwardProxy(user="me:secret") as proxy:
        line = complaint(run("ps", HTTP_PROXY=proxy.url, AWS_ENDPOINT_URL="https://ecs.example.com", HTTPS_PROXY=proxy.url))
    assert "407" in line and "http://user:password@host:port" in line


def test_local_env_exempts_itself_from_the_proxy(shared_endpoint, ferry):
    environment = {**shared_endpoint.environment, "HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}
    words = [ferry, "local", "env", "--port", str(shared_endpoint.port)]
    shell = subprocess.run(["sh", "-c", f"eval \"$({' '.join(words)})\"; echo $NO_PROXY; exec {ferry} ps"], env=environment, capture_output=True, text=True)
    assert shell.stdout.startswith("example.com,127.0.0.1\n"), shell
    assert shell.returncode == 0 and shell.stderr == ""


class Service:
    """Answers each call with {}, if it is signed within five minutes of the service's own time."""

    def __init__(self, ahead=datetime.timedelta(0), context=None):
        self.ahead, self.context, self.signed = ahead, context, []

    def __enter__(self):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                signed = datetime.datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
                service.signed.append(signed)
                now = datetime.datetime.now(datetime.timezone.utc) + service.ahead
                is_right = abs(now - signed) < datetime.timedelta(minutes=5)
                body = b"{}" if is_right else b'{"__type": "InvalidSignatureException", "message": "Signature expired"}'
                self.send_response_only(200 if is_right else 400)
                self.send_header("Date", email.utils.format_datetime(now, usegmt=True))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """The test's output is the test's."""

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        if self.context:
            self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        place = "https://localhost" if self.context else "http://127.0.0.1"
        self.url = f"{place}:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A folder with authority.pem, and server.pem and server.key for localhost."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=Private", "-days", "2")
    openssl("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    (folder / "names").write_text("subjectAltName = DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "2", "-extfile", "names")  # fmt: skip
    return folder


@pytest.fixture
def secure_url(authority):
    """The https URL of a service with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    with Service(context=context) as service:
        yield service.url


def test_the_authority_of_aws_ca_bundle_is_trusted(run, secure_url, authority):
    done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, AWS_CA_BUNDLE=str(authority / "authority.pem"))
    assert done.returncode == 0, done.stderr


def test_the_authority_of_the_profile_is_trusted(run, secure_url, authority, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"[default]\nca_bundle = {authority}/authority.pem\n")
    done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, AWS_CONFIG_FILE=str(config))
    assert done.returncode == 0, done.stderr


def test_tls_goes_through_a_tunnel(run, secure_url, authority):
    with ForwardProxy() as proxy:
        done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, HTTPS_PROXY=proxy.url, AWS_CA_BUNDLE=str(authority / "authority.pem"))
    assert done.returncode == 0, done.stderr
    assert proxy.seen == [f"CONNECT {secure_url.removeprefix('https://')}"]


def test_an_unknown_authority_is_refused(run, secure_url):
    line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url))
    assert "certificate verify failed: unable to get local issuer certificate" in line and "AWS_CA_BUNDLE" in line


def test_another_hosts_certificate_is_refused(run, secure_url, authority):
    url = secure_url.replace("localhost", "127.0.0.1")
    line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(authority / "authority.pem")))
    assert "IP address mismatch" in line and "another host" in line


@pytest.mark.parametrize("hours", [-30, 1])
def test_a_clock_that_is_wrong_is_set_right_by_the_services(run, hours):
    with Service(datetime.timedelta(hours=hours)) as service:
        done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=service.url)
    assert done.returncode == 0, done.stderr
    assert len(service.signed) == 2


def test_a_share_of_the_rate_limits_that_is_none_is_refused(run):
    for share in ("0", "101%", "half"):
        assert complaint(run("ps", "--max-rate", share)).endswith("may be 1% to 100%")
