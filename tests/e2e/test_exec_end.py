"""How ferry exec ends a command, or learns that it cannot know its end."""

import json
import signal
import subprocess

import pytest
from exec_fixtures import run, start, web  # noqa: F401 (pytest finds fixtures by name)
from local_endpoint import wait_until
from running_service import enterable_task, environment_of


def sleepers(run, number):
    """The command lines of a `sleep NUMBER` in the task; ps itself does not name it."""
    done = run("web", "--", "ps", "axww", "-o", "args")
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.decode().splitlines() if line.startswith(f"sleep {number}")]


def test_a_time_limit_ends_what_ignores_it_and_its_children(web, run):
    stubborn = "trap '' TERM INT HUP; sleep 7654 & echo begun; while :; do sleep 0.1; done"
    done = run("--timeout", "1s", "web", "--", "sh", "-c", stubborn)
    assert (done.returncode, done.stdout) == (124, b"begun\n")
    assert b"ferry: timed out after 1 s" in done.stderr
    wait_until(lambda: not sleepers(run, 7654), "the child is gone too")


@pytest.mark.parametrize("number, name", [(signal.SIGINT, "INT"), (signal.SIGTERM, "TERM"), (signal.SIGHUP, "HUP"), (signal.SIGQUIT, "QUIT")])
def test_the_command_gets_the_same_signal_and_may_clean_up(web, start, number, name):
    script = f"trap 'echo got {name}; exit 0' {name}; echo begun; while :; do sleep 0.1; done"
    process = start("web", "--", "sh", "-c", script)
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(number)
    assert process.wait(30) == 130  # never the 0 of the handler
    assert process.stdout.read() == f"got {name}\n".encode()
    # Before it, the shell may have said what became of its `sleep`, which got the signal too.
    assert process.stderr.read().decode().endswith(f"ferry: interrupted by SIG{name}\n")


def test_a_second_signal_does_not_wait_for_the_command(web, run, start):
    process = start("web", "--", "sh", "-c", "trap '' INT; sleep 7655 & echo begun; while :; do sleep 0.1; done")
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # another one: two of a kind may arrive as one
    assert process.wait(4) == 130  # the grace alone would be 5 s
    wait_until(lambda: not sleepers(run, 7655), "nothing is left")


def test_a_task_that_stops_ends_the_exec_with_its_reason(shared_endpoint, tmp_path, ferry):
    web = enterable_task(shared_endpoint)
    process = subprocess.Popen(
        [ferry, "exec", "--result-file", tmp_path / "result", "web", "--", "sh", "-c", "echo begun; exec sleep 1000"],
        env=environment_of(shared_endpoint),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == b"begun\n"
        shared_endpoint.client("ecs").stop_task(task=web, reason="maintenance at noon")
        _, complaint = process.communicate(timeout=60)
    finally:
        process.kill()
    result = json.loads((tmp_path / "result").read_text())
    assert process.returncode == 255
    assert (result["outcome"], result["exit_code"]) == ("lost", None)
    assert (result["stopped_reason"], result["stop_code"]) == ("maintenance at noon", "UserInitiated")
    assert complaint.decode().startswith("ferry: ") and b"maintenance at noon" in complaint
    enterable_task(shared_endpoint)


def test_an_endpoint_that_dies_is_never_success(start_endpoint, ferry):
    endpoint = start_endpoint()
    enterable_task(endpoint)
    process = subprocess.Popen(
        [ferry, "exec", "web", "--", "sh", "-c", "echo begun; sleep 1000"],
        env=environment_of(endpoint),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == b"begun\n"
        endpoint.kill()
        _, complaint = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 255
    assert b"is lost" in complaint and b"may still be running" in complaint


@pytest.fixture(scope="module")
def impatient_endpoint(start_endpoint):
    """It ends sessions that are silent for 3 s."""
    endpoint = start_endpoint("--port", "0", "--ephemeral", "--session-idle-timeout", "3s")
    enterable_task(endpoint)
    yield endpoint
    endpoint.stop()


def test_a_silent_command_is_kept_alive(impatient_endpoint):
    words = ("web", "--", "sh", "-c", "sleep 8; echo done")
    done = impatient_endpoint.run("exec", "--keep-alive", "1s", *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_without_signs_of_life_a_silent_command_is_lost_and_said(impatient_endpoint):
    words = ("web", "--", "sh", "-c", "sleep 8; echo done")
    done = impatient_endpoint.run("exec", "-o", "json", "--keep-alive", "0s", *words)
    assert done.returncode == 255
    result = json.loads(done.stdout)
    assert (result["outcome"], result["exit_code"], result["stdout"]) == ("lost", None, "")
    assert done.stderr == f"ferry: {result['explanation']}\n"
