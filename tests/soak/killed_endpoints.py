"""Endpoints that are killed under load, in the middle of starts too: killed_endpoints.py [KILLS [FIRST_SEED]].

After each kill no process, mount or folder of the endpoint may be left, and the next endpoint of its data folder must know what the
killed one has told.
"""

import os
import pathlib
import random
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

from killed_endpoint import expect_that_what_was_told_stays_true, killed_under_load  # noqa: E402
from local_endpoint import Endpoint, ferry_path  # noqa: E402


def mounts():
    return pathlib.Path("/proc/self/mountinfo").read_text()


def main(kills=200, first_seed=1):
    began = time.monotonic()
    started = told = 0
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_RUNTIME_DIR": folder}
        arguments = ["--port", "0", "--data", f"{folder}/data"]
        before = mounts()
        entries = None
        for seed in range(first_seed, first_seed + kills):
            load = killed_under_load(Endpoint(ferry_path(), environment, arguments), random.Random(seed).uniform(0.05, 0.6))
            assert mounts() == before, "a mount is left"
            again = Endpoint(ferry_path(), environment, arguments)
            expect_that_what_was_told_stays_true(load, again)
            again.control("POST", "reset")
            again.stop()
            entries = entries or sorted(os.listdir(f"{folder}/data"))
            assert sorted(os.listdir(f"{folder}/data")) == entries, "a folder is left"
            started += len(load.started)
            told += len(load.ends)
    print(f"{kills} kills, {started} tasks started, {told} ends told, nothing left, nothing lost, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
