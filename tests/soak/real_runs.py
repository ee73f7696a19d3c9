"""Many real `ferry run` at once: real_runs.py [TASKS [PROCESSES]].

TASKS tasks of one `ferry run --count`, then PROCESSES processes of a task each, all started before the first is waited for.
Each task writes numbered lines and exits with a code of its own, which its last line tells: no line may be missing, repeated
or out of place, and no code wrong.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from local_endpoint import task_definition  # noqa: E402
from real_execs import start_endpoint  # noqa: E402

LINES = 20
SCRIPT = "code=$(od -An -N1 -tu1 /dev/urandom | tr -d ' '); i=0; while [ $i -lt 20 ]; do echo line $i; i=$((i+1)); done; echo $code; exit $code"


def verdict(result):
    expected = [f"line {number}" for number in range(LINES)] + [str(result["exit_code"])]
    if result["outcome"] != "exited":
        return result["outcome"]
    return "right" if result["stdout"].splitlines() == expected else "wrong"


def start(endpoint, *words):
    command = [endpoint.ferry, "run", "soak", *words, "-o", "json", "--", "/bin/sh", "-c", SCRIPT]
    return subprocess.Popen(command, env=endpoint.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def results_of(processes):
    """Every result; the exit status of a process is the first of its tasks' that is not 0."""
    for process in processes:
        output, _ = process.communicate(timeout=600)
        results = [json.loads(line) for line in output.splitlines()]
        status = next((result["exit_code"] for result in results if result["exit_code"] != 0), 0)
        if process.returncode != status:
            print(f"exit status {process.returncode} instead of {status}")
            yield {"outcome": "wrong exit status"}
        yield from results


def counted(what, expected, processes):
    begin = time.monotonic()
    counts = collections.Counter(verdict(result) for result in results_of(processes()))
    told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    print(f"{what} in {time.monotonic() - begin:.1f} s: {told}")
    return counts == {"right": expected}


def main():
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory() as home:
        endpoint = start_endpoint(pathlib.Path(home))
        try:
            endpoint.ecs.register_task_definition(**task_definition(family="soak"))
            is_right = counted(f"{tasks} tasks of one process", tasks, lambda: [start(endpoint, "--count", str(tasks))])
            is_right &= counted(
                f"{processes} processes of one task each", processes, lambda: [start(endpoint) for _ in range(processes)]
            )
        finally:
            endpoint.stop()
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
