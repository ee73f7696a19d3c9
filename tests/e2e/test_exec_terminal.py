"""ferry exec on a terminal: keys, size, escapes, and the terminal as it was afterwards."""

import os
import signal

import pytest
from running_service import enterable_task, environment_of
from terminal import Terminal


@pytest.fixture
def terminal(shared_endpoint, ferry):
    """terminal(words...) is `ferry exec words...` as typed by a person."""
    enterable_task(shared_endpoint)

    def open_terminal(*words, **size):
        environment = {**environment_of(shared_endpoint), "TERM": "vt100"}
        return Terminal([ferry, "exec", *words], environment, **size)

    return open_terminal


def test_a_shell_on_a_terminal(terminal):
    with terminal("web", columns=91, rows=37) as shell:
        before = shell.settings()
        shell.type("stty size; echo $TERM; tty >/dev/null && echo is-a-tty; PS1='@ '\r")
        shell.expect("37 91")
        shell.expect("\nvt100")
        shell.expect("\nis-a-tty")
        shell.expect("@ ")
        assert shell.settings() != before
        shell.type("exit 7\r")
        assert shell.wait() == 7
        assert shell.settings() == before


def test_the_interrupt_key_is_for_the_command(terminal):
    with terminal("-it", "web", "--", "sh", "-c", "trap 'echo caught; exit 9' INT; echo begun; while :; do sleep 0.1; done") as shell:
        shell.expect("begun")
        shell.type("\x03")
        shell.expect("caught")
        assert shell.wait() == 9


def test_the_interrupt_key_ends_a_plain_command_with_130(terminal):
    with terminal("web", "--", "sh", "-c", "echo begun; exec sleep 1000") as shell:
        shell.expect("begun")
        shell.type("\x03")
        assert shell.wait() == 130


def test_a_new_size_reaches_the_command(terminal):
    with terminal("web", "--", "sh", "-c", "trap 'stty size' WINCH; echo begun; while :; do sleep 0.1; done") as shell:
        shell.expect("begun")
        shell.resize(123, 45)
        shell.expect("45 123")
        shell.type("\x03")
        assert shell.wait() == 130


def test_the_escape_disconnects_and_restores_the_terminal(terminal, shared_endpoint):
    with terminal("web", "--", "sh", "-c", "echo begun; exec sleep 1000") as shell:
        before = shell.settings()
        shell.expect("begun")
        shell.type("\r~?")
        shell.expect("disconnects")
        shell.type("~.")
        assert shell.wait() == 255
        assert shell.settings() == before
        assert b"ferry: disconnected" in shell.shown
    # The abandoned command holds one of the container's sessions.
    shared_endpoint.client("ecs").stop_task(task=enterable_task(shared_endpoint))


def test_a_killed_ferry_restores_the_terminal(terminal):
    with terminal("web", "--", "sh", "-c", "echo begun; exec sleep 1000") as shell:
        before = shell.settings()
        shell.expect("begun")
        os.kill(shell.pid, signal.SIGTERM)
        assert shell.wait() == 130
        assert shell.settings() == before


def test_without_a_terminal_on_request(terminal):
    with terminal("-T", "web", "--", "sh", "-c", "test -t 0 || test -t 1 || echo no-terminal") as shell:
        shell.expect("no-terminal")
        assert shell.wait() == 0


def test_a_terminal_gets_bytes_as_they_are(terminal):
    with terminal("web", "--", "printf", r"\033[1mbold\033[0m\n") as shell:
        shell.expect("\x1b[1mbold\x1b[0m\r\n")
        assert shell.wait() == 0
