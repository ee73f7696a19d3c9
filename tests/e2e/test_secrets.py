"""Keys, tokens and passwords show up nowhere: not in output, not in a result, not in other processes, not in memory."""

import contextlib
import fcntl
import hashlib
import json
import os
import resource
import signal
import socket
import subprocess

import pytest
from fake_identity import FakeIdentity

SECRET_KEY = "thesecretkeyofthetest/0123456789abcdefgh"
SESSION_TOKEN = "thesessiontokenofthetest/0123456789abcdefgh"
OTHER_KEY = "thesecretkeyofanotherprofile/0123456789ab"
PASSWORD = "thepasswordoftheproxy"
LOGIN_TOKEN = "theaccesstokenofthelogin"
SECRETS = [SECRET_KEY, SESSION_TOKEN, OTHER_KEY, PASSWORD, LOGIN_TOKEN]
KEYS = f"aws_access_key_id = AKTEST\naws_secret_access_key = {SECRET_KEY}\naws_session_token = {SESSION_TOKEN}\n"
OTHER_PROFILE = f"[other]\naws_access_key_id = AKOTHER\naws_secret_access_key = {OTHER_KEY}\n"
IN_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKTEST", "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_SESSION_TOKEN": SESSION_TOKEN}


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".aws").mkdir()
    return tmp_path


def environment_at(home, url, **variables):
    return {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true", **variables}


@pytest.fixture
def silent_service():
    """A service that takes a request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener


def url_of(listener):
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def waiting_ferry(ferry, listener, environment, **more):
    """A ferry that has sent its request and waits for the answer."""
    process = subprocess.Popen([ferry, "ps"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    try:
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(65536).startswith(b"POST /")
            yield process
    finally:
        process.kill()
        process.communicate()


def dumps_core(process):
    """Whether the process leaves a core dump when it is told to."""
    process.send_signal(signal.SIGABRT)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -signal.SIGABRT
    assert os.WIFSIGNALED(status)
    return os.WCOREDUMP(status)


def allow_core_dumps():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def test_no_core_dump_is_left(ferry, home, silent_service):
    other = subprocess.Popen(["sleep", "1000"], preexec_fn=allow_core_dumps, cwd=home)
    if not dumps_core(other):
        pytest.skip("this machine makes no core dumps")
    environment = environment_at(home, url_of(silent_service), **IN_ENVIRONMENT)
    with waiting_ferry(ferry, silent_service, environment, preexec_fn=allow_core_dumps, cwd=home) as process:
        assert not dumps_core(process)


def unprivileged():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def can_read(path):
    """Whether another process of the same user, without privileges, can read the file."""
    return subprocess.run(["cat", path], preexec_fn=unprivileged, capture_output=True).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_other_processes_of_the_user_cannot_look_inside(ferry, home, silent_service):
    with subprocess.Popen(["sleep", "1000"], preexec_fn=unprivileged) as other:
        assert can_read(f"/proc/{other.pid}/environ"), "as it is of any program"
        other.kill()
    environment = environment_at(home, url_of(silent_service), **IN_ENVIRONMENT)
    # By its descriptor: that user may not see the folder that it is in.
    with open(ferry, "rb") as program:
        by_descriptor = {"preexec_fn": unprivileged, "pass_fds": [program.fileno()]}
        with waiting_ferry(f"/proc/self/fd/{program.fileno()}", silent_service, environment, **by_descriptor) as process:
            assert not can_read(f"/proc/{process.pid}/environ")
            assert not can_read(f"/proc/{process.pid}/maps")


def copies_in_memory(pid, text):
    copies = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, access, *_ = line.split()
            begin, end = (int(part, 16) for part in span.split("-"))
            if access.startswith("rw") and end - begin < 1 << 30:
                with contextlib.suppress(OSError):
                    memory.seek(begin)
                    copies += memory.read(end - begin).count(text.encode())
    return copies


# Built with them: they would let no process leave a core dump, and keep what is freed as it was.
SANITIZERS = {"ASAN_OPTIONS": "disable_coredump=0:max_free_fill_size=268435456"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read another's memory")
def test_memory_holds_the_keys_in_use_and_no_others(ferry, home, silent_service):
    (home / ".aws/credentials").write_text(f"[default]\n{KEYS}{OTHER_PROFILE}")
    with waiting_ferry(ferry, silent_service, {**environment_at(home, url_of(silent_service)), **SANITIZERS}) as process:
        assert copies_in_memory(process.pid, SECRET_KEY) >= 1
        assert copies_in_memory(process.pid, OTHER_KEY) == 0


CHILD = """#!/bin/sh
{ tr '\\0' '\\n' </proc/self/environ; tr '\\0' '\\n' </proc/$PPID/cmdline; tr '\\0' '\\n' </proc/$$/cmdline; } >HOME/seen
ls /proc/$$/fd >HOME/descriptors
ulimit -c >HOME/limit
cat <<'END'
{"Version": 1, "AccessKeyId": "AKPROCESS", "SecretAccessKey": "s"}
END
"""


def test_a_program_for_credentials_learns_no_secret_and_keeps_its_limits(ferry, home):
    (home / "program").write_text(CHILD.replace("HOME", str(home)))
    (home / "program").chmod(0o755)
    (home / ".aws/credentials").write_text(f"[default]\n{KEYS}{OTHER_PROFILE}")
    (home / ".aws/config").write_text(f"[profile fetched]\ncredential_process = {home}/program\n")
    words = [ferry, "whoami", "--offline", "--profile", "fetched"]
    with (home / "open").open("w") as file:
        inherited = fcntl.fcntl(file, fcntl.F_DUPFD, 77)  # a number that no shell uses
        done = subprocess.run(words, env={**environment_at(home, "http://127.0.0.1:1"), **SANITIZERS}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              preexec_fn=allow_core_dumps, pass_fds=[inherited])  # fmt: skip
        os.close(inherited)
    assert done.returncode == 0 and "AKPROCESS" in done.stdout, done.stderr
    seen = (home / "seen").read_text()
    assert "FERRY_FETCHES_CREDENTIALS" in seen and "whoami" in seen
    assert not [secret for secret in SECRETS if secret in seen]
    descriptors = (home / "descriptors").read_text().split()
    assert {"0", "1", "2"} <= set(descriptors) and str(inherited) not in descriptors
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    assert (home / "limit").read_text().strip() == ("unlimited" if hard == resource.RLIM_INFINITY else str(hard // 1024))


def quoting_service(home):
    """Refuses as AWS does: with the whole request, its session token too."""
    canonical = f"The Canonical String should have been 'POST\\n/\\n\\nx-amz-security-token:{SESSION_TOKEN}\\n'"
    body = json.dumps({"__type": "InvalidSignatureException", "message": canonical})
    return {"answers": {"/": (403, body)}, "variables": IN_ENVIRONMENT}


def with_process(home, script):
    (home / "program").write_text("#!/bin/sh\n" + script)
    (home / "program").chmod(0o755)
    (home / ".aws/config").write_text(f"[default]\ncredential_process = {home}/program\n")
    return {}


def with_login(home):
    (home / ".aws/sso/cache").mkdir(parents=True)
    config = "sso_start_url = https://start\nsso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
    (home / ".aws/config").write_text(f"[default]\n{config}")
    token = {"accessToken": LOGIN_TOKEN, "expiresAt": "2099-01-01T00:00:00Z"}
    (home / f".aws/sso/cache/{hashlib.sha1(b'https://start').hexdigest()}.json").write_text(json.dumps(token))
    return {"variables": {"AWS_ENDPOINT_URL_SSO": "URL"}}


def with_file(home, name, text):
    (home / ".aws" / name).write_text(text)
    return {}


PRINTED = {"Version": 1, "AccessKeyId": "AKPROCESS", "SecretAccessKey": SECRET_KEY, "SessionToken": SESSION_TOKEN}
FAILURES = {
    "a refusal that quotes the token": quoting_service,
    "a program that fails": lambda home: with_process(home, f"echo '{json.dumps(PRINTED)}'; exit 3\n"),
    "a program that prints half of it": lambda home: with_process(home, f"echo '{json.dumps(PRINTED)[:-5]}'\n"),
    "a program with a bad time": lambda home: with_process(home, f"echo '{json.dumps({**PRINTED, 'Expiration': 'soon'})}'\n"),
    "a key with a blank": lambda home: with_file(home, "credentials", f"[default]\n{KEYS} x\n"),
    "a malformed file": lambda home: with_file(home, "credentials", f"[default]\naws_secret_access_key {SECRET_KEY}\n"),
    "a key twice": lambda home: with_file(home, "credentials", f"[default]\n{KEYS}{KEYS}"),
    "a login that is refused": with_login,
    "a proxy that refuses": lambda home: {"variables": {**IN_ENVIRONMENT, "HTTP_PROXY": f"http://me:{PASSWORD}@127.0.0.1:1"}},
    "a proxy's URL that is none": lambda home: {"variables": {**IN_ENVIRONMENT, "HTTP_PROXY": f"http://me:{PASSWORD}@pro xy:1"}},
    "an endpoint with a password": lambda home: {"variables": {**IN_ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://me:{PASSWORD}@127.0.0.1:1"}},
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_shows_no_secret(ferry, home, name):
    case = FAILURES[name](home)
    with FakeIdentity() as service:
        service.answers.update(case.get("answers", {}))
        variables = {key: value.replace("URL", service.url) for key, value in case.get("variables", {}).items()}
        environment = {**environment_at(home, service.url), **variables}
        words = [ferry, "exec", "--result-file", str(home / "result"), "web", "--", "true"]
        done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 125
    assert done.stderr.startswith("ferry: ")
    shown = done.stdout + done.stderr + ((home / "result").read_text() if (home / "result").exists() else "")
    assert not [secret for secret in SECRETS if secret in shown], shown
