"""Which task, service and container a word means, and what is said where it means none or several."""

import subprocess

import pytest
from local_endpoint import task_definition
from recording_proxy import RecordingProxy
from running_service import enterable_task, environment_of, running_tasks
from terminal import Terminal


@pytest.fixture
def web(shared_endpoint):
    return enterable_task(shared_endpoint)


@pytest.fixture
def run(shared_endpoint, ferry):
    def run_ferry(*words, **variables):
        return subprocess.run(
            [ferry, *words],
            env={**environment_of(shared_endpoint), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run_ferry


@pytest.fixture
def start(shared_endpoint):
    """start(family, {name: members}) runs a task of these containers until the test is over; its ARN."""
    started = []

    def start_task(family, containers):
        definition = task_definition(family=family, container={"command": ["sleep", "1000000"]})
        model = definition["containerDefinitions"][0]
        definition["containerDefinitions"] = [{**model, "name": name, **members} for name, members in containers.items()]
        shared_endpoint.ecs.register_task_definition(**definition)
        started.append(shared_endpoint.ecs.run_task(taskDefinition=family, enableExecuteCommand=True)["tasks"][0]["taskArn"])
        shared_endpoint.wait_for_exec_agent_of(started[-1])
        return started[-1]

    yield start_task
    for arn in started:
        shared_endpoint.ecs.stop_task(task=arn)


def id_of(arn):
    return arn.rpartition("/")[2]


def refused(done):
    assert done.returncode == 125, (done.returncode, done.stderr)
    return done.stderr


def test_exec_takes_what_ps_prints(web, run):
    shown = next(line.split()[0] for line in run("ps").stdout.splitlines() if id_of(web) in line)
    for target in [shown, f"default/{shown}", f"task/{shown[:5]}"]:
        done = run("exec", target, "--", "echo", target)
        assert (done.returncode, done.stdout) == (0, f"{target}\n"), done.stderr
    assert run("exec", f"elsewhere/{shown}", "--", "true").returncode == 125


@pytest.mark.parametrize("command", ["stop", "wait", "logs", "explain"])
def test_a_word_that_can_be_a_service_is_no_task(web, run, shared_endpoint, command):
    for word in ["web", "default/web", id_of(web)[:7]]:
        assert f"'{word}' names no task" in refused(run(command, word))
    assert web in running_tasks(shared_endpoint, serviceName="web")


def test_stop_takes_eight_digits_or_fewer_behind_task(start, run, shared_endpoint):
    for written in [lambda arn: id_of(arn)[:8], lambda arn: "task/" + id_of(arn)[:6]]:
        arn = start("stopped", {"app": {}})
        done = run("stop", written(arn))
        assert done.returncode == 0, done.stderr
        assert shared_endpoint.ecs.describe_tasks(tasks=[arn])["tasks"][0]["lastStatus"] == "STOPPED"


@pytest.fixture
def twofold(start, shared_endpoint):
    """A task, and a service whose name is the beginning of the task's id: (ARN, that word)."""
    arn = start("twofold", {"app": {}})
    word = id_of(arn)[:8]
    shared_endpoint.ecs.create_service(serviceName=word, taskDefinition="twofold", desiredCount=0)
    yield arn, word
    shared_endpoint.ecs.delete_service(service=word, force=True)


def test_stop_does_not_guess_between_a_task_and_a_service(twofold, run, shared_endpoint):
    arn, word = twofold
    said = refused(run("stop", word))
    assert id_of(arn) in said and f"service {word}" in said and f"task/{word}" in said
    assert arn in running_tasks(shared_endpoint, family="twofold")
    assert run("stop", f"task/{word}").returncode == 0


@pytest.mark.parametrize(("answer", "status"), [("n\r", 125), ("y\r", 0)])
def test_stop_asks_at_a_terminal(twofold, ferry, shared_endpoint, answer, status):
    arn, word = twofold
    with Terminal([ferry, "stop", word], environment_of(shared_endpoint)) as terminal:
        terminal.expect("[y/N]")
        terminal.type(answer)
        assert terminal.wait() == status
    last = shared_endpoint.ecs.describe_tasks(tasks=[arn])["tasks"][0]["lastStatus"]
    assert last == ("STOPPED" if status == 0 else "RUNNING")


AWS = {"aws-guardduty-agent-x1Y2": {"essential": False}, "ecs-service-connect-abc": {}}


def test_containers_of_aws_do_not_get_into_the_way(start, run):
    arn = start("guarded", {"app": {}, **AWS})
    done = run("exec", arn, "--", "echo", "hi")
    assert (done.returncode, done.stdout) == (0, "hi\n"), done.stderr
    assert "container app (put there by AWS: aws-guardduty-agent-x1Y2, ecs-service-connect-abc)" in done.stderr
    assert run("exec", "family/guarded", "--", "echo", "hi").stdout == "hi\n"
    named = run("exec", "--container", "ecs-service-connect-abc", arn, "--", "echo", "in it")
    assert (named.stdout, named.stderr) == ("in it\n", "")
    assert run("logs", arn).returncode in (0, 125)
    assert "several containers" not in run("logs", arn).stderr


def test_choosing_takes_few_calls(start, run, shared_endpoint):
    start("few-calls", {"app": {}, **AWS})
    with RecordingProxy(shared_endpoint) as proxy:
        done = run("exec", "--endpoint-url", proxy.url, "family/few-calls", "--", "true")
        assert done.returncode == 0, done.stderr
        assert proxy.operations == ["ListTasks", "ExecuteCommand", "DescribeTasks", "ExecuteCommand", "DescribeClusters"]
        proxy.operations.clear()
        named = run("exec", "--endpoint-url", proxy.url, "family/few-calls", "--", "true", FERRY_CONTAINER="app")
        assert named.returncode == 0, named.stderr
        assert proxy.operations == ["ListTasks", "ExecuteCommand", "DescribeClusters"]


def test_one_that_is_not_essential_is_not_meant(start, run):
    arn = start("with-metrics", {"metrics": {"essential": False}, "app": {}})
    done = run("exec", arn, "--", "echo", "hi")
    assert (done.returncode, done.stdout) == (0, "hi\n"), done.stderr
    assert "container app (not essential: metrics)" in done.stderr


def test_the_environment_names_the_container(start, run):
    arn = start("two-of-them", {"app": {}, "proxy": {}})
    assert "2 containers: app, proxy" in refused(run("exec", arn, "--", "true"))
    assert run("exec", arn, "--", "echo", "hi", FERRY_CONTAINER="proxy").stdout == "hi\n"
    # The flag wins.
    assert "'db'" in refused(run("exec", "--container", "db", arn, "--", "true", FERRY_CONTAINER="proxy"))
    assert "did you mean proxy?" in refused(run("exec", "--container", "porxy", arn, "--", "true"))


def test_run_and_wait_choose_by_the_same_rule(shared_endpoint, run):
    definition = task_definition(family="job", container={"command": ["sh", "-c", "sleep 0.5; exit 5"]})
    app = definition["containerDefinitions"][0]
    definition["containerDefinitions"] += [{**app, "name": name, "command": ["sh", "-c", "exit 3"], "essential": False} for name in [*AWS, "side"]]
    shared_endpoint.ecs.register_task_definition(**definition)
    done = run("run", "job")
    assert done.returncode == 5, done.stderr
    assert "container app (put there by AWS: aws-guardduty-agent-x1Y2, ecs-service-connect-abc; not essential: side)" in done.stderr
    arn = run("run", "-d", "job").stdout.strip()
    assert run("wait", arn).returncode == 5
    assert run("wait", "--container", "side", arn).returncode == 3
    assert run("wait", arn, FERRY_CONTAINER="side").returncode == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exec", "wbe", "--", "true"], "did you mean web?"),
        (["exec", "--cluster", "defualt", "web", "--", "true"], "did you mean default?"),
        (["exec", "family/wbe", "--", "true"], "did you mean web?"),
        (["run", "wbe"], "did you mean web?"),
        (["run", "--like", "default/wbe"], "did you mean web?"),
        (["run", "--cluster", "defualt", "web"], "did you mean default?"),
        (["ps", "defualt"], "did you mean default?"),
        (["ps", "default/wbe"], "did you mean web?"),
        (["stop", "--cluster", "defualt", "task/0"], "did you mean default?"),
        (["enable-exec", "--yes", "wbe"], "did you mean web?"),
        (["exce", "web"], "did you mean exec?"),
        (["local", "statsu"], "did you mean status?"),
        (["exec", "--contianer", "app", "web"], "did you mean --container?"),
        (["run", "web", "migrate"], "did you mean `ferry run web -- migrate`?"),
        (["run", "web", "rake", "--trace"], "did you mean `ferry run web -- rake --trace`?"),
        (["run", "--like", "default/web", "rake", "db:migrate"], "did you mean `ferry run ... -- rake db:migrate`?"),
        (["exec", "web", "ps", "ax"], "did you mean `ferry exec web -- ps ax`?"),
    ],
)
def test_the_nearest_thing_that_exists_is_named(web, run, words, said):
    assert said in refused(run(*words))


def test_a_task_that_is_not_there_gets_the_nearest_one(web, run):
    whole = id_of(web)
    wrong = whole[:-1] + ("0" if whole[-1] != "0" else "1")
    for words in [["exec", wrong, "--", "true"], ["wait", wrong], ["stop", wrong]]:
        assert f"did you mean {whole}?" in refused(run(*words)), words


def test_the_doctor_names_the_nearest_thing(web, run):
    done = run("doctor", "wbe")
    assert done.returncode == 1
    assert "did you mean web?" in done.stdout
    assert "did you mean default?" in run("doctor", "--cluster", "defualt", "web").stdout


def test_without_the_right_to_list_there_is_only_no_suggestion(endpoint, ferry):
    enterable_task(endpoint)
    endpoint.set_faults([{"operation": "ListServices", "error": "AccessDeniedException", "message": "no"}])
    done = endpoint.run("exec", "wbe", "--", "true")
    assert done.returncode == 125
    assert "wbe" in done.stderr and "did you mean" not in done.stderr and "ListServices" not in done.stderr
