"""Takes an exec session's bytes apart by docs/exec-framing.md alone: another reader of the format than ferry's own."""

import base64
import dataclasses
import gzip
import re

RS = b"\x1e"
READY = re.compile(rb"\x1eferry1([rc])\x1e")
# The program names the nonce of its frames and the marker of a stream's end in one line.
SECRETS = re.compile(rb"^1 _n=([0-9a-f]+) _e=([0-9a-f]+)", re.MULTILINE)


@dataclasses.dataclass
class Decoded:
    tier: str  # of the start frame
    stdout: bytes
    stderr: bytes
    exit_code: int
    frames: list  # what each frame begins with, in order
    between: bytes  # what is readable without a decoder: outside of frames, and text frames


def _bytes_of(encoding, text):
    if encoding == b"b":
        return base64.b64decode(text)
    if encoding == b"z":
        return gzip.decompress(base64.b64decode(text))
    if encoding == b"x":
        return bytes(int(word, 8) for word in text.split())
    assert encoding == b"t", encoding
    return text


def decode(session, program):
    """The result of a session's bytes for a program that was sent; fails on anything that is out of place."""
    nonce, end = SECRETS.search(program).groups()
    ready = READY.search(session)
    rest = session[ready.end() :]
    if ready.group(1) == b"c":
        rest = rest.replace(b"\r\n", b"\n")
    pieces = rest.split(RS + nonce)
    start, between = pieces[1].split(RS, 1)
    assert start[:1] == b"+", start
    streams = {b"o": bytearray(between), b"e": bytearray()}
    readable = bytearray(between)
    frames = []
    for piece in pieces[2:]:
        body, _, text = piece.partition(RS)
        frames.append(body[:2])
        if body[:1] in streams:
            streams[body[:1]] += _bytes_of(body[1:2], body[2:])
            readable += body[2:] if body[1:2] == b"t" else b""
        streams[b"o"] += text
        readable += text
    codes = []
    for name in streams:
        output, found, code = bytes(streams[name]).partition(end + b"=")
        assert found or (name == b"e" and start[1:2] == b"m"), f"stream {name} has no end"
        streams[name] = output
        if found:
            codes.append(int(code[: code.index(b";")]))
    assert len(set(codes)) == 1, codes
    return Decoded(start.decode(), bytes(streams[b"o"]), bytes(streams[b"e"]), codes[0], frames, bytes(readable))


def next_number(program):
    """The number of the first line behind the program, whose own are counted from 1 and end with a full stop."""
    return int(re.search(rb"^(\d+) \.$", program, re.MULTILINE).group(1)) + 1


def has_ended(session, program):
    """Whether both streams' ends have come."""
    try:
        decode(session, program)
    except (AssertionError, AttributeError, IndexError, ValueError, EOFError, OSError):
        return False
    return True
