"""What ferry exec promises, seen from outside: exit codes, streams, bytes, input, time, sessions, results."""

import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

EVERY_BYTE = "".join(f"\\{byte:03o}" for byte in range(256))
AWKWARD = b"ab\xff\x00\xef\xbf\xbd mid \xef\xbf\xbd\xe2\x82"
AWKWARD_WORDS = "".join(f"\\{byte:03o}" for byte in AWKWARD)


def is_alive(subject, pid):
    return subject.exec("sh", "-c", f"kill -0 {pid} 2>/dev/null").returncode == 0


def wait_until_gone(subject, pid, within_s=30):
    deadline = time.monotonic() + within_s
    while is_alive(subject, pid):
        assert time.monotonic() < deadline, "the remote command is still there"


def test_a_task_that_has_just_been_started_is_waited_for(subject, observe):
    """a task that has just been started is waited for and entered"""
    begin = time.monotonic()
    done = subject.run("exec", "--wait", "170s", subject.task, "--", "true", timeout_s=180)
    observe("seconds from RunTask's answer to the first result", round(time.monotonic() - begin, 1))
    assert done.returncode == 0, done.stderr


def test_a_trivial_command(subject, observe):
    """a trivial command in a running task"""
    begin = time.monotonic()
    done = subject.exec("true")
    observe("seconds of exec -- true", round(time.monotonic() - begin, 2))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("code", [0, 1, 42, 124, 125, 126, 127, 255])
def test_exit_code(subject, code):
    """the command's exit code is ferry's"""
    assert subject.exec("sh", "-c", f"exit {code}").returncode == code


def test_death_by_a_signal(subject):
    """death by a signal is 128 plus its number"""
    assert subject.exec("sh", "-c", "kill -KILL $$").returncode == 137


def test_a_command_that_is_not_there(subject):
    """a command that is not there is 127"""
    assert subject.exec("no-such-command-here").returncode == 127


def test_separate_streams(subject):
    """stdout and stderr arrive separately"""
    done = subject.exec("sh", "-c", "echo out; echo err >&2; echo more")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"out\nmore\n", b"err\n")


@pytest.mark.parametrize("framing", ["plain", "exact"])
def test_exact_bytes(subject, framing):
    """every byte arrives as it was written, on both streams: NUL, U+FFFD, an invalid end"""
    script = f"printf '{EVERY_BYTE}'; printf '{AWKWARD_WORDS}'; printf '{AWKWARD_WORDS}' >&2"
    done = subject.exec("sh", "-c", script, flags=["--framing", framing])
    assert (done.returncode, done.stdout, done.stderr) == (0, bytes(range(256)) + AWKWARD, AWKWARD)


def test_what_looks_like_a_frame_is_output(subject):
    """output that looks like ferry's own framing is output"""
    text = b"\x1eferry1r\x1e\x1e0123456789abcdef+s:\x1e0123456789abcdef=0;"
    words = "".join(f"\\{byte:03o}" for byte in text)
    done = subject.exec("sh", "-c", f"printf '{words}'; exit 3")
    assert (done.returncode, done.stdout) == (3, text)


def test_a_long_line(subject):
    """a line of 300,000 characters, and the width of a screen is none"""
    done = subject.exec("sh", "-c", "i=0; while [ $i -lt 3000 ]; do printf '%0100d' $i; i=$((i+1)); done")
    assert done.returncode == 0
    assert done.stdout == b"".join(b"%0100d" % number for number in range(3000))


def test_input_and_its_end(subject):
    """piped input arrives exactly, with its end"""
    data = os.urandom(100_000) + AWKWARD
    done = subject.exec("cat", flags=["-i"], input=data)
    assert (done.returncode, done.stdout) == (0, data)


def test_no_input(subject):
    """without -i the command's input is empty"""
    done = subject.exec("cat", input=b"not for the command")
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_command_that_stops_reading(subject):
    """a command that does not read all of its input does not hang us"""
    done = subject.exec("sh", "-c", "read line; echo $line; exit 5", flags=["-i"], input=b"first\n" + b"more\n" * 50_000)
    assert (done.returncode, done.stdout) == (5, b"first\n")


def test_words_arrive_as_they_are(subject):
    """arguments arrive as they are, whatever a shell or an agent would make of them"""
    words = ["a  b", "", "'", '"', "\\", "$HOME", "*", "{{x}}", "#", "é", "-n", "two\nlines"]
    done = subject.exec("printf", "<%s>", *words)
    assert done.stdout.decode() == "".join(f"<{word}>" for word in words)


def test_a_time_limit(subject):
    """--timeout ends the remote command, not only ours"""
    done = subject.exec("sh", "-c", "echo $$; exec sleep 600", flags=["--timeout", "4s"])
    assert done.returncode == 124, done.stderr
    wait_until_gone(subject, int(done.stdout))


def test_an_interrupt(subject):
    """an interrupt ends the remote command"""
    process = subject.start_exec("sh", "-c", "echo $$; exec sleep 600", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(subject.left_s(30)) == 130
    finally:
        process.kill()
        process.communicate()
    wait_until_gone(subject, pid)


def test_two_sessions_at_once(subject):
    """two sessions into one container at once"""
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda code: subject.exec("sh", "-c", f"sleep 2; echo {code}; exit {code}"), (3, 4)))
    assert [(done.returncode, done.stdout) for done in both] == [(3, b"3\n"), (4, b"4\n")]


def test_a_silent_command_with_signs_of_life(subject):
    """a command that is silent for longer than the (shortened) sign of life"""
    done = subject.exec("sh", "-c", "sleep 12; echo awake; exit 6", flags=["--keep-alive", "2s"])
    assert (done.returncode, done.stdout, done.stderr) == (6, b"awake\n", b"")


def test_the_wrapper_is_small(subject, observe):
    """the wrapped command is about as long as the command, and shows its words"""
    done = subject.run("wrap", "--", "echo", "hello")
    observe("bytes of the wrapped `echo hello`", len(done.stdout.strip()))
    assert done.returncode == 0
    assert b"echo hello" in done.stdout and len(done.stdout) < 1024


def test_a_command_of_some_size(subject, observe):
    """a command of 2,000 characters; up to which size longer ones are taken is only observed"""
    assert subject.exec("sh", "-c", f": {'x' * 2_000}; exit 9").returncode == 9
    taken = 2_000
    for size in (4_000, 8_000, 16_000):
        if subject.exec("sh", "-c", f": {'x' * size}; exit 9").returncode != 9:
            break
        taken = size
    observe("characters of a command that were taken, of 16,000 tried", taken)


@pytest.mark.parametrize("framing", ["plain", "exact"])
def test_the_result_as_json(subject, framing):
    """-o json: one object with all that is known, and the framing that was asked for"""
    done = subject.exec("sh", "-c", "echo out; echo err >&2; exit 7", flags=["-o", "json", "--framing", framing])
    result = json.loads(done.stdout)
    assert done.returncode == 7
    expected = {"mode": "exec", "outcome": "exited", "exit_code": 7, "exit_code_source": "frame", "stdout": "out\n", "stderr": "err\n"}
    expected |= {"streams_merged": False, "framing": framing, "task": subject.task}
    assert {name: result.get(name) for name in expected} == expected


def test_framing_by_itself(subject, observe):
    """--framing auto finds out whether sessions are logged"""
    done = subject.exec("true", flags=["-o", "json"])
    assert done.returncode == 0
    observe("framing chosen by auto", json.loads(done.stdout)["framing"])


def test_a_container_that_is_not_there(subject):
    """a wrong container is named, with status 125"""
    done = subject.exec("true", flags=["--container", "no-such-container"])
    assert done.returncode == 125
    assert done.stdout == b"" and b"no-such-container" in done.stderr
    assert all(line.startswith(b"ferry: ") for line in done.stderr.splitlines())


def test_a_broken_connection(subject):
    """a connection that breaks is resumed, with no byte lost or repeated"""
    if subject.control is None:
        pytest.skip("only ferry local can be told to break a connection")
    subject.control("POST", "faults", {"rules": [{"session": "cut", "after_bytes": 60_000, "times": 1}]})
    done = subject.exec("sh", "-c", "i=0; while [ $i -lt 3000 ]; do printf '%0100d\\n' $i; i=$((i+1)); done; exit 8")
    subject.control("POST", "faults", {"rules": []})
    assert done.returncode == 8, done.stderr
    assert done.stdout == b"".join(b"%0100d\n" % number for number in range(3000))


def test_the_task_stops(subject):
    """a task that stops while we are in it: never 0, and ferry says so (the last check: it ends the task)"""
    process = subject.start_exec("sh", "-c", "trap '' TERM; echo begun; sleep 600", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"begun\n"
        subject.api("StopTask", cluster=subject.cluster, task=subject.task, reason="conformance: stopped on purpose")
        status = process.wait(subject.left_s(90))
        complaint = process.stderr.read()
    finally:
        process.kill()
        process.communicate()
    assert status == 137 or (status == 255 and complaint.startswith(b"ferry: ")), (status, complaint)
