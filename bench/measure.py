"""What a client costs: wall time, and CPU time of it and all that it started."""

import os
import signal
import socket
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass


@dataclass
class Cost:
    wall_s: float
    cpu_s: float
    status: int
    output: bytes  # the last of it
    output_bytes: int


def run(words, environment, source=None, keep=False, limit_s=300):
    """One client to its end. `source`: a file for its standard input; `keep`: that stays open to the end, as a terminal would."""
    held = os.pipe() if keep else None
    with open(source or os.devnull, "rb") as file:
        begin = time.monotonic()
        process = subprocess.Popen(
            words, env=environment, stdin=held[0] if held else file, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        guard = threading.Timer(limit_s, lambda: os.killpg(process.pid, signal.SIGKILL))
        guard.start()
        try:
            return _finish(process, begin)
        finally:
            guard.cancel()
            process.stdout.close()
            for descriptor in held or ():
                os.close(descriptor)


def _finish(process, begin):
    tail, count = b"", 0
    while piece := process.stdout.read1(1 << 20):
        count += len(piece)
        tail = (tail + piece)[-4096:]
    # The usage of the client and of those of its children that it has waited for.
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, process.returncode, tail, count)


def median(rounds, once):
    """The medians of several runs; the rest is of the last one."""
    costs = [once() for _ in range(rounds)]
    last = costs[-1]
    wall_s = statistics.median(cost.wall_s for cost in costs)
    return Cost(wall_s, statistics.median(cost.cpu_s for cost in costs), last.status, last.output, last.output_bytes)


def first_byte_ms(words, environment, rounds):
    """From a program's start to the first byte of its first API call, at an endpoint that only listens."""
    times = []
    for _ in range(rounds):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            given = {**environment, "AWS_ENDPOINT_URL": url, "AWS_ENDPOINT_URL_ECS": url}
            begin = time.monotonic()
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            with subprocess.Popen([word.replace("{url}", url) for word in words], env=given, start_new_session=True, **quiet) as process:
                connection = server.accept()[0]
                connection.recv(1)
                times.append((time.monotonic() - begin) * 1000)
                os.killpg(process.pid, signal.SIGKILL)
                connection.close()
    return statistics.median(times)
