"""ferry exec on a terminal in long use: every byte, every key, every size, and every way to end."""

import hashlib
import os
import random
import re
import signal

import pytest
from exec_fixtures import run  # noqa: F401 (pytest finds fixtures by name)
from local_endpoint import wait_until
from running_service import enterable_task, environment_of
from terminal import Terminal

CONTROL_BYTES = bytes(range(0x20)) + b"\x7f"
# Enters the alternate screen, asks for bracketed paste and mouse reports, sets a title and colours.
SCREEN = (
    "\x1b[?1049h\x1b[?2004h\x1b[?1006;1000h\x1b]0;title \u2603\x07\x1b[2J\x1b[1;1H\x1b[38;2;1;2;3m"
    "\u2500\u256e\t\U0001f6a2 \u65e5\u672c\u8a9e e\u0301\x0e\x0f\x08\x1b[?25l\x1b(0lqk\x1b(B\x1b[0m\x1bP$q\"p\x1b\\"
)
# Arrow and function keys, a mouse report, answers of a terminal, a meta key, pasted text.
KEYS = (
    "\x1b[A\x1bOB\x1b[15~\x1b[1;5C\x1b[<0;12;7M\x1b[<0;12;7m\x1b[24;80R\x1b[?62;22c\x1b]11;rgb:0000/0000/0000\x1b\\"
    "\x1bx\x1b[200~pasted \u65e5\u672c\u8a9e\r\n\x1b[201~"
)


@pytest.fixture
def terminal(shared_endpoint, ferry):
    """terminal(words...) is `ferry exec words...` as typed by a person."""
    enterable_task(shared_endpoint)
    return lambda *words, **size: Terminal(
        [ferry, "exec", *words], {**environment_of(shared_endpoint), "TERM": "xterm-256color"}, **size
    )


def script(text):
    return ["web", "--", "sh", "-c", text]


def reader_of(count, command):
    """A program that reads `count` raw bytes and shows what `command` says of them."""
    raw = "stty raw -echo; printf 'go\\n'"
    return script(f"{raw}; dd bs=1 count={count} 2>/dev/null | {command}; stty sane; echo over")


def is_running(run, command_line):
    done = run("web", "--", "ps", "axww", "-o", "args")
    assert done.returncode == 0, done.stderr
    return any(line.startswith(command_line) for line in done.stdout.decode().splitlines())


def test_each_control_byte_reaches_a_raw_program(terminal):
    with terminal(*reader_of(len(CONTROL_BYTES), "od -An -v -tx1")) as shell:
        shell.expect("go")
        shell.expect_raw()
        shell.send(CONTROL_BYTES)
        shown = shell.expect("over")
        assert re.findall(r"\b[0-9a-f]{2}\b", shown) == [f"{byte:02x}" for byte in CONTROL_BYTES]
        assert shell.wait() == 0


@pytest.mark.parametrize("key, name", [("\x03", "INT"), ("\x1c", "QUIT"), ("\x1a", "TSTP")])
def test_the_keys_that_signal_are_for_the_command(terminal, key, name):
    loop = f"trap 'echo got {name}; exit 4' {name}; echo begun; while :; do sleep 0.1; done"
    with terminal(*script(loop)) as shell:
        shell.expect("begun")
        shell.expect_raw()
        shell.type(key)
        shell.expect(f"got {name}")
        assert shell.wait() == 4


def test_a_full_screen_program_shows_its_bytes_unchanged(terminal):
    escaped = "".join(f"\\{byte:03o}" for byte in SCREEN.encode())
    with terminal(*script(f"stty raw -echo; printf 'begin{escaped}end'")) as shell:
        assert shell.wait() == 0
        assert re.search(b"begin(.*)end", shell.shown, re.DOTALL).group(1) == SCREEN.encode()


def test_a_full_screen_program_gets_its_keys_unchanged(terminal):
    keys = KEYS.encode()
    with terminal(*reader_of(len(keys), "od -An -v -tx1")) as shell:
        shell.expect("go")
        shell.expect_raw()
        shell.send(keys)
        assert bytes.fromhex("".join(re.findall(r"\b[0-9a-f]{2}\b", shell.expect("over")))) == keys


def test_unicode_is_typed_and_shown(terminal):
    with terminal(*script("read -r line; echo \"said <$line>\"")) as shell:
        shell.expect_raw()
        shell.type("na\u00efve \u65e5\u672c\u8a9e \U0001f6a2\r")
        shell.expect("said <na\u00efve \u65e5\u672c\u8a9e \U0001f6a2>\r\n")
        assert shell.wait() == 0


def test_a_bracketed_paste_of_100_kb_arrives_whole(terminal):
    letters = "abc XYZ\t\r\n~.~?\u00e9\u65e5\U0001f6a2\x03\x1b"
    paste = ("\x1b[200~" + "".join(random.Random(5).choices(letters, k=60_000)))[:50_000].encode()
    paste += b"~." * ((100 * 1024 - len(paste)) // 2) + b"\x1b[201~"
    # An escape at the start of a line is the one thing that is not for the command.
    paste = re.sub(rb"([\r\n])~", rb"\1-", paste)
    with terminal(*script(f"stty raw -echo; echo go; head -c {len(paste)} | sha256sum; stty sane")) as shell:
        shell.expect("go")
        shell.expect_raw()
        shell.send(paste)
        shell.expect(hashlib.sha256(paste).hexdigest())
        assert shell.wait() == 0


def test_the_size_is_followed_while_a_command_runs(terminal):
    with terminal("web", columns=80, rows=24) as shell:
        shell.expect_raw()
        shell.type("stty size\r")
        shell.expect("24 80\r\n")
        for rows, columns in [(50, 132), (24, 80), (1, 1), (300, 500)]:
            shell.resize(columns, rows)
            # The shell waits for the size as a full-screen program does that is told of a change.
            shell.type(f"until [ \"$(stty size)\" = '{rows} {columns}' ]; do sleep 0.02; done; echo sized-$?\r")
            shell.expect("sized-0")
        shell.type("exit\r")
        assert shell.wait() == 0


def test_a_command_that_traps_the_change_of_size_is_told(terminal):
    with terminal(*script("trap 'stty size; exit 6' WINCH; echo begun; while :; do sleep 0.05; done")) as shell:
        shell.expect("begun")
        shell.expect_raw()
        shell.resize(77, 33)
        shell.expect("33 77")
        assert shell.wait() == 6


def test_a_doubled_escape_is_one_tilde(terminal):
    with terminal(*script("read -r line; echo \"said <$line>\"")) as shell:
        shell.expect_raw()
        shell.type("~~.not the end ~.\r")
        shell.expect("said <~.not the end ~.>")
        assert shell.wait() == 0


def test_the_escape_works_while_the_command_takes_no_input(terminal, run):
    with terminal(*script("stty raw -echo; echo go; exec sleep 4320")) as shell:
        shell.expect("go")
        shell.expect_raw()
        shell.send(b"x" * 100_000 + b"\r~.")
        assert shell.wait() == 255
        assert b"ferry: disconnected" in shell.shown
    wait_until(lambda: not is_running(run, "sleep 4320"), "the command is ended")


def test_an_interactive_shells_status_comes_back(terminal):
    with terminal("-it", "web") as shell:
        before = shell.settings()
        shell.expect_raw()
        shell.type("exit 3\r")
        assert shell.wait() == 3
        assert shell.settings() == before


def test_a_command_that_ends_while_we_type_does_not_hang(terminal):
    with terminal(*script("stty raw -echo; echo go; head -c 1 >/dev/null; exit 5")) as shell:
        before = shell.settings()
        shell.expect("go")
        shell.expect_raw()
        shell.type("typed ahead of its end, and not read " * 20)
        assert shell.wait() == 5
        assert shell.settings() == before


def test_a_terminal_without_input(terminal, ferry, shared_endpoint):
    """-t alone: the command has a terminal, and its input is empty."""
    words = ["sh", "-c", "test -t 1 && echo is-a-tty; stty size <&1; cat; echo end-of-input"]
    # All three streams being terminals would mean -it: standard input is none here.
    command = ["sh", "-c", '"$@" </dev/null', "sh", ferry, "exec", "-t", "web", "--", *words]
    with Terminal(command, environment_of(shared_endpoint), columns=91, rows=31) as shell:
        before = shell.settings()
        shell.expect("is-a-tty\r\n31 91\r\nend-of-input\r\n")
        assert shell.wait() == 0
        assert shell.settings() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_remote_session_too(terminal, run, number):
    seconds = 4321 + number
    with terminal(*script(f"echo begun; exec sleep {seconds}")) as shell:
        before = shell.settings()
        shell.expect("begun")
        shell.expect_raw()
        os.kill(shell.pid, number)
        assert shell.wait() == 130
        assert shell.settings() == before
        assert f"ferry: interrupted by {number.name}".encode() in shell.shown
    wait_until(lambda: not is_running(run, f"sleep {seconds}"), "the command is ended")


def test_a_closed_window_ends_the_remote_session_too(terminal, run):
    with terminal(*script("echo begun; exec sleep 4400")) as shell:
        shell.expect("begun")
        shell.expect_raw()
        shell.hang_up()
        assert shell.wait() != 0
    wait_until(lambda: not is_running(run, "sleep 4400"), "the command is ended")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT])
def test_a_crash_restores_the_terminal(start_endpoint, ferry, number):
    endpoint = start_endpoint()
    enterable_task(endpoint)
    with Terminal([ferry, "exec", "web"], environment_of(endpoint)) as shell:
        before = shell.settings()
        shell.expect_raw()
        os.kill(shell.pid, number)
        assert shell.wait() == -number  # it did crash
        assert shell.settings() == before
    endpoint.stop()


def test_a_lost_connection_restores_the_terminal(start_endpoint, ferry):
    endpoint = start_endpoint()
    enterable_task(endpoint)
    with Terminal([ferry, "exec", "web"], environment_of(endpoint)) as shell:
        before = shell.settings()
        shell.expect_raw()
        endpoint.kill()
        assert shell.wait(seconds=120) == 255
        assert shell.settings() == before
        assert b"is lost" in shell.shown


def test_the_escape_works_while_the_connection_is_lost(start_endpoint, ferry):
    endpoint = start_endpoint()
    enterable_task(endpoint)
    with Terminal([ferry, "exec", "web"], environment_of(endpoint)) as shell:
        before = shell.settings()
        shell.expect_raw()
        endpoint.kill()
        shell.type("echo nobody hears this\r~.")
        assert shell.wait(seconds=5) == 255
        assert shell.settings() == before
