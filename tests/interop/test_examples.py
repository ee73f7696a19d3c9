"""The programs in examples/: what an SDK's ExecuteCommand lacks, with `ferry wrap` and `ferry collect` around it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running_service import enterable_task

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "build" / "clients"


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The command line of each example. Node finds a program's modules beside it."""
    folder = tmp_path_factory.mktemp("javascript")
    for name in ("exec.mjs", "package.json"):
        shutil.copy(ROOT / "examples" / "javascript" / name, folder)
    (folder / "node_modules").symlink_to(CLIENTS / "js" / "node_modules")
    return {
        "go": [CLIENTS / "go_example"],
        "python": [sys.executable, ROOT / "examples" / "python" / "exec.py"],
        "javascript": ["node", folder / "exec.mjs"],
    }


@pytest.fixture(params=["go", "python", "javascript"])
def run(request, programs, shared_endpoint, ferry):
    """run(words...) has the example run the words in a task of service web."""
    task = enterable_task(shared_endpoint)
    path = os.pathsep.join([str(Path(ferry).parent), shared_endpoint.environment["PATH"]])

    def run_example(*words):
        return subprocess.run(
            [*programs[request.param], "default", task, *words],
            env={**shared_endpoint.environment, "PATH": path},
            capture_output=True,
            timeout=60,
        )

    return run_example


def test_both_streams_and_the_exit_code(run):
    done = run("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 7)


def test_binary_output(run):
    done = run("printf", r"\000\001\r\n\377\376\357\277\275\036\033[0m")
    assert done.returncode == 0, done.stderr
    assert done.stdout == b"\0\1\r\n\xff\xfe\xef\xbf\xbd\x1e\x1b[0m"


def test_words_arrive_as_they_are(run):
    words = ["two words", "it's", '"', "$HOME", "", "*", "é"]
    done = run("printf", "[%s]", *words)
    assert done.stdout.decode() == "".join(f"[{word}]" for word in words)


def test_a_command_that_is_not_there(run):
    done = run("no-such-program")
    assert done.returncode == 127
    assert b"no-such-program" in done.stderr
