"""What ferry does while the system's look-up of a name does not return.

Runs in a network and mounts of its own (`unshare -rnm`), whose name server takes questions and is silent. Takes ferry's path, the
name of a signal, and a command's words; prints [seconds from the signal to the end, status, stderr].
"""

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def main():
    ferry, name, *words = sys.argv[1:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    with tempfile.NamedTemporaryFile("w") as settings, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        settings.write("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
        settings.flush()
        subprocess.run(["mount", "--bind", settings.name, os.path.realpath("/etc/resolv.conf")], check=True)
        server.bind(("127.0.0.1", 53))
        server.settimeout(60)
        process = subprocess.Popen([ferry, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        server.recv(512)  # the question: ferry waits
        began = time.monotonic()
        if name != "none":
            process.send_signal(getattr(signal, name))
        _, errors = process.communicate(timeout=120)
        print(json.dumps([time.monotonic() - began, process.returncode, errors.decode()]))


if __name__ == "__main__":
    main()
