"""Strangers at the endpoint's port: what they can hold up, and what they cannot."""

import contextlib
import os
import pathlib
import re
import resource
import socket
import time

import pytest

MOST_CONNECTIONS = 1024
SOON_S = 5


@pytest.fixture
def strangers(shared_endpoint):
    """strangers(count, bytes) opens so many connections that have sent these bytes; all of them end with the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
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
