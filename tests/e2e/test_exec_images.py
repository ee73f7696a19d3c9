"""ferry exec over root file systems: the tier that each allows, and what must be true in every one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from root_file_systems import IMAGES

SHELLS = [name for name, image in IMAGES.items() if image.tier.has_shell]
SEPARATE = [name for name in SHELLS if not IMAGES[name].tier.is_merged]
MERGED = [name for name in SHELLS if IMAGES[name].tier.is_merged]
WITH_INPUT = [name for name in SHELLS if IMAGES[name].tier.has_input]
WITHOUT_INPUT = [name for name in SHELLS if not IMAGES[name].tier.has_input]
CODES = [0, 1, 2, *range(124, 131), 137, 143, 255]


@pytest.mark.parametrize("image", SEPARATE)
def test_streams_are_separate_where_they_can_be(place, image):
    result = place.result(image, "/probe", "args", "3", "one", "two")
    assert (result.status, result.members["outcome"], result.members["exit_code"]) == (3, "exited", 3)
    assert (result.stdout, result.stderr) == (b"<one>\n<two>\n", b"code 3\n")
    assert result.members["streams_merged"] is False
    assert result.chatter == ""


@pytest.mark.parametrize("image", MERGED)
def test_merged_streams_are_said_with_what_the_image_lacks(place, image):
    result = place.result(image, "/probe", "args", "3", "one", "two")
    assert (result.status, result.members["outcome"], result.members["exit_code"]) == (3, "exited", 3)
    assert (result.stdout, result.stderr) == (b"<one>\n<two>\ncode 3\n", b"")
    assert result.members["streams_merged"] is True
    for tool in IMAGES[image].tier.missing:
        assert tool in result.chatter
    assert all(line.startswith("ferry: ") for line in result.chatter.splitlines())


def test_an_image_without_a_shell_shows_what_its_terminal_shows(place):
    result = place.result("no_shell", "/probe", "args", "0", "one", "two  words")
    assert (result.status, result.members["outcome"], result.members["exit_code"]) == (255, "unknown", None)
    assert result.members["streams_merged"] is True
    assert result.stdout.replace(b"\r", b"") == b"<one>\n<two  words>\ncode 0\n"
    assert "shell" in result.chatter


def test_a_command_that_is_not_in_an_image_without_a_shell_did_not_start(place):
    result = place.result("no_shell", "no-such-command")
    assert result.status not in (0, 1)
    assert result.members["outcome"] == "not_started"
    assert "no-such-command" in result.chatter


@pytest.mark.parametrize("image", SHELLS)
def test_exit_codes(place, image):
    def status(code):
        return place.run(image, "/probe", "args", str(code)).returncode

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(status, CODES)) == CODES


def test_every_exit_code(local_images):
    def status(code):
        return local_images.run("busybox", "sh", "-c", f"exit {code}").returncode

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(status, range(256))) == list(range(256))


@pytest.mark.parametrize("image", SHELLS)
def test_death_by_a_signal(place, image):
    for number in (6, 9, 11, 15):
        assert place.run(image, "/probe", "die", str(number)).returncode == 128 + number


@pytest.mark.parametrize("image", SHELLS)
def test_commands_that_cannot_be_run(place, image):
    done = place.run(image, "no-such-command")
    assert done.returncode == 127
    assert b"no-such-command" in done.stdout + done.stderr
    assert place.run(image, "/payloads/text").returncode == 126


@pytest.mark.parametrize("image", SEPARATE)
def test_the_command_sees_no_terminal(place, image):
    assert place.run(image, "/probe", "terminals").stdout == b"000\n"


WORDS = [
    ["#", "#no comment", "a#b"],
    ["", " ", "  two  blanks  ", "\t"],
    ["it's", '"', "\\", "\\\\n", "'", "\"'\"'"],
    ["{{ssm:/secret}}", "{", "{{", "}}", "{}"],
    ["$HOME", "`id`", "$(id)", "*", "~", "a;b", "a&&b", "|", ">", "!"],
    ["two\nlines", "\n", "\r", "end\n"],
    ["é", "世界 🙂", "-n", "--", "-c", "%s", "\x1eferry1 r\x1e"],
    [f"word {number}" for number in range(100)],
]


@pytest.mark.parametrize("image", ["busybox", "dash", "bash", "shell_alone"])
def test_words_arrive_as_they_are(place, image):
    for words in WORDS:
        done = place.run(image, "/probe", "args", "0", *words)
        shown = "".join(f"<{word}>\n" for word in words).encode()
        assert done.stdout.removesuffix(b"code 0\n") == shown, words
        assert done.returncode == 0


def test_words_arrive_as_they_are_without_a_shell(place):
    for words in WORDS[:5]:
        done = place.run("no_shell", "/probe", "args", "0", *words)
        assert done.stdout.replace(b"\r", b"") == "".join(f"<{word}>\n" for word in [*words]).encode() + b"code 0\n"


@pytest.mark.parametrize("image", SHELLS)
def test_a_child_that_stays_does_not_hold_us_up(place, image):
    done = place.run(image, "/probe", "leave", "5", flags=["--timeout", "60s"])
    assert (done.returncode, done.stdout) == (5, b"left\n")


@pytest.mark.parametrize("image", SHELLS)
def test_a_command_that_asks_its_terminal_does_not_spoil_the_session(place, image):
    """There is nobody to answer: it may fail or wait for ever, but nothing of ours may be its answer."""
    done = place.run(image, "/probe", "ask", flags=["--timeout", "1s"])
    if done.returncode != 124:
        assert (done.returncode, done.stdout) == (3, b"nobody is there\n")
