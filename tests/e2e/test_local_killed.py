"""An endpoint that is killed: what runs in its tasks ends with it, at whatever moment, and what it has told of them stays true."""

import os
import subprocess
import uuid

import pytest
from killed_endpoint import LEFT_S, expect_that_what_was_told_stays_true, killed_under_load, left_of
from local_endpoint import Endpoint, task_definition, wait_until

@pytest.fixture
def up(ferry, tmp_path):
    """up() begins an endpoint on the same data folder; the last one ends with the test."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path)}
    (tmp_path / "home").mkdir()
    begun = []

    def begin(*words):
        begun.append(Endpoint(ferry, environment, ["--port", "0", "--data", str(tmp_path / "data"), *words]))
        return begun[-1]

    yield begin
    begun[-1].stop()


@pytest.mark.parametrize("runtime", ["sandbox", "process"])
def test_nothing_outlives_an_endpoint_that_is_killed_while_tasks_start(up, runtime):
    for round_number in range(6):
        endpoint = up("--runtime", runtime)
        load = killed_under_load(endpoint, 0.1 + 0.037 * round_number)
        again = up("--runtime", runtime)
        expect_that_what_was_told_stays_true(load, again)
        again.stop()


def test_a_start_ends_what_is_left_where_the_guards_were_killed_too(up):
    endpoint = up()
    mark = f"killed-{uuid.uuid4()}"
    endpoint.ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", f": {mark}; sleep 1000000 & wait"]}))
    endpoint.ecs.run_task(taskDefinition="app")
    wait_until(lambda: left_of(mark), "the task runs")
    # What an endpoint of the past left: a sandbox of that name whose parent is gone.
    name = next(line.split(b"\0")[0] for line in left_of("ferry-sandbox-").values()).decode()
    orphan = subprocess.Popen([name, "1000000"], executable="/bin/sleep")
    try:
        endpoint.kill()
        up()
        assert orphan.wait(timeout=10) == -9
    finally:
        orphan.kill()
        orphan.wait()


def test_a_full_disk_stops_the_endpoint_with_one_line(ferry, tmp_path):
    """A limit of the size of files stands for the disk's end: the write that does not fit fails in the same place."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    script = 'ulimit -f "$1"; shift; trap "" XFSZ; exec "$@"'
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\ncase "$1 $2" in "local up") exec sh -c {script!r} sh 2000 {ferry} "$@";; esac\nexec {ferry} "$@"\n')
    limited.chmod(0o755)
    endpoint = Endpoint(str(limited), environment, ["--port", "0", "--data", str(tmp_path / "data")])
    mark = f"killed-{uuid.uuid4()}"
    script = f": {mark}; yes 0123456789012345678901234567890123456789 & wait"
    endpoint.ecs.register_task_definition(**task_definition(container={"command": ["/bin/sh", "-c", script]}))
    endpoint.ecs.run_task(taskDefinition="app")
    said = endpoint.process.communicate(timeout=60)[1].decode()
    assert endpoint.process.returncode == 125
    lines = said.splitlines()
    assert len(lines) == 1 and lines[0].startswith("ferry: cannot") and "make room on the disk" in lines[0], said
    wait_until(lambda: not left_of(mark), "the task is gone", timeout_s=LEFT_S)
