"""Asks ferry and botocore for credentials where the platforms have theirs: at link-local addresses.

Runs in a network of its own (`unshare -rn`), whose loopback gets those addresses. Takes ferry's path, and on stdin a list of
environments; prints for each what both have found: [source, access key], or null.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys

from fake_identity import FakeIdentity
from identity_fixtures import BOTOCORE

ADDRESSES = ["169.254.170.2", "169.254.170.23", "169.254.169.254"]
ADDRESS_IPV6 = "fd00:ec2::254"
SIOCSIFADDR, SIOCSIFFLAGS = 0x8916, 0x8914
IFF_UP, LOOPBACK_INDEX = 1, 1


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for number, address in enumerate(ADDRESSES):
            wanted = struct.pack("16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(control, SIOCSIFADDR, wanted)
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFADDR, struct.pack("16sIi", socket.inet_pton(socket.AF_INET6, ADDRESS_IPV6), 128, LOOPBACK_INDEX))


def found(command, environment, read):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    return read(json.loads(done.stdout)) if done.returncode == 0 else None


def main():
    ferry = sys.argv[1]
    raise_loopback()
    with FakeIdentity(*((address, 80) for address in [*ADDRESSES, ADDRESS_IPV6])) as fake:
        results = []
        for environment in json.load(sys.stdin):
            ours = found(
                [ferry, "whoami", "--offline", "-o", "json"], environment, lambda told: [told["credential_source"], told["access_key_id"]]
            )
            theirs = found([sys.executable, "-c", BOTOCORE.format(profile="")], environment, lambda told: told)
            results.append([ours, theirs])
        print(json.dumps([results, fake.complaints]))


if __name__ == "__main__":
    main()
