"""A command on a pseudo-terminal inside a root file system, and the agent's way of reading it."""

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import signal
import struct
import subprocess
import termios

# The starter finds the command on the container's PATH as the agent does, and says here why it could not.
STATUS_LIMIT = 4096


class StartFailure(Exception):
    """Why the command was not started, in the agent's words."""


class TextBorder:
    """Cuts output where no character is cut, with the real agent's two kinds of damage."""

    def __init__(self):
        self._carried = b""

    def pass_through(self, data):
        data = self._carried + data
        self._carried = b""
        passed = bytearray()
        at = 0
        while at < len(data):
            size = _character_size(data, at)
            is_replacement = data[at : at + 3] == b"\xef\xbf\xbd"
            if size and not is_replacement:
                passed += data[at : at + size]
                at += size
            elif len(data) - at < 4:
                self._carried = data[at:]
                break
            else:
                # A replacement character cannot be told from a failure to decode one: its first byte is kept.
                passed.append(data[at])
                at += 3 if is_replacement else 1
        return bytes(passed)


def _character_size(data, at):
    """The bytes of the UTF-8 character there, or 0."""
    for size in range(1, 5):
        try:
            data[at : at + size].decode()
        except UnicodeDecodeError:
            continue
        return size if at + size <= len(data) else 0
    return 0


class Terminal:
    """The command's session: a new one, with the terminal as its controlling one, cooked, of no size."""

    def __init__(self, container, words):
        self._waiting = set()
        self._main, second = os.openpty()
        info, info_end = os.pipe()
        status, status_end = os.pipe()
        try:
            self._outer = subprocess.Popen(
                container.enter(words, info_end, status_end),
                stdin=second,
                stdout=second,
                stderr=second,
                pass_fds=(info_end, status_end),
            )
        finally:
            for descriptor in (second, info_end, status_end):
                os.close(descriptor)
        os.set_blocking(self._main, False)
        with open(info, "rb") as answer:
            self._reaper = json.loads(answer.read() or b"{}").get("child-pid")
        with open(status, "rb") as answer:
            self._complaint = answer.read(STATUS_LIMIT).decode()

    def check_started(self):
        if self._complaint:
            self.end()
            raise StartFailure(self._complaint)
        if self._reaper is None:
            self.end()
            raise StartFailure("the sandbox was not made")

    async def read(self, size):
        """Bytes, or none once the last process that held the terminal has let go of it."""
        while True:
            try:
                return os.read(self._main, size)
            except BlockingIOError:
                await self._wait(asyncio.get_running_loop().add_reader, asyncio.get_running_loop().remove_reader)
            except OSError as error:
                if error.errno in (errno.EIO, errno.EBADF):
                    return b""
                raise

    async def write(self, data):
        """Blocks the caller while the terminal takes no more, as the agent's reader of messages is blocked."""
        while data:
            try:
                data = data[os.write(self._main, data) :]
            except BlockingIOError:
                await self._wait(asyncio.get_running_loop().add_writer, asyncio.get_running_loop().remove_writer)
            except OSError as error:
                if error.errno in (errno.EIO, errno.EBADF):
                    return
                raise

    async def _wait(self, watch, forget):
        ready = asyncio.Event()
        watch(self._main, ready.set)
        self._waiting.add(ready)
        try:
            await ready.wait()
        finally:
            self._waiting.discard(ready)
            if self._main >= 0:
                forget(self._main)

    def resize(self, columns, rows):
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows & 0xFFFF, columns & 0xFFFF, 0, 0))

    def end(self):
        """Nothing of the session is left: its sandbox goes with its first process."""
        if self._reaper is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._reaper, signal.SIGKILL)
            self._reaper = None
        if self._main >= 0:
            # Before it is closed: the next terminal may get the same number.
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._main)
            loop.remove_writer(self._main)
            os.close(self._main)
            self._main = -1
        for ready in self._waiting:
            ready.set()
        if self._outer.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._outer.wait(5)
        if self._outer.poll() is None:
            self._outer.kill()
            self._outer.wait()
