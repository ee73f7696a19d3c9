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
import warnings

import pytest
from certificates import Authority
from exec_fixtures import complaint, web  # noqa: F401 (pytest finds fixtures by name)
from forward_proxy import ForwardProxy
from recording_proxy import RecordingProxy
from running_service import environment_of
from tls_front import TlsFront

BOTOCORE = """
import sys
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies
for url in sys.argv[1:]:
    configuration = ProxyConfiguration(get_environ_proxies(url))
    found = configuration.proxy_url_for(url)
    headers = configuration.proxy_headers_for(found) if found else {}
    scheme, place = (found or "://").split("://")
    print(f"{scheme}://" + place.rpartition("@")[2].rstrip("/") + " " + headers.get("Proxy-Authorization", "") if found else "none")
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
    "over TLS": {"HTTP_PROXY": "https://user:word@proxy:8443", "HTTPS_PROXY": "https://proxy:8443/"},
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
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure_url(authority):
    """The https URL of a service with a certificate for localhost by that authority."""
    with Service(context=authority.server()) as service:
        yield service.url


def test_the_authority_of_aws_ca_bundle_is_trusted(run, secure_url, authority):
    done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, AWS_CA_BUNDLE=str(authority.path))
    assert done.returncode == 0, done.stderr


def test_a_bundle_that_cannot_be_read_is_an_error_where_tls_needs_it(run, secure_url, tmp_path):
    bundle = tmp_path / "no-such-bundle.pem"
    line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, AWS_CA_BUNDLE=str(bundle)))
    assert f"cannot read the certificate authorities in {bundle}: " in line
    with Service() as service:
        done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=service.url, AWS_CA_BUNDLE=str(bundle))
    assert done.returncode == 0, done.stderr


def test_the_authority_of_the_profile_is_trusted(run, secure_url, authority, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"[default]\nca_bundle = {authority.path}\n")
    done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, AWS_CONFIG_FILE=str(config))
    assert done.returncode == 0, done.stderr


def test_tls_goes_through_a_tunnel(run, secure_url, authority):
    with ForwardProxy() as proxy:
        done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, HTTPS_PROXY=proxy.url, AWS_CA_BUNDLE=str(authority.path))
    assert done.returncode == 0, done.stderr
    assert proxy.seen == [f"CONNECT {secure_url.removeprefix('https://')}"]


def test_an_unknown_authority_is_refused(run, secure_url):
    line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url))
    assert "certificate verify failed: unable to get local issuer certificate" in line and "AWS_CA_BUNDLE" in line


BAD_SERVERS = {
    "expired": (lambda authority: authority.server(first_day=-3, last_day=-1), "certificate has expired", "this machine's clock"),
    "of tomorrow": (lambda authority: authority.server(first_day=1, last_day=2), "certificate is not yet valid", "this machine's clock"),
    "self-signed": (lambda authority: authority.self_signed_server(), "self-signed certificate", "AWS_CA_BUNDLE"),
    "another host's": (lambda authority: authority.server("DNS:example.com"), "hostname mismatch", "it belongs to another host"),
    "old": (lambda authority: only_tls_1_1(authority.server()), "TLS handshake failed", "must speak TLS 1.2 or 1.3"),
}


def only_tls_1_1(context):
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


@pytest.mark.parametrize("name", BAD_SERVERS)
def test_a_bad_server_is_refused_with_what_to_do(run, authority, name):
    make, reason, advice = BAD_SERVERS[name]
    with Service(context=make(authority)) as service:
        line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=service.url, AWS_CA_BUNDLE=str(authority.path)))
    assert f"cannot connect to {service.url}: " in line and reason in line and advice in line
    assert service.signed == [], "nothing was sent"


def test_another_addresss_certificate_is_refused(run, secure_url, authority):
    url = secure_url.replace("localhost", "127.0.0.1")
    line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(authority.path)))
    assert "IP address mismatch" in line and "another host" in line


def test_a_server_without_tls_is_told_from_a_bad_one(run):
    with Service() as service:
        url = service.url.replace("http:", "https:")
        line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=url))
    assert "TLS handshake failed" in line and "does not speak TLS on this port" in line


@pytest.fixture
def secure_proxy(authority):
    """A proxy that is spoken to over TLS, and wants a password."""
    with ForwardProxy(user="me:secret", context=authority.server()) as proxy:
        proxy.full_url = proxy.url.replace("//", "//me:secret@")
        yield proxy


def test_calls_and_sessions_go_through_a_proxy_over_tls(web, run, shared_endpoint, secure_proxy, authority):  # noqa: F811
    done = run("exec", "web", "--", "echo", "through", HTTP_PROXY=secure_proxy.full_url, AWS_CA_BUNDLE=str(authority.path))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"through\n", b"")
    assert f"POST {shared_endpoint.url}/" in secure_proxy.seen
    assert f"CONNECT 127.0.0.1:{shared_endpoint.port}" in secure_proxy.seen, "the websocket"


def test_tls_goes_through_a_proxy_over_tls(run, secure_url, secure_proxy, authority):
    done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, HTTPS_PROXY=secure_proxy.full_url, AWS_CA_BUNDLE=str(authority.path))
    assert done.returncode == 0, done.stderr
    assert secure_proxy.seen == [f"CONNECT {secure_url.removeprefix('https://')}"]


@pytest.fixture
def secure_session(web, run, shared_endpoint, authority):  # noqa: F811
    """secure_session(context, words...) is `ferry exec` whose session is with a server of that context.

    Unsigned: the server gives the endpoint another Host than the one that is signed.
    """

    def run_exec(context, *words, **variables):
        with TlsFront(shared_endpoint.port, context) as front, RecordingProxy(shared_endpoint) as api:
            api.changes["ExecuteCommand"] = front.lead_here
            done = run("exec", "--unsigned-channel", *words, AWS_ENDPOINT_URL=api.url, AWS_CA_BUNDLE=str(authority.path), **variables)
            return done, front.port

    return run_exec


def test_a_secure_session_goes_through_a_proxy_over_tls(secure_session, secure_proxy, authority):
    done, port = secure_session(authority.server(), "web", "--", "seq", "100000", HTTPS_PROXY=secure_proxy.full_url)
    assert done.stdout == b"".join(b"%d\n" % number for number in range(1, 100001))
    assert (done.returncode, done.stderr) == (0, b"")
    assert secure_proxy.seen == [f"CONNECT localhost:{port}"]


@pytest.mark.parametrize("name", BAD_SERVERS)
def test_a_session_with_a_bad_server_is_refused_with_what_to_do(secure_session, authority, name):
    make, reason, advice = BAD_SERVERS[name]
    done, port = secure_session(make(authority), "web", "--", "true")
    line = complaint(done)
    assert f"cannot connect to wss://localhost:{port}: " in line and reason in line and advice in line
    assert done.returncode == 125


@pytest.mark.parametrize("name", BAD_SERVERS)
def test_a_bad_proxy_is_refused_and_named(run, authority, secure_url, name):
    make, reason, advice = BAD_SERVERS[name]
    with ForwardProxy(context=make(authority)) as proxy:
        line = complaint(run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=secure_url, HTTPS_PROXY=proxy.url, AWS_CA_BUNDLE=str(authority.path)))
    assert f"cannot connect to {secure_url}: the proxy localhost:{proxy.port}: " in line and reason in line and advice in line
    assert proxy.seen == []


def test_a_proxy_spoken_to_in_the_wrong_way_says_so(run, authority, secure_url):
    words = ["api", "ecs", "ListClusters"]
    with ForwardProxy() as plain, ForwardProxy(context=authority.server()) as secure:
        trust = {"AWS_ENDPOINT_URL": secure_url, "AWS_CA_BUNDLE": str(authority.path)}
        line = complaint(run(*words, HTTPS_PROXY=plain.url.replace("http:", "https:"), **trust))
        assert "the proxy does not speak TLS on this port: check its URL" in line
        line = complaint(run(*words, HTTPS_PROXY=secure.url.replace("https:", "http:"), **trust))
        assert f"the proxy localhost:{secure.port}" in line and "https://" in line


@pytest.mark.parametrize("hours", [-30, 1])
def test_a_clock_that_is_wrong_is_set_right_by_the_services(run, hours):
    with Service(datetime.timedelta(hours=hours)) as service:
        done = run("api", "ecs", "ListClusters", AWS_ENDPOINT_URL=service.url)
    assert done.returncode == 0, done.stderr
    assert len(service.signed) == 2


def test_a_share_of_the_rate_limits_that_is_none_is_refused(run):
    for share in ("0", "101%", "half"):
        assert complaint(run("ps", "--max-rate", share)).endswith("may be 1% to 100%")
