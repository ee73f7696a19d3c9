"""ferry exec against the embedded endpoint, as users meet it: output, exit codes, input, time limits, signals."""

import hashlib
import os
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from exec_fixtures import complaint, run, start, web  # noqa: F401 (pytest finds fixtures by name)
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import enterable_task, environment_of, running_tasks


def processes(run):
    done = run("web", "--", "ps", "axww", "-o", "args")
    assert done.returncode == 0
    return done.stdout.decode()


def test_prints_what_the_command_wrote_and_nothing_else(web, run):
    done = run("web", "--", "ps", "ax")
    assert done.returncode == 0
    assert done.stderr == b""
    assert re.search(rb"^ *\d+ .* ps ax$", done.stdout, re.MULTILINE), done.stdout
    assert b"\r" not in done.stdout and b"\x1e" not in done.stdout


def test_exits_with_every_exit_code_of_the_command(web, run):
    def status(code):
        return run("web", "--", "sh", "-c", f"echo {code}; exit {code}")

    with ThreadPoolExecutor(2) as pool:
        for code, done in enumerate(pool.map(status, range(256))):
            assert (done.returncode, done.stdout, done.stderr) == (code, b"%d\n" % code, b"")


def test_death_by_a_signal_is_128_plus_its_number(web, run):
    assert run("web", "--", "sh", "-c", "kill -KILL $$").returncode == 137
    assert run("web", "--", "sh", "-c", "kill -TERM $$").returncode == 143


def test_a_command_that_is_not_there_is_127(web, run):
    done = run("web", "--", "no-such-command")
    assert done.returncode == 127
    assert b"no-such-command" in done.stderr and done.stdout == b""


def test_a_command_line_in_one_word_is_explained(web, run):
    done = run("web", "--", "echo hi")
    assert (done.returncode, done.stdout) == (127, b"")
    said = done.stderr.decode().splitlines()[-1]
    assert said.startswith("ferry: 'echo hi' was one word") and said.endswith("sh -c 'echo hi'")


def test_a_path_that_leads_to_no_shell_is_helped(run, shared_endpoint):
    environment = [{"name": "PATH", "value": "/opt/none"}]
    enterable_task(shared_endpoint, "pathless", command=["/bin/sleep", "1000000"], environment=environment)
    done = run("pathless", "--", "sh", "-c", "echo $PATH; echo to-stderr >&2; ls / >/dev/null; exit 6")
    assert (done.returncode, done.stderr) == (6, b"to-stderr\n")
    assert done.stdout.startswith(b"/opt/none:/usr/local/sbin:")
    done = run("-i", "pathless", "--", "cat", input=b"bytes\0")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"bytes\0", b"")


def test_arguments_arrive_as_they_are(web, run):
    words = ["a  b", "", "'", '"', "\\", "$HOME", "*", "{{x}}", "#", "é", "-n", "two\nlines"]
    done = run("web", "--", "printf", "<%s>", *words)
    assert done.stdout.decode() == "".join(f"<{word}>" for word in words)


def test_input_is_empty_without_i(web, run):
    done = run("web", "--", "cat", input=b"not for the command")
    assert (done.returncode, done.stdout) == (0, b"")
    assert "standard input has bytes" in complaint(done) and "-i" in complaint(done)


@pytest.mark.parametrize("content, is_said", [(b"bytes", True), (b"", False)])
def test_input_that_is_not_sent_is_said_only_where_there_is_some(web, run, tmp_path, content, is_said):
    file = tmp_path / "input"
    file.write_bytes(content)
    with open(file, "rb") as stdin:
        done = run("web", "--", "true", stdin=stdin)
        assert stdin.seek(0, os.SEEK_CUR) == 0, "nothing was read"
    assert done.returncode == 0
    assert (done.stderr != b"") == is_said


def test_an_open_pipe_without_bytes_is_not_waited_for(web, start):
    process = start("web", "--", "true", stdin=subprocess.PIPE)
    assert process.wait(60) == 0
    assert process.stderr.read() == b""


def test_works_with_standard_input_closed(web, shared_endpoint, ferry):
    done = subprocess.run(
        ["sh", "-c", '"$0" exec web -- echo hello <&-', ferry],
        env=environment_of(shared_endpoint),
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"hello\n", b"")


def test_ten_megabytes_of_output_arrive_exactly(web, run):
    script = "i=0; while [ $i -lt 160 ]; do i=$((i+1)); head -c 65536 /dev/urandom | od -An -tx1; done | head -c 10000000 | tee /tmp/sent; sha256sum /tmp/sent >/tmp/sum"
    done = run("web", "--", "sh", "-c", script)
    assert done.returncode == 0
    assert len(done.stdout) == 10_000_000
    # The files of one exec are there for the next one.
    assert run("web", "--", "cat", "/tmp/sum").stdout.decode().split()[0] == hashlib.sha256(done.stdout).hexdigest()


def test_five_megabytes_of_input_arrive_exactly(web, run):
    data = os.urandom(5_000_000)
    done = run("-i", "web", "--", "sha256sum", input=data)
    assert done.returncode == 0
    assert done.stdout.decode().split()[0] == hashlib.sha256(data).hexdigest()


def test_binary_data_goes_through_a_filter(web, run):
    data = bytes(range(256)) * 40 + b"\r\n\n\r no line end"
    done = run("-i", "web", "--", "od", "-An", "-v", "-tx1", input=data)
    assert bytes.fromhex(done.stdout.decode()) == data


def test_a_command_that_stops_reading_ends_the_exec(web, run):
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        done = run("-i", "web", "--", "head", "-n", "1", stdin=endless.stdout)
        endless.kill()
    assert (done.returncode, done.stdout, done.stderr) == (0, b"y\n", b"")


def test_input_reaches_the_command_before_its_end(web, start):
    process = start("-i", "web", "--", "sh", "-c", "read line; echo got $line; cat", stdin=subprocess.PIPE)
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"got one\n"
    process.stdin.write(b"two")
    process.stdin.close()
    assert process.stdout.read() == b"two"
    assert process.wait(30) == 0


def test_a_time_limit_ends_the_command(web, run):
    done = run("--timeout", "1s", "web", "--", "sleep", "4321")
    assert done.returncode == 124
    assert "timed out" in complaint(done)
    wait_until(lambda: "sleep 4321" not in processes(run), "the remote command is gone")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_command(web, run, start, number):
    process = start("web", "--", "sh", "-c", "echo begun; exec sleep 8765")
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(number)
    assert process.wait(30) == 130
    assert process.stderr.read().startswith(b"ferry: interrupted")
    wait_until(lambda: "sleep 8765" not in processes(run), "the remote command is gone")


def test_the_end_of_the_task_is_no_success(web, shared_endpoint, start):
    process = start("web", "--", "sh", "-c", "trap '' TERM; echo begun; while :; do sleep 1; done")
    assert process.stdout.readline() == b"begun\n"
    shared_endpoint.client("ecs").stop_task(task=web)
    assert process.wait(60) in (137, 255)
    if process.returncode == 255:
        assert process.stderr.read().startswith(b"ferry: ")
    assert enterable_task(shared_endpoint) != web


def test_a_reader_that_leaves_ends_the_exec(web, run, start):
    process = start("web", "--", "yes", "for ever")
    assert process.stdout.readline() == b"for ever\n"
    process.stdout.close()
    assert process.wait(30) == 125
    assert b"standard output" in process.stderr.read()
    wait_until(lambda: "yes for ever" not in processes(run), "the remote command is gone")


def test_a_slow_reader_does_not_fill_the_memory(web, start):
    process = start("web", "--", "sh", "-c", "yes 0123456789abcdef | head -c 20000000")

    def peak_kilobytes():
        with open(f"/proc/{process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))

    total = len(process.stdout.read(1000))
    before = peak_kilobytes()
    while block := process.stdout.read(65536):
        total += len(block)
        if total < 3_000_000:
            time.sleep(0.02)  # a slow reader is the subject here
            assert peak_kilobytes() - before < 50_000
    assert total == 20_000_000
    assert process.wait(30) == 0


def test_finds_the_task_by_every_kind_of_target(web, run):
    task_id = web.rsplit("/", 1)[1]
    for target in ["web", "default/web", f"task/{task_id}", f"task/{task_id[:12]}", "family/web", web]:
        done = run(target, "--", "echo", target)
        assert (done.returncode, done.stdout.decode()) == (0, f"{target}\n"), done.stderr


def test_takes_the_cluster_from_flag_and_environment(web, run):
    assert "nowhere" in complaint(run("--cluster", "nowhere", "web", "--", "true"))
    done = run("web", "--", "true", environment={"FERRY_CLUSTER": "nowhere"})
    assert done.returncode == 125
    assert "nowhere" in complaint(done)


def test_several_containers_need_a_name(shared_endpoint, run):
    ecs = shared_endpoint.client("ecs")
    definition = task_definition(family="pair", container={"command": ["sleep", "1000000"]})
    definition["containerDefinitions"].append({**definition["containerDefinitions"][0], "name": "proxy"})
    ecs.register_task_definition(**definition)
    arn = ecs.run_task(taskDefinition="pair", enableExecuteCommand=True)["tasks"][0]["taskArn"]
    wait_until(lambda: running_tasks(shared_endpoint, family="pair"), "the task runs")
    unnamed = run(arn, "--", "true")
    assert unnamed.returncode == 125
    assert "app, proxy" in complaint(unnamed)
    assert run("--container", "proxy", arn, "--", "echo", "hi").stdout == b"hi\n"
    assert "no container" in complaint(run("--container", "db", arn, "--", "true"))
    ecs.stop_task(task=arn)


@pytest.mark.parametrize("words, said", [
    (["no-such-service", "--", "true"], "no-such-service"),
    (["a/b/c", "--", "true"], "CLUSTER/SERVICE"),
    (["task/ffffffffffffffffffffffffffffffff", "--", "true"], "ffffffffffffffffffffffffffffffff"),
    (["-it", "web", "--", "true"], "standard input"),
    (["-t", "-T", "web"], "-T"),
    (["--timeout", "soon", "web"], "soon"),
    ([], "TARGET"),
])
def test_bad_requests_get_one_line_and_125(run, words, said):
    done = run(*words)
    assert done.returncode == 125
    assert done.stdout == b""
    assert said in complaint(done)


def test_an_endpoint_that_is_not_there_gets_one_line_and_125(run):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % unused.getsockname()[1]
        done = run("--endpoint-url", f"http://{address}", "web", "--", "true")
    assert done.returncode == 125
    assert address in complaint(done)


def test_takes_three_calls_at_most(web, run, shared_endpoint):
    with RecordingProxy(shared_endpoint) as proxy:
        assert run("--endpoint-url", proxy.url, "web", "--", "true").returncode == 0
        assert proxy.operations == ["ListTasks", "ExecuteCommand", "DescribeClusters"]
        proxy.operations.clear()
        assert run("--endpoint-url", proxy.url, web, "--", "true").returncode == 0
        assert proxy.operations == ["ExecuteCommand", "DescribeClusters"]
        proxy.operations.clear()
        assert run("--endpoint-url", proxy.url, "--framing", "plain", web, "--", "true").returncode == 0
        assert proxy.operations == ["ExecuteCommand"]
