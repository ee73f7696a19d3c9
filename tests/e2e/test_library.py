"""libferry as its users have it: installed to a prefix, found by CMake, linked into the example's own build."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from local_endpoint import task_definition, wait_until
from recording_proxy import RecordingProxy
from running_service import enterable_task

ROOT = Path(__file__).parents[2]


def cached(build, name):
    """A variable of the build folder, as CMake keeps it."""
    found = re.search(rf"^{name}:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    return found.group(1) if found else ""


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prefix(ferry, tmp_path_factory):
    """What `cmake --install` makes of the build that $FERRY is of."""
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", Path(ferry).parent, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def programs(ferry, prefix, tmp_path_factory):
    """The folder of the C++ examples and of our own programs on libferry, built apart from ferry's own tree."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(ROOT / "examples" / "cpp", folder / "source")
    with (folder / "source" / "CMakeLists.txt").open("a") as lists:
        for name in ("several_runs", "rate_sharing"):
            shutil.copy(ROOT / "tests" / "e2e" / f"{name}.cpp", folder / "source")
            target = name.replace("_", "-")
            lists.write(f"add_executable({target} {name}.cpp)\ntarget_link_libraries({target} PRIVATE ferry::ferry)\n")
    build = Path(ferry).parent
    sanitizers = cached(build, "FERRY_SANITIZE")
    flags = [f"-DCMAKE_CXX_FLAGS=-fsanitize={sanitizers}"] if sanitizers else []
    compiler = cached(build, "CMAKE_CXX_COMPILER")
    run("cmake", "-S", folder / "source", "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler}", *flags)
    run("cmake", "--build", folder / "build")
    return folder / "build"


@pytest.fixture
def run_example(programs, shared_endpoint):
    enterable_task(shared_endpoint)

    def run_in(target, *words):
        return subprocess.run([programs / "ferry-example", target, *words], env=shared_endpoint.environment, capture_output=True, timeout=60)

    return run_in


def test_the_installed_program_runs(prefix):
    done = subprocess.run([prefix / "bin" / "ferry", "--version"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith("ferry ")


@pytest.mark.parametrize("header", sorted(path.name for path in (ROOT / "include" / "ferry").iterdir()))
def test_a_public_header_stands_alone_in_c20(header, ferry, prefix, tmp_path):
    source = tmp_path / "alone.cpp"
    source.write_text(f"#include <ferry/{header}>\nint main() {{}}\n")
    compiler = cached(Path(ferry).parent, "CMAKE_CXX_COMPILER")
    run(compiler, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", prefix / "include", source)


def test_the_example_shows_both_streams_and_the_exit_code(run_example):
    done = run_example("web", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert done.stdout == b"stdout: out\n\nstderr: err\n\nexit code: 7\n"
    assert done.returncode == 7


def test_the_example_says_why_there_is_no_exit_code(run_example):
    done = run_example("nobody", "true")
    assert done.returncode == 125
    assert b"no exit code: " in done.stdout and b"nobody" in done.stdout


@pytest.fixture
def start_run(programs, shared_endpoint):
    """start_run(family, words...) begins the example of a run; its input stays open until a test closes it."""
    shared_endpoint.ecs.register_task_definition(**task_definition(family="library"))
    processes = []

    def start(family, *words):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([programs / "ferry-example-run", family, *words], env=shared_endpoint.environment, text=True, **pipes)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_run_shows_its_log_and_ends_with_its_code(start_run):
    process = start_run("library", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert process.stdout.read() == "out\nerr\n"
    assert process.wait(timeout=60) == 7
    assert "started task arn:" in process.stderr.readline()


def test_a_run_that_cannot_start_says_why(start_run):
    process = start_run("nobody", "true")
    assert "nobody" in process.stderr.read()
    assert process.wait(timeout=60) == 125


def test_a_run_that_is_given_up_leaves_no_task(start_run, shared_endpoint):
    process = start_run("library", "sh", "-c", "echo begun; exec sleep 1000")
    assert process.stdout.readline() == "begun\n"
    process.stdin.close()
    assert process.wait(timeout=60) == 130
    errors = process.stderr.read()
    task = errors.splitlines()[0].rpartition(" ")[2]
    assert shared_endpoint.ecs.describe_tasks(tasks=[task])["tasks"][0]["lastStatus"] == "STOPPED"
    assert "given up by the calling program" in errors


def test_several_runs_of_one_process(programs, shared_endpoint):
    shared_endpoint.ecs.register_task_definition(**task_definition(family="library"))
    words = [programs / "several-runs", "library", "test-forgotten-run"]
    done = subprocess.run(words, env=shared_endpoint.environment, capture_output=True, text=True, timeout=120, check=True)
    lines = done.stdout.splitlines()
    assert lines[:6] == [f"{code}: line {code}" for code in reversed(range(6))]
    assert lines[6] == "interrupted"
    assert lines[7].startswith("a run has no input")
    running = shared_endpoint.ecs.list_tasks(startedBy="test-forgotten-run")["taskArns"]
    wait_until(lambda: not running, "no task of the run that nobody waited for")


def test_threads_of_one_process_share_the_rate_limits(programs, shared_endpoint):
    """ListTasks may come 100 times at once and then 20 times a second: 5 and 1 of 5%, for all threads together."""
    with RecordingProxy(shared_endpoint) as api:
        environment = {**shared_endpoint.environment, **shared_endpoint.variables, "AWS_ENDPOINT_URL": api.url, "FERRY_MAX_RATE": "5%"}
        subprocess.run([programs / "rate-sharing", "7"], env=environment, capture_output=True, timeout=60, check=True)
    times = [time for time, operation in zip(api.times, api.operations, strict=True) if operation == "ListTasks"]
    assert len(times) >= 7
    clock_error = 0.2
    for number, time in enumerate(times, start=1):
        assert time - times[0] >= number - 5 - clock_error, [one - times[0] for one in times]
