"""libferry as its users have it: installed to a prefix, found by CMake, linked into the example's own build."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
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
def example(ferry, prefix, tmp_path_factory):
    """The C++ example, built apart from ferry's own tree."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(ROOT / "examples" / "cpp", folder / "source")
    build = Path(ferry).parent
    sanitizers = cached(build, "FERRY_SANITIZE")
    flags = [f"-DCMAKE_EXE_LINKER_FLAGS=-fsanitize={sanitizers}"] if sanitizers else []
    compiler = cached(build, "CMAKE_CXX_COMPILER")
    run("cmake", "-S", folder / "source", "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler}", *flags)
    run("cmake", "--build", folder / "build")
    return folder / "build" / "ferry-example"


@pytest.fixture
def run_example(example, shared_endpoint):
    enterable_task(shared_endpoint)

    def run_in(target, *words):
        return subprocess.run([example, target, *words], env=shared_endpoint.environment, capture_output=True, timeout=60)

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
