"""The binary message of the data channel, as session-manager-plugin and amazon-ssm-agent lay it out."""

import dataclasses
import hashlib
import json
import struct
import time
import uuid

# Everything big-endian; the header's length is what comes before the payload's length.
HEADER = struct.Struct(">I32sIQqQ16s32sI")
LENGTH = struct.Struct(">I")

INPUT = "input_stream_data"
OUTPUT = "output_stream_data"
ACKNOWLEDGE = "acknowledge"
CLOSED = "channel_closed"

SYN, FIN = 1, 2

OUTPUT_DATA = 1  # standard input has this type too
SIZE = 3


@dataclasses.dataclass
class Message:
    type: str
    payload: bytes = b""
    sequence: int = 0
    flags: int = 0
    payload_type: int = 0
    id: uuid.UUID = dataclasses.field(default_factory=uuid.uuid4)
    created_ms: int = dataclasses.field(default_factory=lambda: time.time_ns() // 1_000_000)
    schema: int = 1

    def encode(self):
        halves = self.id.bytes[8:] + self.id.bytes[:8]
        digest = hashlib.sha256(self.payload).digest()
        header = HEADER.pack(
            HEADER.size,
            self.type.encode("ascii").ljust(32),
            self.schema,
            self.created_ms,
            self.sequence,
            self.flags,
            halves,
            digest,
            self.payload_type,
        )
        return header + LENGTH.pack(len(self.payload)) + self.payload


class MalformedMessage(Exception):
    """What came is no message of the data channel."""


def decode(raw):
    """A Message; stricter than the real agent, which does not look at the digest."""
    if len(raw) < HEADER.size + LENGTH.size:
        raise MalformedMessage(f"{len(raw)} bytes")
    length, kind, schema, created_ms, sequence, flags, halves, digest, payload_type = HEADER.unpack_from(raw)
    payload = raw[length + LENGTH.size :]
    if length != HEADER.size:
        raise MalformedMessage(f"a header of {length} bytes")
    if LENGTH.unpack_from(raw, length) != (len(payload),):
        raise MalformedMessage("the payload is not as long as it says")
    if hashlib.sha256(payload).digest() != digest:
        raise MalformedMessage("the payload does not match its digest")
    return Message(
        kind.strip(b"\0").decode("ascii").strip(),
        payload,
        sequence,
        flags,
        payload_type,
        uuid.UUID(bytes=halves[8:] + halves[:8]),
        created_ms,
        schema,
    )


def acknowledgement(of):
    body = {
        "AcknowledgedMessageType": of.type,
        "AcknowledgedMessageId": str(of.id),
        "AcknowledgedMessageSequenceNumber": of.sequence,
        "IsSequentialMessage": True,
    }
    return Message(ACKNOWLEDGE, json.dumps(body).encode(), flags=SYN | FIN)


def channel_closed(session_id, output):
    message = Message(CLOSED)
    body = {
        "MessageId": str(message.id),
        "CreatedDate": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "DestinationId": str(uuid.uuid4()),
        "SessionId": session_id,
        "MessageType": CLOSED,
        "SchemaVersion": 1,
        "Output": output,
    }
    message.payload = json.dumps(body).encode()
    return message
