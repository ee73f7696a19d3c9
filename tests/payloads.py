"""Bytes that something on the way may damage; each by a name, the same in every run."""

import random

_random = random.Random(20261123)

# What looks like ferry's own framing (docs/exec-framing.md), and what a terminal acts upon.
LOOKALIKE = b"".join(
    b"\x1eferry1 %s\x1e\x1e%s%s\x1e text\n" % (kind, b"0123456789abcdef" * 2, kind)
    for kind in (b"r", b"c", b"+r", b"=0", b"e", b"z", b"!dd")
)
CONTROLS = b"\x03\x04\x11\x13\x1a\x1c\x7f\x1b[2J\x1b]0;title\x07\r\n\r\r\n\n\r\x16\x0f\x15\x17\x12"

TEXTS = {
    "empty": b"",
    "line": b"a line\n",
    "unfinished_line": b"no line end",
    "text": b"".join(b"%d The quick brown fox jumps over the lazy dog.\n" % number for number in range(2000)),
    "unicode": "Grüße, 世界 🙂 – è\n".encode() * 300,
}

BYTES = {
    "every_byte": bytes(range(256)) * 8,
    "nuls": b"\0" * 3000 + b"x\0\n\0",
    "line_ends": b"a\r\nb\nc\rd\r\r\ne\n\n\n\r\r",
    "latin1": "Grüße aus Köln\n".encode("latin-1") * 50,
    "replacement": "a � b �� c\n�".encode() * 200,
    "replacement_last": "the end �".encode(),
    "truncated_last": "the end 🙂".encode()[:-1],
    "invalid_last": b"the end \xff\xfe",
    "lookalike": LOOKALIKE * 20,
    "controls": CONTROLS * 30,
    "long_line": b"x" * 1_000_000,
    **{f"random_{size}": _random.randbytes(size) for size in (1, 2, 3, 1023, 1024, 1025, 4097, 65535, 65537, 200_000)},
}

ALL = TEXTS | BYTES
