"""Against what the environment names (`make conformance`), else against an endpoint of ferry's own."""

import os
import signal

import pytest
from local_endpoint import task_definition
from report import Report
from subject import Subject

REPORT = Report()


def is_check(item):
    return "subject" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def subject(ferry, start_endpoint):
    if "FERRY_CONFORMANCE_CLUSTER" in os.environ:
        place = Subject.from_environment(ferry)
        ended = signal.signal(signal.SIGTERM, signal.default_int_handler)
    else:
        endpoint = start_endpoint()
        endpoint.ecs.register_task_definition(**task_definition(family="conformance"))
        place = Subject(ferry, endpoint.environment, "default", "conformance", control=endpoint.control)
        ended = None
    try:
        place.start_task()
        yield place
    finally:
        REPORT.secret_words = place.secret_words()
        place.stop_all()
        if ended is not None:
            signal.signal(signal.SIGTERM, ended)
        elif place.control:
            endpoint.stop()


@pytest.fixture
def observe():
    """observe(name, value): a fact for the report that nothing is held to."""
    return REPORT.facts.__setitem__


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if is_check(item) and (report.when == "call" or report.outcome != "passed"):
        detail = str(report.longrepr[2]) if report.skipped else report.longreprtext if report.failed else ""
        title = (item.function.__doc__ or item.name).splitlines()[0]
        REPORT.add(item.name, title, report.outcome, call.duration, detail)


def pytest_unconfigure():
    if "FERRY_CONFORMANCE_REPORT" in os.environ:
        REPORT.write(os.environ["FERRY_CONFORMANCE_REPORT"])
