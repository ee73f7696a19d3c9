"""A person at a terminal: runs a program on a pseudo-terminal, types, and reads what is shown."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time


class Terminal:
    def __init__(self, command, environment, columns=100, rows=30):
        self.shown = b""
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for standard_stream in range(3):
                os.dup2(self.slave, standard_stream)
            os.closerange(3, 1024)
            os.execvpe(command[0], command, environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.slave)
        if self.master is not None:
            os.close(self.master)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def settings(self):
        return termios.tcgetattr(self.slave)

    def type(self, text):
        self.send(text.encode())

    def send(self, data, seconds=60):
        """Types bytes, as fast as they are taken; what is shown meanwhile is kept."""
        deadline = time.monotonic() + seconds
        os.set_blocking(self.master, False)
        while data:
            left = deadline - time.monotonic()
            assert left > 0, f"{len(data)} bytes were not taken within {seconds} s, showing {self.shown!r}"
            readable, writable, _ = select.select([self.master], [self.master], [], left)
            if readable:
                self.shown += os.read(self.master, 65536)
            if writable:
                data = data[os.write(self.master, data[:1024]) :]

    def hang_up(self):
        """The terminal goes away, as its window is closed."""
        os.close(self.master)
        self.master = None

    def expect_raw(self, seconds=30):
        """Waits until keys go to the program as they are."""
        deadline = time.monotonic() + seconds
        while self.settings()[3] & (termios.ICANON | termios.ISIG | termios.ECHO):
            assert time.monotonic() < deadline, f"no raw terminal within {seconds} s, showing {self.shown!r}"
            time.sleep(0.01)

    def expect(self, text, seconds=30):
        """Reads until `text` has been shown; what stands before and including it is taken."""
        wanted = text.encode()
        deadline = time.monotonic() + seconds
        while wanted not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} was not shown within {seconds} s, but {self.shown!r}"
            if select.select([self.master], [], [], left)[0]:
                self.shown += os.read(self.master, 65536)
        taken, _, self.shown = self.shown.partition(wanted)
        return (taken + wanted).decode(errors="replace")

    def wait(self, seconds=30):
        """The exit status; what is shown meanwhile is kept."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.master is None:
                time.sleep(0.02)
            elif select.select([self.master], [], [], 0.02)[0]:
                self.shown += os.read(self.master, 65536)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = None
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"still running after {seconds} s, showing {self.shown!r}")
