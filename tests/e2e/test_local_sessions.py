"""What ferry local does around ExecuteCommand's sessions: encryption, transcripts, limits, faults, the end of a task."""

import json
import re
import subprocess

import botocore.exceptions
import pytest
from local_endpoint import task_definition, wait_until
from running_service import enterable_task, environment_of, running_tasks

KEY = "alias/sessions"


def exec_configuration(**members):
    return {"executeCommandConfiguration": members}


def configure(endpoint, **members):
    endpoint.ecs.update_cluster(cluster="default", configuration=exec_configuration(**members))


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


@pytest.fixture
def task(shared_endpoint):
    shared_endpoint.set_faults([])
    configure(shared_endpoint, logging="DEFAULT")
    task = enterable_task(shared_endpoint)
    shared_endpoint.wait_for_exec_agent_of(task)
    return task


def open_session(endpoint, task, command):
    return endpoint.ecs.execute_command(task=task, command=command, interactive=True)["session"]


def target_of(endpoint, task):
    container = endpoint.ecs.describe_tasks(tasks=[task])["tasks"][0]["containers"][0]
    return f"ecs:default_{task.rpartition('/')[2]}_{container['runtimeId']}"


def start_client(endpoint, task, session):
    """The session's client: ferry as the plugin, called as the AWS CLI calls it."""
    words = [endpoint.ferry, "session-manager-plugin", json.dumps(session), "us-east-1", "StartSession", "",
             json.dumps({"Target": target_of(endpoint, task)}), endpoint.url]
    return subprocess.Popen(words, env=environment_of(endpoint), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def run_session(endpoint, task, command):
    """(session id, everything printed) of a command's session, served to its end."""
    session = open_session(endpoint, task, command)
    with start_client(endpoint, task, session) as client:
        output = client.communicate(timeout=60)[0].decode()
    return session["sessionId"], output


def logged(endpoint, group, stream):
    events = endpoint.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    return [event["message"] for event in events]


def streams_of(endpoint, group):
    return [stream["logStreamName"] for stream in endpoint.logs.describe_log_streams(logGroupName=group)["logStreams"]]


def test_by_default_a_session_is_logged_where_the_container_logs(shared_endpoint, task):
    session, output = run_session(shared_endpoint, task, "sh -c 'echo first; echo second; printf rest'")
    assert "first\r\nsecond\r\nrest" in output
    assert logged(shared_endpoint, "/app", session) == ["first", "second", "rest"]


def test_an_override_logs_to_the_group_that_it_names(shared_endpoint, task):
    shared_endpoint.logs.create_log_group(logGroupName="/audit")
    configure(shared_endpoint, logging="OVERRIDE", logConfiguration={"cloudWatchLogGroupName": "/audit"})
    session, _ = run_session(shared_endpoint, task, "echo audited")
    assert logged(shared_endpoint, "/audit", session) == ["audited"]
    assert session not in streams_of(shared_endpoint, "/app")


def test_logging_none_logs_nothing(shared_endpoint, task):
    configure(shared_endpoint, logging="NONE")
    session, output = run_session(shared_endpoint, task, "echo secret")
    assert "secret" in output
    assert session not in streams_of(shared_endpoint, "/app")


def test_a_missing_log_group_is_said_and_the_session_goes_on(start_endpoint):
    endpoint = start_endpoint()
    task = enterable_task(endpoint)
    endpoint.wait_for_exec_agent_of(task)
    configure(endpoint, logging="OVERRIDE", logConfiguration={"cloudWatchLogGroupName": "/nowhere"})
    session, output = run_session(endpoint, task, "echo hello")
    assert "hello" in output
    endpoint.process.terminate()
    errors = endpoint.process.communicate(timeout=30)[1].decode()
    assert errors.count(f"session {session} is not logged: there is no log group /nowhere") == 1


def test_an_encrypted_session_is_announced_and_its_log_is_clear_text(shared_endpoint, task):
    configure(shared_endpoint, kmsKeyId=KEY, logging="DEFAULT")
    session, output = run_session(shared_endpoint, task, "sh -c 'echo clear; seq 1 2000 | tail -1'")
    assert "This session is encrypted using AWS KMS." in output
    assert "clear\r\n2000" in output
    assert logged(shared_endpoint, "/app", session) == ["clear", "2000"]


def test_a_client_without_a_key_is_told_why_the_session_ends(shared_endpoint, task):
    configure(shared_endpoint, kmsKeyId=KEY)
    shared_endpoint.set_faults([{"operation": "GenerateDataKey", "error": "AccessDeniedException", "times": 1}])
    session = open_session(shared_endpoint, task, "echo never")
    with start_client(shared_endpoint, task, session) as client:
        output, errors = (stream.decode() for stream in client.communicate(timeout=60))
    assert "never" not in output
    assert "AccessDeniedException" in output + errors
    assert client.returncode != 0
    assert logged(shared_endpoint, "/app", session["sessionId"]) == []


def test_data_keys_open_with_their_context_only(shared_endpoint):
    kms = shared_endpoint.client("kms")
    context = {"aws:ssm:SessionId": "s", "aws:ssm:TargetId": "t"}
    made = kms.generate_data_key(KeyId=KEY, NumberOfBytes=64, EncryptionContext=context)
    assert len(made["Plaintext"]) == 64
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    assert (opened["Plaintext"], opened["KeyId"]) == (made["Plaintext"], made["KeyId"])
    assert kms.describe_key(KeyId=KEY)["KeyMetadata"]["Arn"] == made["KeyId"]
    for wrong in ({}, {**context, "aws:ssm:TargetId": "u"}):
        code, _ = refusal(kms.decrypt, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=wrong)
        assert code == "InvalidCiphertextException"
    changed = made["CiphertextBlob"][:-1] + bytes([made["CiphertextBlob"][-1] ^ 1])
    assert refusal(kms.decrypt, CiphertextBlob=changed, EncryptionContext=context)[0] == "InvalidCiphertextException"
    other = refusal(kms.decrypt, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context, KeyId="alias/other")
    assert other[0] == "IncorrectKeyException"
    assert refusal(kms.generate_data_key, KeyId=KEY)[0] == "ValidationException"


@pytest.mark.parametrize(
    "configuration",
    [
        {"logging": "SOMETIMES"},
        {"logging": "OVERRIDE"},
        {"logging": "NONE", "logConfiguration": {"cloudWatchLogGroupName": "/audit"}},
    ],
)
def test_wrong_exec_configurations_are_refused(endpoint, configuration):
    ecs = endpoint.ecs
    wrong = exec_configuration(**configuration)
    assert refusal(ecs.create_cluster, clusterName="c", configuration=wrong)[0] == "InvalidParameterException"
    assert refusal(ecs.update_cluster, cluster="default", configuration=wrong)[0] == "InvalidParameterException"


def test_the_exec_configuration_is_shown_when_asked_for(endpoint):
    ecs = endpoint.ecs
    assert "configuration" not in ecs.describe_clusters(include=["CONFIGURATIONS"])["clusters"][0]
    wanted = exec_configuration(kmsKeyId=KEY, logging="NONE")
    ecs.update_cluster(cluster="default", configuration=wanted)
    assert "configuration" not in ecs.describe_clusters()["clusters"][0]
    assert ecs.describe_clusters(include=["CONFIGURATIONS"])["clusters"][0]["configuration"] == wanted


def test_an_idle_session_ends_and_gives_its_place_back(start_endpoint):
    endpoint = start_endpoint("--port", "0", "--ephemeral", "--session-idle-timeout", "500ms", "--max-sessions", "1")
    task = enterable_task(endpoint)
    endpoint.wait_for_exec_agent_of(task)
    session = open_session(endpoint, task, "sleep 1000")
    code, message = refusal(endpoint.ecs.execute_command, task=task, command="true", interactive=True)
    assert (code, "maximum session limit of 1" in message) == ("ClientException", True)
    with start_client(endpoint, task, session) as client:
        assert "timed out due to inactivity" in client.communicate(timeout=30)[0].decode()
    assert "free" in run_session(endpoint, task, "echo free")[1]
    endpoint.stop()


def test_a_program_that_is_not_there_ends_the_session_with_the_agents_words(shared_endpoint, task):
    session, output = run_session(shared_endpoint, task, "no-such-program")
    assert f"SessionId: {session} :" in output
    assert 'Unable to start command: Failed to start pty: exec: "no-such-program": executable file not found in $PATH' in output


def test_a_program_that_may_not_be_executed_is_told_as_go_tells_it(shared_endpoint, task):
    _, output = run_session(shared_endpoint, task, "/etc/passwd")
    assert "Unable to start command: Failed to start pty: fork/exec /etc/passwd: permission denied\n" in output


@pytest.mark.parametrize("fate", ["PENDING", "STOPPED"])
def test_a_task_whose_agent_never_runs_cannot_be_entered(endpoint, fate):
    endpoint.set_faults([{"agent": fate}])
    task = enterable_task(endpoint)

    def agent():
        return endpoint.ecs.describe_tasks(tasks=[task])["tasks"][0]["containers"][0]["managedAgents"][0]["lastStatus"]

    assert wait_until(lambda: agent() == fate, f"the agent is {fate}")
    code, message = refusal(endpoint.ecs.execute_command, task=task, command="true", interactive=True)
    assert (code, "execute command agent" in message) == ("InvalidParameterException", True)


def test_a_late_agent_runs_at_last(endpoint):
    endpoint.set_faults([{"agent": "PENDING", "delay_ms": 300, "times": 1}])
    task = enterable_task(endpoint)
    endpoint.wait_for_exec_agent_of(task)
    assert "entered" in run_session(endpoint, task, "echo entered")[1]


def test_a_session_whose_connection_is_cut_is_resumed_without_loss(shared_endpoint, task):
    shared_endpoint.set_faults([{"session": "cut", "after_bytes": 40_000, "times": 2}])
    session, output = run_session(shared_endpoint, task, "seq 1 30000")
    assert f"Exiting session with sessionId: {session}" in output
    assert [int(line) for line in re.findall(r"^(\d+)\r$", output, re.MULTILINE)] == list(range(1, 30001))


@pytest.mark.parametrize("rule, says", [({"agent": "GONE"}, "agent"), ({"session": "cut", "after_bytes": -1}, "after_bytes")])
def test_malformed_faults_of_sessions_are_refused(endpoint, rule, says):
    status, answer = endpoint.control("POST", "faults", {"rules": [rule]})
    assert (status, says in answer["message"]) == (400, True)


def test_a_task_that_stops_ends_its_sessions_and_says_why(endpoint):
    task = enterable_task(endpoint)
    endpoint.wait_for_exec_agent_of(task)
    with start_client(endpoint, task, open_session(endpoint, task, "sh -c 'echo begun; sleep 1000'")) as client:
        assert b"begun\r\n" in iter(client.stdout.readline, b"")
        endpoint.ecs.stop_task(task=task, reason="enough")
        assert "Exiting session" in client.communicate(timeout=60)[0].decode()
    stopped = endpoint.ecs.describe_tasks(tasks=[task])["tasks"][0]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "enough")


def test_a_new_deployment_makes_a_service_enterable(endpoint):
    ecs = endpoint.ecs
    ecs.register_task_definition(**task_definition(family="web", container={"command": ["sleep", "1000000"]}))
    ecs.create_service(serviceName="web", taskDefinition="web", desiredCount=1)
    before = wait_until(lambda: running_tasks(endpoint, serviceName="web"), "the task runs")[0]
    assert refusal(ecs.execute_command, task=before, command="true", interactive=True)[0] == "InvalidParameterException"
    ecs.update_service(service="web", enableExecuteCommand=True, forceNewDeployment=True)
    assert ecs.describe_services(services=["web"])["services"][0]["enableExecuteCommand"] is True
    after = endpoint.wait_for_exec_agent("web")
    assert after != before
    assert "entered" in run_session(endpoint, after, "echo entered")[1]


def test_a_task_definition_is_shown_as_it_was_registered(endpoint):
    registered = {
        "pidMode": "task",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    }
    container = {"linuxParameters": {"initProcessEnabled": True}, "readonlyRootFilesystem": True}
    endpoint.ecs.register_task_definition(**task_definition(container=container, **registered))
    shown = endpoint.ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]
    assert {name: shown[name] for name in registered} == registered
    assert shown["taskRoleArn"] == "arn:aws:iam::123456789012:role/task"
    assert {name: shown["containerDefinitions"][0][name] for name in container} == container
