"""Many real `ferry exec`, eight at a time in four containers, while `ferry local` cuts their connections: real_execs.py [COUNT [SEED]].

Each command is checked: its exit code, and every byte of both streams (and of its input, which comes back). None may be
wrong; none may be lost, as each connection that breaks can be resumed. Before that, resuming is refused once: then the
outcome is lost, which also shows that connections do break.
"""

import collections
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from local_endpoint import Endpoint, ferry_path, task_definition  # noqa: E402

CONTAINERS = 4
SESSIONS_EACH = 2
# That a connection broke, and that it goes on.
NOTICE = re.compile(rb"(?m)^ferry: connection to container app of task [0-9a-f]+: [^\n]*\n")
# Of the whole run; each connection, also a resumed one, may meet it.
CUT_PROBABILITY = 0.3


def start_endpoint(home):
    for name in ("runtime", "share"):
        (home / name).mkdir(mode=0o700)
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "runtime"), "XDG_DATA_HOME": str(home / "share")}
    return Endpoint(ferry_path(), variables, ("--port", "0", "--ephemeral"))


def start_tasks(endpoint):
    endpoint.ecs.register_task_definition(**task_definition(family="soak", container={"command": ["sleep", "1000000"]}))
    answer = endpoint.ecs.run_task(taskDefinition="soak", count=CONTAINERS, enableExecuteCommand=True)
    tasks = [task["taskArn"] for task in answer["tasks"]]
    for task in tasks:
        endpoint.wait_for_exec_agent_of(task)
    return tasks


class Command:
    """One command by its seed: what it writes and how it ends is known beforehand."""

    SCRIPT = 'i=0; while [ $i -lt $1 ]; do printf "%s-%0100d\\n" out $i; printf "%s-%050d" err $i >&2; i=$((i+1)); done; cat; exit $2'

    def __init__(self, seed):
        choose = random.Random(seed)
        self.seed = seed
        self.lines = choose.choice((0, 1, 10, 200, 1000))
        self.code = choose.choice((0, choose.randrange(256)))
        self.input = choose.randbytes(choose.choice((0, 100, 30_000)))
        self.framing = choose.choice(("auto", "plain", "exact"))
        self.output = b"".join(b"out-%0100d\n" % number for number in range(self.lines)) + self.input
        self.errors = b"".join(b"err-%050d" % number for number in range(self.lines))

    def run(self, endpoint, task):
        words = [endpoint.ferry, "exec", "-i", "--framing", self.framing, "--timeout", "120s", task, "--"]
        words += ["sh", "-c", self.SCRIPT, "sh", str(self.lines), str(self.code)]
        done = subprocess.run(words, env=endpoint.environment, input=self.input, capture_output=True, timeout=180)
        return self.verdict(done), done

    def verdict(self, done):
        # A notice is a line of its own: before the command's only line on stderr, or behind it, which then gets an end.
        errors = NOTICE.sub(b"", done.stderr)
        if errors != done.stderr:
            errors = errors.removesuffix(b"\n")
        if done.returncode == self.code and done.stdout == self.output and errors == self.errors:
            return "right"
        if done.returncode in (124, 125, 255) and b"ferry: " in done.stderr:
            return "lost"
        if done.returncode == 0 and self.code != 0:
            return "false success"
        return "wrong code" if done.returncode != self.code else "wrong bytes"


def set_cuts(endpoint, choose):
    """Connections break after so many bytes: at their beginning, in the middle, near the end."""
    rules = [{"session": "cut", "after_bytes": choose.choice((0, 1_000, 5_000, 50_000)), "probability": CUT_PROBABILITY}]
    endpoint.set_faults(rules, seed=choose.randrange(1 << 30))


def refused_resume(endpoint, task):
    """What becomes of a command whose connection breaks for good."""
    refusal = {"operation": "ResumeSession", "error": "DoesNotExistException", "message": "Session is already terminated"}
    endpoint.set_faults([{"session": "cut", "after_bytes": 5_000, "times": 1}, refusal])
    command = next(command for command in map(Command, range(1_000)) if command.lines == 1000)
    return command.run(endpoint, task)[0]


def soak(endpoint, tasks, count, first_seed):
    counts = collections.Counter()
    choose = random.Random(first_seed)
    places = [task for task in tasks for _ in range(SESSIONS_EACH)]
    with ThreadPoolExecutor(len(places)) as pool:
        for begin in range(first_seed, first_seed + count, len(places)):
            set_cuts(endpoint, choose)
            commands = [Command(seed) for seed in range(begin, min(begin + len(places), first_seed + count))]
            outcomes = pool.map(lambda pair: pair[0].run(endpoint, pair[1]), zip(commands, places))
            for command, (verdict, done) in zip(commands, outcomes):
                counts[verdict] += 1
                if verdict != "right":
                    print(f"seed {command.seed}: {verdict}, status {done.returncode} of {command.code}: {done.stderr[-300:]!r}")
    return counts


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    first_seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        endpoint = start_endpoint(pathlib.Path(home))
        try:
            tasks = start_tasks(endpoint)
            unresumed = refused_resume(endpoint, tasks[0])
            print(f"a cut connection that may not be resumed: {unresumed}")
            counts = soak(endpoint, tasks, count, first_seed)
        finally:
            endpoint.stop()
    told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    print(f"{count} real commands from seed {first_seed} in {time.monotonic() - begin:.1f} s: {told}")
    return 0 if counts == {"right": count} and unresumed == "lost" else 1


if __name__ == "__main__":
    sys.exit(main())
