"""Real tasks whose containers end in every order: real_ends.py [RUNS [FIRST_SEED]].

The job says "done" when its work is done, and exits with 0 also where it is told to stop before that, as many programs do. Beside it
runs a second essential container, which ends first, or later, or only when it is told to. A status of 0 without "done" would be a
false success; a job that was done while the other one waited to be told to stop must be a success.
"""

import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from local_endpoint import task_definition  # noqa: E402
from real_execs import start_endpoint  # noqa: E402

AT_ONCE = 8
JOB = "trap 'exit 0' TERM; sleep $1 & wait $!; echo done"
# How the other container ends.
ENDS = {
    "with 0": "sleep $1",
    "with 3": "sleep $1; exit 3",
    "with 0 when told to": "trap 'exit 0' TERM; sleep 1000 & wait $!",
    "by the signal": "exec sleep 1000",
}


class Ends:
    """One task, made from its seed."""

    def __init__(self, seed):
        choose = random.Random(seed)
        self.seed = seed
        self.job_s, self.other_s = (round(choose.uniform(0, 1.5), 2) for _ in range(2))
        self.other = choose.choice(list(ENDS))

    def run(self, endpoint):
        overrides = {
            "containerOverrides": [
                {"name": "app", "command": ["/bin/sh", "-c", JOB, "sh", str(self.job_s)]},
                {"name": "other", "command": ["/bin/sh", "-c", ENDS[self.other], "sh", str(self.other_s)]},
            ]
        }
        words = [endpoint.ferry, "run", "ends", "--container", "app", "--overrides", json.dumps(overrides), "-o", "json"]
        done = subprocess.run(words, env=endpoint.environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        return self.verdict(done.returncode, json.loads(done.stdout)), done

    def verdict(self, status, result):
        is_done = "done" in result["stdout"].splitlines()
        if status == 0:
            return "right" if is_done and result["outcome"] == "exited" else "false success"
        if is_done and self.other == "by the signal":
            return "success not seen"
        if status == 255 and result["outcome"] == "unknown":
            return "unknown"
        return "wrong"


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first_seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    begin = time.monotonic()
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as home:
        endpoint = start_endpoint(pathlib.Path(home))
        try:
            definition = task_definition(family="ends")
            (app,) = definition["containerDefinitions"]
            definition["containerDefinitions"] = [{**app, "name": name, "essential": True} for name in ("app", "other")]
            endpoint.ecs.register_task_definition(**definition)
            ends = [Ends(seed) for seed in range(first_seed, first_seed + runs)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for each, (verdict, done) in zip(ends, pool.map(lambda each: each.run(endpoint), ends)):
                    counts[verdict] += 1
                    if verdict not in ("right", "unknown"):
                        print(f"seed {each.seed}: {verdict}, status {done.returncode}: {done.stdout[-600:]!r} {done.stderr[-300:]!r}")
        finally:
            endpoint.stop()
    told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    print(f"{runs} tasks that end in every order, from seed {first_seed}, in {time.monotonic() - begin:.1f} s: {told}")
    return 0 if set(counts) <= {"right", "unknown"} and counts["right"] else 1


if __name__ == "__main__":
    sys.exit(main())
