"""One exec session: the command on its terminal, its data channel, and how both come to their end."""

import asyncio
import contextlib
import json
import random
import secrets
import time

from agent import message, words
from agent.channel import Channel
from agent.terminal import StartFailure, Terminal, TextBorder

ERROR_HEAD = "\n----------ERROR-------\n"
# The service keeps an ended session's connection for so long for the client to leave first.
LINGER_S = 5.0


class Session:
    def __init__(self, session_id, container, command, quirks):
        self.id, self.container, self._quirks = session_id, container, quirks
        self.can_be_resumed = quirks.can_be_resumed
        self.command = command
        self.transcript = bytearray()  # what the agent logs: the terminal's output
        self.input = bytearray()  # what it took from the client, early input too
        self.connections = 0
        self.token = None
        self.cell = None  # where the latest token is good
        self.closed_text = None  # channel_closed's Output, once the session has ended
        self._random = random.Random(quirks.seed)
        self._channel = Channel(self._transmit, self._take_input, self._breaks_after_writing)
        self.inputs_written = 0
        self._terminal = None
        self._connection = None
        self._left_until_cut = None
        self._has_output = False
        self._last_traffic = time.monotonic()
        self._ended = asyncio.Event()
        self._task = asyncio.ensure_future(self._run())

    def renew_token(self):
        self.token = secrets.token_urlsafe(24)
        return self.token

    @property
    def is_over(self):
        return self._ended.is_set()

    @property
    def resent(self):
        return self._channel.resent

    async def serve(self, connection):
        """Serves one connection of the client until it breaks or the session is over."""
        if self._connection is not None:
            self._connection.transport.abort()
        self._connection = connection
        self._left_until_cut = self._quirks.cuts[self.connections] if self.connections < len(self._quirks.cuts) else None
        self.connections += 1
        self._channel.is_paused = False
        try:
            if self.is_over:
                await self._say_closed()
            async for raw in connection:
                came = message.decode(raw)
                if not self._is_lost(came):
                    self._last_traffic = time.monotonic()
                    await self._channel.receive(came)
        finally:
            if self._connection is connection:
                self._connection = None
                self._channel.is_paused = True

    def terminate(self):
        """TerminateSession: the service tells the agent, which kills the command."""
        self._task.cancel()

    async def end(self):
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self):
        text = ""
        chores = [asyncio.ensure_future(self._channel.resend()), asyncio.ensure_future(self._watch_idleness())]
        try:
            self._terminal = await self._start()
            await self._pump()
            await self._wait_for_acknowledgements()
        except StartFailure as failure:
            await asyncio.sleep(self._quirks.start_failure_after_s)
            text = str(failure)
        except asyncio.CancelledError:
            pass
        finally:
            for chore in chores:
                chore.cancel()
            if self._terminal:
                self._terminal.end()
            self.closed_text = text
            self._ended.set()
        await self._say_closed()

    async def _start(self):
        try:
            argv = words.split(self.command)
        except words.UnfinishedWord as reason:
            raise StartFailure(f"{ERROR_HEAD}Unable to start command: Failed to parse commands input: {reason}\n\n") from reason
        if not argv:
            raise StartFailure("Commands cannot be empty for session type InteractiveCommands")
        terminal = Terminal(self.container, argv)
        try:
            terminal.check_started()
        except StartFailure as failure:
            raise StartFailure(f"{ERROR_HEAD}Unable to start command: Failed to start pty: {failure}\n\n") from failure
        return terminal

    async def _pump(self):
        quirks, border = self._quirks, TextBorder()
        await asyncio.sleep(quirks.first_read_after_s)
        while data := await self._terminal.read(quirks.read_size):
            while self._channel.is_paused:
                await asyncio.sleep(0.01)
            passed = border.pass_through(data) if quirks.damages_text else data
            if passed:
                self._has_output = True
                self._last_traffic = time.monotonic()
                self.transcript += passed
                await self._channel.send(passed)
            await asyncio.sleep(quirks.pause_after_read_s)

    async def _wait_for_acknowledgements(self):
        deadline = time.monotonic() + self._quirks.end_window_s
        while not self._channel.is_all_acknowledged and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def _watch_idleness(self):
        while time.monotonic() - self._last_traffic < self._quirks.idle_limit_s:
            await asyncio.sleep(min(0.05, self._quirks.idle_limit_s / 4))
        self._task.cancel()

    async def _take_input(self, came):
        if came.payload_type == message.OUTPUT_DATA:
            self.inputs_written += 1
            self.input += came.payload
        is_early = self._quirks.drops_early_input and not self._has_output
        if is_early or self._terminal is None:
            return
        if came.payload_type == message.OUTPUT_DATA:
            await self._terminal.write(came.payload)
        elif came.payload_type == message.SIZE:
            size = json.loads(came.payload)
            self._terminal.resize(size["cols"], size["rows"])

    def _breaks_after_writing(self, came):
        """What was on the way to the agent or from it is lost; its messages are resent."""
        return came.payload_type == message.OUTPUT_DATA and self.inputs_written in self._quirks.breaks_after_writing

    def _is_lost(self, passing):
        is_acknowledgement = passing.type == message.ACKNOWLEDGE
        chance = self._quirks.acknowledgement_loss if is_acknowledgement else self._quirks.data_loss
        return passing.type != message.CLOSED and self._random.random() < chance

    async def _transmit(self, sent):
        connection = self._connection
        if connection is None or self._is_lost(sent):
            return
        if self._left_until_cut == 0:
            if self._quirks.says_bye:
                await connection.close(1000, "Bye")
            else:
                connection.transport.abort()
            return
        if self._left_until_cut is not None:
            self._left_until_cut -= 1
        with contextlib.suppress(Exception):
            await connection.send(sent.encode())

    async def _say_closed(self):
        """The last message; the client leaves when it has it."""
        connection = self._connection
        if connection is None:
            return
        with contextlib.suppress(Exception):
            await connection.send(message.channel_closed(self.id, self.closed_text).encode())
            await asyncio.wait_for(connection.wait_closed(), LINGER_S)
