"""The GitHub Action: its steps, run as a runner runs a composite action's, against the embedded endpoint."""

import json
import os
import re
import signal
import subprocess
import uuid
from pathlib import Path

import pytest
import yaml
from local_endpoint import task_definition, wait_until
from running_service import enterable_task

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def expand(text, values):
    """`${{ a.b.c }}` by its value; what the runner does not know is empty."""
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda match: values.get(match.group(1), ""), text)


class Job:
    """One use of the action. Models inputs, environment, outputs and `always()`; no other expression."""

    def __init__(self, folder, environment, inputs):
        assert set(inputs) <= set(ACTION["inputs"]), "an input that the action does not have"
        self.folder, self.environment = folder, environment
        self.values = {"github.action_path": str(ROOT)}
        for name, described in ACTION["inputs"].items():
            self.values[f"inputs.{name}"] = inputs.get(name, described.get("default", ""))
        self.process = None

    def begin(self, step):
        assert step["shell"] == "bash"
        output = self.folder / f"output-{step.get('id', 'last')}"
        output.touch()
        own = {name: expand(value, self.values) for name, value in step["env"].items()}
        environment = {**self.environment, **own, "GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(self.folder), "GITHUB_RUN_ID": "42"}
        script = self.folder / "step.sh"
        script.write_text(expand(step["run"], self.values))
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(words, env=environment, cwd=self.folder, text=True, start_new_session=True, **pipes)
        return self.process

    def end(self, step):
        """Its exit status and what the log has of it; its outputs are there from now on."""
        output, errors = self.process.communicate(timeout=120)
        for line in (self.folder / f"output-{step.get('id', 'last')}").read_text().splitlines():
            name, _, value = line.partition("=")
            self.values[f"steps.{step.get('id', 'last')}.outputs.{name}"] = value
        return self.process.returncode, output, errors

    def run(self):
        status, output, errors = None, "", ""
        for step in ACTION["runs"]["steps"]:
            if status and step.get("if") != "${{ always() }}":
                continue
            self.begin(step)
            ended, out, err = self.end(step)
            status, output, errors = status or ended, output + out, errors + err
        return status, output, errors

    @property
    def outputs(self):
        return {name: expand(described["value"], self.values) for name, described in ACTION["outputs"].items()}


@pytest.fixture
def use(shared_endpoint, ferry, tmp_path):
    """use(**inputs) is a job with the action in it; `_` in a name stands for `-`."""
    shared_endpoint.ecs.register_task_definition(**task_definition())
    jobs = []

    def use_action(**inputs):
        environment = {**shared_endpoint.environment, "PATH": f"{Path(ferry).parent}:{os.environ['PATH']}"}
        folder = tmp_path / str(len(jobs))
        folder.mkdir()
        jobs.append(Job(folder, environment, {name.replace("_", "-"): value for name, value in inputs.items()}))
        return jobs[-1]

    yield use_action
    for job in jobs:
        if job.process and job.process.poll() is None:
            os.killpg(job.process.pid, signal.SIGKILL)


def tasks_named(endpoint, name):
    ecs = endpoint.ecs
    arns = [arn for status in ("RUNNING", "STOPPED") for arn in ecs.list_tasks(desiredStatus=status)["taskArns"]]
    parts = [arns[begin : begin + 100] for begin in range(0, len(arns), 100)]
    return [t for part in parts for t in ecs.describe_tasks(tasks=part)["tasks"] if t.get("startedBy") == name]


def test_a_run_that_succeeds(use):
    job = use(task_definition="app", command="echo from the task")
    assert job.run()[:2] == (0, "from the task\n")
    assert (job.outputs["exit-code"], job.outputs["outcome"]) == ("0", "exited")
    result = json.loads(Path(job.outputs["result-file"]).read_text())
    assert (result["mode"], result["task"]) == ("run", job.outputs["task-arn"])


def test_the_step_fails_with_the_commands_code(use):
    job = use(task_definition="app", command="exit 7")
    status, _, errors = job.run()
    assert (status, job.outputs["exit-code"]) == (7, "7")
    assert "exited with 7" in errors


def test_a_failure_that_is_wanted_as_an_output(use):
    job = use(task_definition="app", command="exit 7", fail="false")
    assert job.run()[0] == 0
    assert job.outputs["exit-code"] == "7"


def test_exec_in_a_running_task(use, shared_endpoint):
    enterable_task(shared_endpoint)
    job = use(mode="exec", target="web", command="echo out; echo err >&2; exit 3")
    assert job.run()[:2] == (3, "out\n")
    assert (job.outputs["outcome"], job.outputs["exit-code"]) == ("exited", "3")


def test_a_timeout_has_no_exit_code(use):
    job = use(task_definition="app", command="sleep 1000", timeout="1s")
    assert job.run()[0] == 124
    assert (job.outputs["outcome"], job.outputs["exit-code"]) == ("timeout", "")


def test_further_flags_are_one_word_a_line(use):
    job = use(task_definition="app", command='echo "$GREETING"', flags="-e\nGREETING=hello  big world\n")
    assert job.run()[:2] == (0, "hello  big world\n")


HOSTILE = """'; echo "$(id)" `id` ${HOME} $((1+1)) \\ " \nsecond line"""


def test_inputs_are_data(use):
    job = use(task_definition="app", command='printf "%s" "$TEXT"', flags="-e\nTEXT=$(touch hacked) `touch hacked`; touch hacked")
    assert job.run()[1] == "$(touch hacked) `touch hacked`; touch hacked\n"
    assert not (job.folder / "hacked").exists()


@pytest.mark.parametrize("name", ["task_definition", "cluster", "container", "region", "started_by", "timeout", "like", "mode"])
def test_a_hostile_input_is_refused_and_sets_no_output(use, name):
    job = use(**{"task_definition": "app", "command": "true", name: HOSTILE + "\nexit-code=0"})
    status, _, _ = job.run()
    assert status == 125 or name in ("like", "started_by")
    assert job.outputs["exit-code"] in ("", "0")
    if status:
        assert job.outputs["exit-code"] == ""


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"mode": "exec", "command": "true"}, "target"),
        ({"mode": "exec", "target": "web"}, "command"),
        ({"mode": "fly"}, "run or exec"),
        ({"mode": "run"}, "no task definition is named"),
    ],
)
def test_what_is_missing_is_said(use, inputs, said):
    status, output, errors = use(**inputs).run()
    assert status == 125
    assert said in output + errors


@pytest.fixture
def running(use, shared_endpoint):
    """A job whose task runs: (job, name of the task)."""
    name = f"job-{uuid.uuid4()}"
    job = use(task_definition="app", command="echo begun; exec sleep 1000", started_by=name)
    process = job.begin(ACTION["runs"]["steps"][0])
    assert process.stdout.readline() == "begun\n"
    return job, name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_job_stops_its_task(running, shared_endpoint, number):
    job, name = running
    job.process.send_signal(number)
    assert job.end(ACTION["runs"]["steps"][0])[0] == 130
    assert [task["lastStatus"] for task in tasks_named(shared_endpoint, name)] == ["STOPPED"]
    assert job.outputs["outcome"] == "interrupted"


def test_a_second_signal_does_not_leave_the_task(running, shared_endpoint):
    job, name = running
    job.process.send_signal(signal.SIGINT)
    job.process.send_signal(signal.SIGTERM)
    job.end(ACTION["runs"]["steps"][0])
    assert [task["desiredStatus"] for task in tasks_named(shared_endpoint, name)] == ["STOPPED"]


def test_a_killed_step_leaves_no_task(running, shared_endpoint):
    job, name = running
    os.killpg(job.process.pid, signal.SIGKILL)
    job.end(ACTION["runs"]["steps"][0])
    assert [task["lastStatus"] for task in tasks_named(shared_endpoint, name)] == ["RUNNING"]
    last = ACTION["runs"]["steps"][1]
    job.begin(last)
    assert job.end(last)[0] == 0
    wait_until(lambda: [t["lastStatus"] for t in tasks_named(shared_endpoint, name)] == ["STOPPED"], "a stopped task")
    (task,) = tasks_named(shared_endpoint, name)
    assert task["stoppedReason"] == "the job was cancelled"
