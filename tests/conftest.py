"""Fixtures of the end-to-end and interop tests."""

import os
import signal

import pytest
from local_endpoint import Endpoint, ferry_path
from simulation import (  # noqa: F401: these are fixtures
    enter_simulator,
    images,
    local_images,
    place,
    simulated_image,
    simulated_images,
    simulated_service,
    simulator,
)

# What a shell starts with `&` ignores SIGINT, and so would every program that the tests start: bash cannot trap
# what it was started to ignore.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def ferry():
    return ferry_path()


@pytest.fixture(scope="session")
def start_endpoint(ferry, tmp_path_factory):
    """A function that starts an endpoint in a home of its own; `home` shares one between several."""
    endpoints = []

    def start(*arguments, home=None, **variables):
        home = home or tmp_path_factory.mktemp("home")
        for name in ("runtime", "share"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home / "runtime"),
            "XDG_DATA_HOME": str(home / "share"),
            **{name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")},
            **variables,
        }
        endpoints.append(Endpoint(ferry, environment, arguments or ("--port", "0", "--ephemeral")))
        return endpoints[-1]

    yield start
    for endpoint in endpoints:
        if endpoint.process.poll() is None:
            endpoint.kill()


@pytest.fixture
def endpoint(start_endpoint):
    """An empty endpoint for one test."""
    endpoint = start_endpoint()
    yield endpoint
    endpoint.stop()


@pytest.fixture(scope="module")
def shared_endpoint(start_endpoint):
    """One endpoint for the tests of a module that do not disturb each other."""
    endpoint = start_endpoint()
    yield endpoint
    endpoint.stop()
