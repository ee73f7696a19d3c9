"""The agent's side of the data channel: acknowledgement, order, and resending the oldest message alone."""

import asyncio
import collections
import json
import time

from agent import message

CHECK_EVERY_S = 0.1
BUFFER_LIMIT = 10_000


class ResendTimer:
    """The real agent's estimate of how long an acknowledgement takes."""

    def __init__(self):
        self._round_trip, self._variation, self.limit_s = 0.1, 0.0, 0.2

    def sample(self, seconds):
        self._variation = 0.75 * self._variation + 0.25 * abs(self._round_trip - seconds)
        self._round_trip = 0.875 * self._round_trip + 0.125 * seconds
        self.limit_s = min(1.0, self._round_trip + max(0.01, 4 * self._variation))


class Channel:
    """`transmit(message)` sends over whatever connection there is; `deliver(message)` takes input in order."""

    def __init__(self, transmit, deliver, breaks_after_writing=lambda message: False):
        """`breaks_after_writing(message)`: the connection breaks between `deliver` and the acknowledgement."""
        self._transmit, self._deliver, self._breaks_after_writing = transmit, deliver, breaks_after_writing
        self._next_output = 0
        self._unacknowledged = collections.OrderedDict()  # sequence: [message, time of the last sending]
        self._timer = ResendTimer()
        self._expected = 0
        self._early = {}
        self.is_paused = True
        self.resent = 0

    @property
    def is_all_acknowledged(self):
        return not self._unacknowledged

    async def send(self, payload, payload_type=message.OUTPUT_DATA):
        sequence = self._next_output
        self._next_output += 1
        flags = message.SYN if sequence == 0 else 0
        sent = message.Message(message.OUTPUT, payload, sequence, flags, payload_type)
        self._unacknowledged[sequence] = [sent, time.monotonic()]
        if not self.is_paused:
            await self._transmit(sent)

    async def resend(self):
        """For ever: only the oldest message, only when it is due."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            if self.is_paused or not self._unacknowledged:
                continue
            oldest = next(iter(self._unacknowledged.values()))
            if time.monotonic() - oldest[1] > self._timer.limit_s:
                oldest[1] = time.monotonic()
                self.resent += 1
                await self._transmit(oldest[0])

    async def receive(self, came):
        if came.type == message.ACKNOWLEDGE:
            self._take_acknowledgement(json.loads(came.payload))
        elif came.type == message.INPUT:
            await self._take_input(came)

    def _take_acknowledgement(self, body):
        if body.get("AcknowledgedMessageType") != message.OUTPUT:
            raise message.MalformedMessage(f"an acknowledgement of {body}")
        entry = self._unacknowledged.pop(body["AcknowledgedMessageSequenceNumber"], None)
        if entry:
            self._timer.sample(time.monotonic() - entry[1])

    async def _take_input(self, came):
        if came.sequence > self._expected:
            if len(self._early) < BUFFER_LIMIT:
                self._early[came.sequence] = came
                await self._transmit(message.acknowledgement(came))
            return
        if came.sequence == self._expected:
            await self._deliver(came)
            if self._breaks_after_writing(came):
                # The real agent returns before it counts: what comes again is written again.
                return
            self._expected += 1
        await self._transmit(message.acknowledgement(came))
        while self._expected in self._early:
            self._expected += 1
            await self._deliver(self._early.pop(self._expected - 1))
