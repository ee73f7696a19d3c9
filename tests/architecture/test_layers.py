"""The includes keep to the drawing in docs/architecture.md: only downwards, and the cores see no world."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PUBLIC = SOURCE.parent / "include" / "ferry"

# What each layer may include, besides itself.
BELOW = {
    "base": set(),
    "wire": {"base"},
    "sys": {"base", "wire"},
    "net": {"base", "wire"},
    "session": {"base", "wire", "sys", "net"},
    "aws": {"base", "wire", "sys", "net"},
    "feature": {"base", "wire", "sys", "net", "session", "aws"},
    "local": {"base", "wire", "sys", "net"},
    "library": {"base", "wire", "sys", "net", "session", "aws", "feature"},
    "cli": {"base", "wire", "sys", "net", "session", "aws", "feature", "local", "library"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
FILES = sorted(path for path in SOURCE.rglob("*") if path.suffix in {".cpp", ".hpp"} and path.parent != SOURCE)

# Headers of sockets, files, processes, clocks and threads: the cores are handed bytes and time.
WORLDLY = re.compile(r"^(boost/(asio|beast)|sys/|unistd\.h|fcntl\.h|poll\.h|netinet/|arpa/|fstream|iostream|filesystem|thread|future|cstdio)")


def includes(path):
    return [(quote == '"', name) for quote, name in INCLUDE.findall(path.read_text())]


def layer_of(path):
    return path.relative_to(SOURCE).parts[0]


def test_every_folder_is_a_known_layer():
    assert {layer_of(path) for path in FILES} == set(BELOW)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_includes_go_only_down(path):
    layer = layer_of(path)
    own = {name.split("/")[0] for quoted, name in includes(path) if quoted}
    assert own <= BELOW[layer] | {layer}


@pytest.mark.parametrize("path", [p for p in FILES if layer_of(p) in {"base", "wire"}], ids=lambda p: str(p.relative_to(SOURCE)))
def test_the_cores_see_no_world(path):
    assert not [name for quoted, name in includes(path) if not quoted and WORLDLY.match(name)]


def reached_from(path, seen):
    """The foreign headers that a file sees, through our own headers too."""
    foreign = set()
    for quoted, name in includes(path):
        if not quoted:
            foreign.add(name)
        elif name not in seen and (SOURCE / name).exists():
            seen.add(name)
            foreign |= reached_from(SOURCE / name, seen)
    return foreign


def test_asio_stays_in_net():
    outside = [path for path in FILES if layer_of(path) != "net"]
    seen = {name for path in outside for name in reached_from(path, set())}
    assert {name for name in seen if name.startswith(("boost/asio", "boost/beast"))} == {"boost/asio/awaitable.hpp"}


def test_public_headers_see_only_the_standard_library_and_each_other():
    headers = sorted(PUBLIC.iterdir())
    assert headers
    seen = {name for path in headers for quoted, name in includes(path)}
    assert {name for name in seen if "/" in name} == {f"ferry/{path.name}" for path in headers} & seen
    assert all(re.fullmatch(r"ferry/\w+\.hpp|[a-z_]+", name) for name in seen)


def test_only_the_library_and_the_command_line_know_the_public_headers():
    users = {layer_of(path) for path in FILES if any(name.startswith("ferry/") for _, name in includes(path))}
    assert users <= {"library", "cli"}


def test_one_file_sees_the_websocket_templates_and_one_the_command_line_library():
    users = lambda prefix: [str(p.relative_to(SOURCE)) for p in FILES if any(n.startswith(prefix) for _, n in includes(p))]
    assert len(users("boost/beast/websocket")) == 1
    assert users("CLI/") == ["cli/arguments.cpp"]


def test_the_link_graph_is_the_same_drawing():
    layers = re.findall(r"^ferry_layer\((\w+)([^)]*)\)", (SOURCE / "CMakeLists.txt").read_text(), re.MULTILINE)
    direct = {name: set(re.findall(r"ferry_(\w+)", links)) & set(BELOW) for name, links in layers}

    def reachable(name):
        return direct[name] | {deeper for below in direct[name] for deeper in reachable(below)}

    assert {name: reachable(name) for name in direct} == BELOW


# What reads members of AWS's answers, or of something else that happens to be JSON.
READ = re.compile(r'\b(?:(?:text|flag|integer|number|object|objects|texts|names)_in|texts_of|small_integer)\(\s*[\w>.()*-]+,\s*"([\w-]+)"')
READERS = ["aws/ecs.cpp", "aws/ecs_shapes.cpp", "aws/kms.cpp", "aws/logs.cpp", "aws/pages.cpp", "aws/ssm.cpp", "aws/task_definitions.cpp"]
READERS += ["feature/doctor/gather.cpp", "feature/doctor/gather_iam.cpp", "feature/doctor/gather_network.cpp", "feature/doctor/read_facts.cpp"]
READERS += ["feature/enable_exec.cpp", "feature/run/like_service.cpp", "cli/whoami_command.cpp"]


@pytest.mark.parametrize("reader", READERS)
def test_each_member_that_is_read_of_an_answer_has_its_type_in_the_table(reader):
    table = set(re.findall(r'Member\{"([\w-]+)"', (SOURCE / "aws" / "answer_shapes.cpp").read_text()))
    read = set(READ.findall((SOURCE / reader).read_text()))
    assert read
    assert read <= table


# Who writes to stdout or stderr past the sinks that make foreign text printable, and what: the command's own bytes, a log, ferry's
# own words.
PAST_THE_SINKS = {
    "cli/arguments.cpp": "help",
    "cli/local_command.cpp": "the endpoint's record",
    "cli/local_up_command.cpp": "the endpoint's address",
    "cli/main.cpp": "usage and version",
    "cli/result_output.cpp": "the sink itself",
    "cli/session_manager_plugin_command.cpp": "the plugin's usage and version",
    "cli/wrap_command.cpp": "the command to send",
}


def test_foreign_text_has_one_way_to_the_terminal():
    writes = re.compile(r"fmt::print\(|\bfwrite\(|\bfputs\(|\bprintf\(|\bputs\(|\bputchar\(|std::cerr|std::cout")
    past = {str(path.relative_to(SOURCE)) for path in FILES if layer_of(path) not in {"local"} and writes.search(path.read_text())}
    assert past == set(PAST_THE_SINKS)
    loud = [path for path in FILES if 'fmt::print(stderr' in path.read_text()]
    assert loud == []
