"""ferry exec over root file systems: every byte of both streams and of the input, whatever the bytes are."""

import random
import subprocess

import pytest
from payloads import ALL, BYTES, TEXTS
from root_file_systems import IMAGES

SEPARATE = [name for name, image in IMAGES.items() if image.tier.has_shell and not image.tier.is_merged]
MERGED = [name for name, image in IMAGES.items() if image.tier.has_shell and image.tier.is_merged]
WITH_INPUT = [name for name, image in IMAGES.items() if image.tier.has_input]
WITHOUT_INPUT = [name for name, image in IMAGES.items() if image.tier.has_shell and not image.tier.has_input]
# Each payload once on each stream, beside another one.
PAIRS = list(zip(ALL, [*list(ALL)[7:], *list(ALL)[:7]], strict=True))
LARGE = {"long_line", "random_200000"}
SMALL_PAIRS = [pair for pair in PAIRS if not LARGE & set(pair)]


def emit(place, image, pair, *flags):
    done = place.run(image, "/probe", "emit", *(f"/payloads/{name}" for name in pair), flags=flags)
    assert done.returncode == 0, done.stderr[-1000:]
    assert done.stdout == ALL[pair[0]]
    assert done.stderr == ALL[pair[1]]


@pytest.mark.parametrize("framing", ["plain", "exact"])
@pytest.mark.parametrize("image", SEPARATE)
def test_both_streams_arrive_to_the_byte(local_images, image, framing):
    for pair in PAIRS:
        emit(local_images, image, pair, "--framing", framing)


@pytest.mark.parametrize("framing", ["plain", "exact"])
@pytest.mark.parametrize("image", ["busybox", "dash", "no_base64", "no_stty"])
def test_both_streams_survive_the_real_agents_quirks(simulated_images, image, framing):
    for pair in SMALL_PAIRS:
        emit(simulated_images, image, pair, "--framing", framing)


@pytest.mark.parametrize("framing", ["plain", "exact"])
def test_large_output_survives_the_real_agents_quirks(simulated_images, framing):
    emit(simulated_images, "busybox", ("long_line", "random_200000"), "--framing", framing)


@pytest.mark.parametrize("image", MERGED)
@pytest.mark.parametrize("name", TEXTS)
def test_text_arrives_to_the_byte_where_streams_are_merged(place, image, name):
    done = place.run(image, "/probe", "emit", f"/payloads/{name}", "/payloads/empty")
    assert (done.returncode, done.stdout) == (0, TEXTS[name])


def merged_survivors():
    """What a terminal without an agent's damage passes, also raw."""
    return [name for name in BYTES if name not in LARGE]


@pytest.mark.parametrize("image", MERGED)
def test_bytes_arrive_at_the_embedded_endpoint_where_streams_are_merged(local_images, image):
    for name in merged_survivors():
        done = local_images.run(image, "/probe", "emit", f"/payloads/{name}", "/payloads/empty")
        assert (done.returncode, done.stdout) == (0, BYTES[name]), name


@pytest.mark.parametrize("image", WITH_INPUT)
def test_input_arrives_to_the_byte_with_its_end(place, image):
    for size in (0, 1, 749, 750, 751, 20_000):
        data = random.Random(size).randbytes(size)
        done = place.run(image, "/probe", "copy", stdin=data)
        assert (done.returncode, done.stdout) == (0, data), (size, done.stderr[-500:])


@pytest.mark.parametrize("image", WITH_INPUT)
def test_large_input_arrives_to_the_byte(local_images, image):
    is_octal = image in ("no_base64", "no_encoder")  # which takes seconds for each megabyte
    data = random.Random(7).randbytes(1 << 18 if is_octal else 1 << 20)
    done = local_images.run(image, "/probe", "copy", stdin=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout == data


def test_a_quarter_megabyte_of_input_survives_the_real_agents_quirks(simulated_images):
    data = random.Random(8).randbytes(1 << 18)
    done = simulated_images.run("busybox", "/probe", "copy", stdin=data)
    assert done.returncode == 0, done.stderr
    assert done.stdout == data


@pytest.mark.parametrize("image", WITH_INPUT)
def test_a_command_need_not_read_all_of_its_input(place, image):
    data = random.Random(9).randbytes(300_000)
    done = place.run(image, "/probe", "take", "100", stdin=data)
    assert (done.returncode, done.stdout) == (0, data[:100]), done.stderr
    assert place.run(image, "/probe", "args", "4", stdin=data).returncode == 4


@pytest.mark.parametrize("image", SEPARATE)
def test_input_is_empty_where_none_is_given(place, image):
    done = place.run(image, "/probe", "copy")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("image", WITHOUT_INPUT)
def test_input_is_refused_where_the_terminal_would_spoil_it(place, image):
    result = place.result(image, "/probe", "args", "0", "started", stdin=b"some input\n")
    assert result.status == 125
    assert result.members["outcome"] == "not_started"
    assert "stty" in result.chatter
    assert "started" not in (result.members["stdout"] or "")


@pytest.mark.parametrize("framing", ["plain", "exact"])
@pytest.mark.parametrize("image", ["busybox", "dash"])
def test_a_session_in_a_session_is_output_like_any_other(simulated_images, simulated_service, image, framing):
    """The bytes of a whole session of ours, frames and all, come through another one."""
    flags = ["--framing", framing]
    assert simulated_images.run(image, "/probe", "args", "9", "inner", flags=flags).returncode == 9
    transcript = bytes(simulated_service.last_session.transcript)
    assert b"\x1e" in transcript
    done = simulated_images.run(image, "/probe", "copy", stdin=transcript, flags=flags)
    assert (done.returncode, done.stdout) == (0, transcript)


def test_both_streams_at_once_keep_their_order(place):
    script = 'i=0; while [ $i -lt 3000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i+1)); done; exit 11'
    done = place.run("dash", "sh", "-c", script)
    assert done.returncode == 11
    assert done.stdout == b"".join(b"out %d\n" % number for number in range(3000))
    assert done.stderr == b"".join(b"err %d\n" % number for number in range(3000))


def test_output_comes_while_the_command_runs(place):
    words = place.command("dash", "sh", "-c", "echo begun; read -r line; echo done", flags=["-i"])
    with subprocess.Popen(words, env=place.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"begun\n"
        process.stdin.write(b"go\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"done\n"
        process.stdin.close()
        assert process.wait(30) == 0
