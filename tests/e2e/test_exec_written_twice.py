"""ferry exec where the agent's own connection breaks after it has written a message of input to the terminal and before it
acknowledged it: the message comes again and is written again, and nothing of it may reach the command twice."""

import random

import pytest

INPUTS = {
    "none": None,
    "empty": b"",
    "line": b"INSERT 1;\n",
    "some": random.Random(7).randbytes(4_000),
}
COMMAND = ["sh", "-c", "cat; echo errors >&2; exit 7"]
# Each write is followed by a break, and so each message is written twice.
EACH = tuple(range(1, 2_000, 2))


def run_once(enter_simulator, simulator, image, stdin, breaks):
    """Runs the command, checks its result, and returns how many writes the agent made."""
    place = enter_simulator(image, breaks_after_writing=breaks)
    done = place.run(image, *COMMAND, stdin=stdin)
    assert done.returncode == 7, done.stderr
    assert done.stdout.replace(b"errors\n", b"") == (stdin or b""), breaks
    assert b"ferry: " not in done.stderr.replace(b"ferry: stdout and stderr come merged", b"")
    return simulator.last_session.inputs_written


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("image", ["dash", "busybox"])
def test_whichever_message_is_written_twice(enter_simulator, simulator, image, name):
    writes = run_once(enter_simulator, simulator, image, INPUTS[name], ())
    assert writes > 5
    for message in range(1, writes + 1):
        again = run_once(enter_simulator, simulator, image, INPUTS[name], (message,))
        # The last message of all (the result has arrived) may find the session over.
        assert again > writes or message == writes


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("image", ["bash", "no_base64", "no_dd"])
def test_where_every_message_is_written_twice(enter_simulator, simulator, image, name):
    writes = run_once(enter_simulator, simulator, image, INPUTS[name], ())
    assert run_once(enter_simulator, simulator, image, INPUTS[name], EACH) > writes
