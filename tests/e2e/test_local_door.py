"""Strangers at the endpoint's port: what they can hold up, and what they cannot."""

import contextlib
import os
import pathlib
import re
import resource
import socket
import subprocess
import time

import pytest

MOST_CONNECTIONS = 1024
SOON_S = 5


@pytest.fixture
def strangers(shared_endpoint):
    """strangers(count, bytes) opens so many connections that have sent these bytes; all of them end with the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < MOST_CONNECTIONS + 300:
        pytest.skip("a process may not have so many connections here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as stack:

        def begin(count, said):
            opened = []
            for _ in range(count):
                opened.append(stack.enter_context(socket.create_connection(("127.0.0.1", shared_endpoint.port), timeout=30)))
                with contextlib.suppress(ConnectionError):
                    opened[-1].sendall(said)
            return opened

        yield begin
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def head(endpoint, *lines):
    return "\r\n".join(["POST / HTTP/1.1", f"Host: 127.0.0.1:{endpoint.port}", *lines, "", ""]).encode()


def memory(endpoint):
    status = pathlib.Path(f"/proc/{endpoint.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024


def test_slow_connections_do_not_shut_others_out(shared_endpoint, strangers):
    strangers(MOST_CONNECTIONS + 50, b"POST / HTTP/1.1\r\nHost")
    began = time.monotonic()
    assert shared_endpoint.client("ecs").list_clusters()["clusterArns"]
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), "403"),
        (("Authorization: AWS4-HMAC-SHA256 x", "Origin: http://example.com"), "403"),
    ],
    ids=["unsigned", "of a web page"],
)
def test_a_stranger_is_refused_before_his_body_is_read(shared_endpoint, strangers, lines, status):
    said = head(shared_endpoint, "Content-Type: application/x-amz-json-1.1", "X-Amz-Target: AmazonEC2ContainerServiceV20141113.ListClusters", "Content-Length: 15000000", *lines)
    (stranger,) = strangers(1, said)
    assert stranger.recv(100).startswith(f"HTTP/1.1 {status}".encode())


@pytest.mark.skipif(os.environ.get("FERRY_PRESET", "dev") not in ("dev", "release"), reason="sanitizers keep what was freed")
def test_bodies_of_strangers_take_a_bounded_memory(shared_endpoint, strangers):
    """With a signature that is none, so that it is only found wrong once the whole body is there."""
    before = memory(shared_endpoint)
    said = head(shared_endpoint, "Authorization: AWS4-HMAC-SHA256 nonsense", "Content-Length: 15000000")
    for stranger in strangers(30, said):
        with contextlib.suppress(OSError):  # it may be given up meanwhile
            stranger.sendall(b"x" * 14_000_000)
    assert memory(shared_endpoint) - before < 200 << 20
    assert shared_endpoint.client("ecs").list_clusters()["clusterArns"]


def has_ipv6():
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_localhost_is_the_endpoint_by_either_address(shared_endpoint):
    for url in (f"http://[::1]:{shared_endpoint.port}", f"http://localhost:{shared_endpoint.port}"):
        environment = {**shared_endpoint.environment, "AWS_ENDPOINT_URL": url}
        done = subprocess.run([shared_endpoint.ferry, "api", "ecs", "ListClusters"], env=environment, capture_output=True, text=True, timeout=30)
        assert (done.returncode, "cluster/default" in done.stdout) == (0, True), done.stderr


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_a_port_that_another_has_at_one_of_the_addresses_is_refused(ferry, tmp_path):
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([ferry, "local", "up", "--ephemeral", "--port", str(port)], env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 125
    assert done.stderr.splitlines() == [f"ferry: cannot listen on ::1 port {port}: Address already in use; stop what uses the port, or choose another"]
