"""What others see of ferry exec (the audit trail, the log of a session, its bytes), large data, bad networks."""

import hashlib
import random
import shlex
import subprocess

import pytest
from running_service import enterable_task, environment_of

LARGE = 64 << 20
LARGE_TIMEOUT_S = 300


@pytest.fixture
def web(shared_endpoint):
    task = enterable_task(shared_endpoint)
    shared_endpoint.wait_for_exec_agent_of(task)
    return task


def logged_sessions(endpoint):
    """{session id: what its log says} of the group of the container's own log."""
    streams = endpoint.logs.describe_log_streams(logGroupName="/app")["logStreams"]
    names = [stream["logStreamName"] for stream in streams]
    return {
        name: "\n".join(
            event["message"]
            for event in endpoint.logs.get_log_events(
                logGroupName="/app", logStreamName=name, startFromHead=True
            )["events"]
        )
        for name in names
        if name.startswith("ecs-execute-command-")
    }


def test_an_auditor_reads_what_was_printed_and_nothing_of_the_input(shared_endpoint, ferry, web):
    script = "cat >/dev/null; echo printed on stdout; echo printed on stderr >&2; seq 1 3000"
    done = subprocess.run(
        [ferry, "exec", "-i", web, "--", "sh", "-c", script],
        env=environment_of(shared_endpoint),
        input=b"a secret that nobody prints\n" * 300,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (log,) = logged_sessions(shared_endpoint).values()
    assert "printed on stdout" in log and "printed on stderr" in log
    # All but the few lines that a frame of the other stream came between.
    lines = set(log.splitlines())
    assert sum(str(number) in lines for number in range(1, 3001)) > 2950
    assert "secret" not in log
    assert "YSBzZWNyZXQ" not in log  # base64 of its beginning


WORDS = [["ls", "-l", "/var/log"], ["echo", "two words", "it's", "$HOME"], ["sh", "-c", "x" * 4000]]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words[0])
def test_the_recorded_command_shows_the_words_and_little_else(simulated_images, simulated_service, words):
    simulated_images.run("busybox", *words)
    command = simulated_service.last_session.command
    assert shlex.split(command)[-len(words) :] == words
    assert all(word in command for word in words if "'" not in word)
    assert len(command) <= len(shlex.join(words)) + 1024


def crossed_bytes(place, service, image, framing):
    """How many bytes the agent sent for a large output of one line again and again."""
    done = place.run(image, "sh", "-c", "seq 1000000 1030000", flags=["--framing", framing])
    assert done.stdout == "".join(f"{number}\n" for number in range(1_000_000, 1_030_001)).encode()
    return len(service.last_session.transcript)


def test_exact_framing_compresses_where_the_image_can(simulated_images, simulated_service):
    size = 30_001 * 8
    assert crossed_bytes(simulated_images, simulated_service, "dash", "exact") < size / 2
    assert crossed_bytes(simulated_images, simulated_service, "dash", "plain") >= size
    assert crossed_bytes(simulated_images, simulated_service, "no_gzip", "exact") > size


def test_an_image_without_proc_merges_and_says_so(enter_simulator):
    place = enter_simulator("dash", {"has_proc": False})
    result = place.result("dash", "/probe", "args", "3", "one")
    assert (result.status, result.members["streams_merged"]) == (3, True)
    assert result.stdout == b"<one>\ncode 3\n"
    assert "/proc" in result.chatter


BAD_NETWORKS = {
    "losses and cuts": {"data_loss": 0.05, "acknowledgement_loss": 0.3, "cuts": (15, 40)},
    "the end is lost": {"data_loss": 0.25, "acknowledgement_loss": 0.5, "end_window_s": 0.3},
}


@pytest.mark.parametrize("network", BAD_NETWORKS.values(), ids=BAD_NETWORKS)
def test_a_bad_network_brings_the_true_result_or_none(enter_simulator, network):
    place = enter_simulator("dash", **network)
    for code in (0, 7):
        done = place.run("dash", "sh", "-c", f"seq 1 2000; exit {code}")
        if done.returncode != 255:
            assert done.returncode == code
            assert done.stdout == "".join(f"{number}\n" for number in range(1, 2001)).encode()


def test_a_session_that_cannot_be_resumed_is_never_a_success(enter_simulator):
    place = enter_simulator("dash", cuts=(8,), can_be_resumed=False)
    result = place.result("dash", "sh", "-c", "seq 1 100000")
    assert (result.status, result.members["exit_code"]) == (255, None)
    assert result.members["outcome"] in ("lost", "unknown")


def test_64_mib_each_way(local_images):
    data = random.Random(64).randbytes(1 << 20) * (LARGE >> 20)
    done = subprocess.run(
        local_images.command("host", "cat", flags=["-i"]),
        env=local_images.environment,
        input=data,
        capture_output=True,
        timeout=LARGE_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()
