"""The simulator's own parts, against bytes of the real agent and what is known of it."""

import json
import pathlib
import uuid

import pytest

from agent import message, words
from agent.terminal import TextBorder

MESSAGES = pathlib.Path(__file__).parents[1] / "data" / "messages"


def fields_of(name):
    lines = (MESSAGES / f"{name}.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line and not line.startswith("#"))


@pytest.mark.parametrize("name", sorted(path.stem for path in MESSAGES.glob("*.txt")))
def test_a_message_of_the_real_agent_is_read_and_written_to_the_byte(name):
    fields = fields_of(name)
    raw = bytes.fromhex(fields["bytes"])
    read = message.decode(raw)
    assert read.type == fields["type"]
    assert read.created_ms == int(fields["created_ms"])
    assert read.sequence == int(fields["sequence_number"])
    assert read.flags == int(fields["flags"])
    assert read.id == uuid.UUID(fields["id"])
    assert read.payload_type == int(fields["payload_type"])
    assert read.encode() == raw


@pytest.mark.parametrize("name", ["acknowledge_by_agent", "acknowledge_by_client"])
def test_an_acknowledgement_has_the_members_of_a_real_one(name):
    real = message.decode(bytes.fromhex(fields_of(name)["bytes"]))
    ours = message.acknowledgement(message.Message(message.INPUT, b"x", 3))
    assert json.loads(ours.payload).keys() == json.loads(real.payload).keys()
    assert (ours.type, ours.sequence, ours.flags) == (real.type, real.sequence, real.flags)


def test_damaged_messages_are_refused():
    raw = message.Message(message.OUTPUT, b"hello").encode()
    for damaged in (raw[:100], raw[:-1], raw[:-1] + b"x", b"\0" + raw):
        with pytest.raises(message.MalformedMessage):
            message.decode(damaged)


@pytest.mark.parametrize(
    "text, split",
    [
        ("echo a #b c", ["echo", "a"]),
        ("a#b 'c d' \"e f\"", ["a#b", "c d", "e f"]),
        ("a\\ b '' \"\"", ["a b", "", ""]),
        ("'it'\\''s' \"\\$x\\\"\"", ["it's", '$x"']),
        ("$HOME `x` a;b|c", ["$HOME", "`x`", "a;b|c"]),
        ("a\nb\tc", ["a", "b", "c"]),
        ("# all\nbut this", ["but", "this"]),
        ("'\\n' é", ["\\n", "é"]),
        ("", []),
    ],
)
def test_words_are_split_without_a_shell(text, split):
    assert words.split(text) == split


@pytest.mark.parametrize("text", ["'a", '"a', "a\\", '"a\\'])
def test_unfinished_words_are_an_error(text):
    with pytest.raises(words.UnfinishedWord):
        words.split(text)


@pytest.mark.parametrize(
    "came, passed",
    [
        ([b"plain\r\n"], [b"plain\r\n"]),
        ([b"caf\xc3", b"\xa9!"], [b"caf", b"\xc3\xa9!"]),
        ([b"a\xf0\x9f", b"\x98", b"\x80 ."], [b"a", b"", b"\xf0\x9f\x98\x80 ."]),
        ([b"x\xffy and more"], [b"x\xffy and more"]),
        ([b"one \xef\xbf\xbd two"], [b"one \xef two"]),
        ([b"ab\xff"], [b"ab"]),  # at the very end: lost
        ([b"\0\x01\x7f"], [b"\0\x01\x7f"]),
    ],
)
def test_text_is_cut_and_damaged_as_the_real_agent_does(came, passed):
    border = TextBorder()
    assert [border.pass_through(piece) for piece in came] == passed
