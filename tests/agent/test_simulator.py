"""The simulator through its front door, as a client meets it: the quirks are there, and can be turned off."""

import contextlib
import json
import time
import urllib.error
import urllib.request

import pytest
import websockets.exceptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.sync.client import connect

from agent import message
from agent.quirks import Quirks

PATIENCE_S = 20


@pytest.fixture(scope="module")
def dash(simulated_image):
    return simulated_image("dash")


def call(service, operation, **members):
    request = urllib.request.Request(
        service.url, json.dumps(members).encode(), {"X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


class Client:
    """A client that does no more than it is told to."""

    def __init__(self, url, token):
        self._open = contextlib.ExitStack()
        self._connection = self._open.enter_context(connect(url, compression=None, max_size=None, proxy=None))
        self._connection.send(json.dumps({"MessageSchemaVersion": "1.0", "RequestId": "r", "TokenValue": token}))
        self._sequence = 0

    def send(self, payload, payload_type=message.OUTPUT_DATA):
        self._connection.send(message.Message(message.INPUT, payload, self._sequence, 0, payload_type).encode())
        self._sequence += 1

    def receive(self, acknowledges=True):
        came = message.decode(self._connection.recv(PATIENCE_S))
        if acknowledges and came.type == message.OUTPUT:
            self._connection.send(message.acknowledgement(came).encode())
        return came

    def output(self, acknowledges=True):
        """(everything in order, channel_closed's Output)."""
        pieces = {}
        while (came := self.receive(acknowledges)).type != message.CLOSED:
            if came.type == message.OUTPUT:
                pieces[came.sequence] = came.payload
        return b"".join(pieces[number] for number in sorted(pieces)), json.loads(came.payload)["Output"]

    def close(self):
        self._open.close()


@pytest.fixture
def enter(simulator, dash):
    """enter(command, **quirks) gives (service, session description, client)."""
    with contextlib.ExitStack() as stack:

        def open_session(command, **quirks):
            task = simulator.add_task("web", dash, Quirks(**quirks))
            session = call(simulator, "ExecuteCommand", task=task, interactive=True, command=command)["session"]
            stack.callback(call, simulator, "TerminateSession", SessionId=session["sessionId"])
            client = Client(session["streamUrl"], session["tokenValue"])
            stack.callback(client.close)
            return session, client

        yield open_session


def test_a_command_runs_on_a_cooked_terminal_of_no_size_without_a_shell(enter):
    _, client = enter("""sh -c 'stty size; tty; echo "$TERM $LANG ${HOME-none} $0 $@"' 'a  b' $X #comment""")
    output, text = client.output()
    assert output.splitlines()[0] == b"0 0"
    assert output.splitlines()[2] == b"xterm-256color C.UTF-8 none a  b $X"
    assert output.endswith(b"\r\n")
    assert text == ""


def test_early_input_is_acknowledged_and_forgotten(enter):
    _, client = enter("sh -c 'read -r line; echo \"got $line\"'", first_read_after_s=0.2)
    client.send(b"early\n")
    came = client.receive()
    assert came.type == message.ACKNOWLEDGE
    assert json.loads(came.payload)["AcknowledgedMessageSequenceNumber"] == 0
    # Nothing was shown, so the session takes input at no time: the person who typed early waits for ever.
    client.send(b"too\n")
    assert client.receive().type == message.ACKNOWLEDGE


def test_late_input_is_echoed_and_reaches_the_command(enter):
    _, client = enter("sh -c 'echo ready; read -r line; echo \"got $line\"'")
    assert client.receive().payload == b"ready\r\n"
    client.send(b"hi\n")
    assert client.output()[0] == b"hi\r\ngot hi\r\n"


def test_what_is_not_acknowledged_is_sent_again_and_lost_in_the_end(enter):
    begin = time.monotonic()
    session, client = enter("echo once", end_window_s=0.8)
    came = [client.receive(acknowledges=False) for _ in range(3)]
    assert [(one.type, one.sequence, one.payload) for one in came] == [(message.OUTPUT, 0, b"once\r\n")] * 3
    assert client.output(acknowledges=False)[1] == ""
    assert time.monotonic() - begin >= 0.8


def test_a_command_that_is_not_there_is_told_only_at_the_close(enter):
    _, client = enter("no-such-command")
    output, text = client.output()
    assert output == b""
    assert 'exec: "no-such-command": executable file not found in $PATH' in text


HEAD = "\n----------ERROR-------\nUnable to start command: "


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("nope", HEAD + 'Failed to start pty: exec: "nope": executable file not found in $PATH\n\n'),
        ("/no/such", HEAD + "Failed to start pty: fork/exec /no/such: no such file or directory\n\n"),
        ("/etc", HEAD + "Failed to start pty: fork/exec /etc: permission denied\n\n"),
        ("echo 'open", HEAD + "Failed to parse commands input: EOF found when expecting closing quote\n\n"),
        ("# nothing", "Commands cannot be empty for session type InteractiveCommands"),
    ],
)
def test_the_agents_words_for_a_command_that_does_not_start(enter, command, words):
    _, client = enter(command)
    assert client.output() == (b"", words)


def test_a_third_session_is_refused(simulator, dash):
    task = simulator.add_task("limited", dash, Quirks())
    opened = [call(simulator, "ExecuteCommand", task=task, interactive=True, command="sleep 60") for _ in range(3)]
    assert "maximum session limit of 2" in opened[2]["message"]
    for answer in opened[:2]:
        call(simulator, "TerminateSession", SessionId=answer["session"]["sessionId"])


def test_a_broken_connection_goes_on_with_a_fresh_token(simulator, enter):
    session, client = enter("sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done'", cuts=(1,))
    assert client.receive().payload == b"1\r\n"
    with pytest.raises(websockets.exceptions.ConnectionClosed):
        client.output()
    resumed = call(simulator, "ResumeSession", SessionId=session["sessionId"])
    again = Client(resumed["StreamUrl"], resumed["TokenValue"])
    assert again.output()[0].endswith(b"2\r\n3\r\n")
    again.close()


def test_an_old_token_opens_nothing(enter):
    session, _ = enter("sleep 60")
    with contextlib.closing(Client(session["streamUrl"], session["tokenValue"])) as second:
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            second.receive()


def test_a_silent_session_ends(enter):
    _, client = enter("sleep 60", idle_limit_s=0.3)
    assert client.output() == (b"", "")


def test_what_is_lost_on_the_way_is_sent_again(simulator, enter):
    _, client = enter("sh -c 'seq 1 1000'", data_loss=0.4, acknowledgement_loss=0.2, end_window_s=PATIENCE_S)
    whole = "".join(f"{number}\r\n" for number in range(1, 1001)).encode()
    assert client.output() == (whole, "")
    assert simulator.last_session.resent > 0


def signed(url, secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region="us-east-1", service="ssmmessages"):
    request = AWSRequest(method="GET", url=url.replace("ws://", "http://"))
    SigV4Auth(Credentials("AKIDEXAMPLE", secret), service, region).add_auth(request)
    return dict(request.headers.items())


@pytest.mark.parametrize(
    "wrong", [{"secret": "other"}, {"region": "eu-west-1"}, {"service": "ssm"}], ids=["secret", "region", "service"]
)
def test_a_signature_is_checked_where_there_is_one(enter, wrong):
    session, _ = enter("sleep 60")
    url = session["streamUrl"]
    with connect(url, additional_headers=signed(url), proxy=None):
        pass
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        connect(url, additional_headers=signed(url, **wrong), proxy=None)
    assert refused.value.response.status_code == 403


def test_a_signature_is_there_where_it_is_wanted(simulator, enter):
    session, _ = enter("sleep 60")
    simulator.requires_signed_channels = True
    try:
        with pytest.raises(websockets.exceptions.InvalidStatus):
            connect(session["streamUrl"], proxy=None)
    finally:
        simulator.requires_signed_channels = False
