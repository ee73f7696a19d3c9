"""Fixtures of the tests that enter a running task: a service, and `ferry exec` without a terminal."""

import contextlib
import subprocess

import pytest
from running_service import enterable_task, environment_of


@pytest.fixture
def web(shared_endpoint):
    """The ARN of the one task of service web."""
    return enterable_task(shared_endpoint)


@pytest.fixture
def run(shared_endpoint, ferry):
    """run(words...) is `ferry exec words...` without a terminal, as CI does it."""

    def run_exec(*words, environment=(), **more):
        if "input" not in more:
            more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [ferry, "exec", *words],
            env={**environment_of(shared_endpoint), **dict(environment)},
            capture_output=True,
            timeout=120,
            start_new_session=True,
            **more,
        )

    return run_exec


@pytest.fixture
def start(shared_endpoint, ferry):
    """start(words...) begins `ferry exec words...`; what is left of it ends with the test."""
    with contextlib.ExitStack() as stack:

        def start_exec(*words, stdin=subprocess.DEVNULL):
            process = subprocess.Popen(
                [ferry, "exec", *words],
                env=environment_of(shared_endpoint),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start_exec


def complaint(done):
    """The one line of ferry's own on stderr."""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("ferry: "), lines
    return lines[0]
