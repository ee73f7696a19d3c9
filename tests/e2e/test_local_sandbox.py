"""What a task of `ferry local` tries against the machine that it runs on, under an endpoint of root and one of an ordinary user."""

import base64
import contextlib
import errno
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile
import textwrap

import botocore.exceptions
import pytest
from local_endpoint import Endpoint, descendants, task_definition, wait_until

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
PYTHON = "/usr/bin/python3"
KEPT_CAPABILITIES = {
    "chown": 0, "dac_override": 1, "fowner": 3, "fsetid": 4, "kill": 5, "setgid": 6, "setuid": 7, "setpcap": 8,
    "net_bind_service": 10, "sys_chroot": 18, "audit_write": 29, "setfcap": 31,
}  # fmt: skip


def run_as_nobody(ferry, folder):
    """A program that is ferry, but run by an ordinary user."""
    copy = folder / "ferry"
    shutil.copy(ferry, copy)
    os.chown(copy, NOBODY, NOBODY)
    wrapper = folder / "ferry-of-nobody"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(AS_NOBODY)} {copy} "$@"\n')
    wrapper.chmod(0o755)
    return str(wrapper)


@pytest.fixture(scope="module")
def folder():
    """A folder of the host that a container's own /tmp does not cover while it is made."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as path:
        os.chmod(path, 0o755)
        yield pathlib.Path(path)


@pytest.fixture(scope="module", params=["root", "user"])
def endpoint(request, ferry, folder):
    """An endpoint of the user who runs the tests; where that is root, one of an ordinary user as well."""
    is_root = os.geteuid() == 0
    if request.param == "root" and not is_root:
        pytest.skip("the tests are not run by root")
    place = folder / request.param
    (place / "home").mkdir(parents=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(place / "home")}
    environment |= {name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")}
    if is_root and request.param == "user":
        if subprocess.run([*AS_NOBODY, "bwrap", "--unshare-user", "--ro-bind", "/", "/", "true"], capture_output=True).returncode:
            pytest.skip("this machine has no user namespaces for ordinary users")
        ferry = run_as_nobody(ferry, place)
        os.chown(place / "home", NOBODY, NOBODY)
    endpoint = Endpoint(ferry, environment, ("--port", "0", "--ephemeral"))
    endpoint.folder, endpoint.is_of_root = place, request.param == "root"
    yield endpoint
    endpoint.stop()


class Task:
    """A task that runs a script of the shell; its role lets it be entered."""

    def __init__(self, endpoint, script, environment=None, **container):
        self.endpoint = endpoint
        container = {
            "command": ["/bin/sh", "-c", script],
            "environment": [{"name": name, "value": value} for name, value in (environment or {}).items()],
            **container,
        }
        ecs = endpoint.ecs
        definition = ecs.register_task_definition(**task_definition(container=container))["taskDefinition"]
        started = ecs.run_task(taskDefinition=definition["taskDefinitionArn"], enableExecuteCommand=True)
        self.arn = started["tasks"][0]["taskArn"]

    def describe(self):
        return self.endpoint.ecs.describe_tasks(tasks=[self.arn])["tasks"][0]

    def wait_until_stopped(self):
        wait_until(lambda: self.describe()["lastStatus"] == "STOPPED", "the task has stopped")
        return self.describe()

    def output(self):
        """What it wrote, once it has ended."""
        stopped = self.wait_until_stopped()
        assert "exitCode" in stopped["containers"][0], stopped
        stream = f"ecs/app/{self.arn.rpartition('/')[2]}"
        events = self.endpoint.logs.get_log_events(logGroupName="/app", logStreamName=stream, startFromHead=True)["events"]
        return "".join(event["message"] + "\n" for event in events)

    def exec(self, *words):
        self.endpoint.wait_for_exec_agent_of(self.arn)
        done = self.endpoint.run("exec", self.arn, "--", *words)
        return done.stdout + done.stderr

    def open_session(self, command):
        """What a session says whose command the agent itself starts."""
        answer = self.endpoint.ecs.execute_command(task=self.arn, command=command, interactive=True)
        words = [json.dumps(answer["session"]), "us-east-1", "StartSession", "", json.dumps({"Target": "app"}), self.endpoint.url]
        return self.endpoint.run("session-manager-plugin", *words).stdout

    def stop(self):
        self.endpoint.ecs.stop_task(task=self.arn)


@contextlib.contextmanager
def running(endpoint, script="exec sleep 1000", **container):
    task = Task(endpoint, f"trap 'exit 0' TERM; {script}", **container)
    try:
        yield task
    finally:
        task.stop()


@pytest.fixture(params=["command", "exec"])
def inside(request, endpoint):
    """A function that runs a script in a container, as its command or in a session into it, and returns what it wrote."""

    def run(script, **container):
        if request.param == "command":
            return Task(endpoint, script, **container).output()
        with running(endpoint, **container) as task:
            return task.exec("sh", "-c", script)

    return run


def python(program):
    encoded = base64.b64encode(textwrap.dedent(program).encode()).decode()
    return f"{PYTHON} -c 'import base64; exec(base64.b64decode(\"{encoded}\"))' 2>&1"


# ---------------------------------------------------------------- the environment


LIBRARY = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
unsigned la_version(unsigned version) { return version; }
__attribute__((constructor)) static void begin(void) {
  char where[64] = "";
  ssize_t length = readlink("/proc/self/ns/pid", where, sizeof where - 1);
  int mark = open(MARK, O_WRONLY | O_APPEND);
  if (mark >= 0 && length > 0) dprintf(mark, "%s\\n", where);
}
"""


@pytest.fixture
def library(endpoint, tmp_path):
    """A library that writes into a file of the host who loads it, wherever it can; (its path, the file)."""
    mark = endpoint.folder / "mark"
    mark.write_text("")
    mark.chmod(0o666)
    source = tmp_path / "library.c"
    source.write_text(LIBRARY)
    built = endpoint.folder / "library.so"
    command = ["clang-19", "-shared", "-fPIC", "-Os", "-s", f'-DMARK="{mark}"', "-o", str(built), str(source)]
    subprocess.run(command, check=True)
    return built, mark


def processes_of(endpoint, word):
    """The process ids of the endpoint's tasks whose arguments have this word."""
    return [
        pid
        for pid in descendants(endpoint.process.pid)
        if word in pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    ]


def starters_of(endpoint):
    """The process ids of what makes the containers of the endpoint's tasks."""
    below = descendants(endpoint.process.pid)
    return [pid for pid in below if pathlib.Path(f"/proc/{pid}/cmdline").read_text().startswith("ferry-sandbox")]


@pytest.mark.parametrize("variable", ["LD_PRELOAD", "LD_AUDIT"])
def test_a_library_that_the_task_names_is_not_loaded_outside(endpoint, library, variable):
    built, mark = library
    subprocess.run(["true"], env={variable: str(built)}, check=True)
    assert mark.read_text(), "the library works"
    mark.write_text("")
    text = base64.b64encode(built.read_bytes()).decode()
    with running(endpoint, f"echo {text} | base64 -d >/tmp/library.so; exec sleep 1234.5") as keeper:
        wait_until(lambda: processes_of(endpoint, "1234.5"), "the library lies in a task's /tmp")
        path = f"/proc/{processes_of(endpoint, '1234.5')[-1]}/root/tmp/library.so"
        assert pathlib.Path(path).stat().st_size == built.stat().st_size
        for named in (path, str(built)):
            said = Task(endpoint, f'echo "$GREETING ${variable}"', {variable: named, "GREETING": "hello"}).output()
            assert f"hello {named}" in said, "the container itself has its environment"
        with running(endpoint, environment={variable: path, "GREETING": "hello"}) as task:
            assert f"hello {path}" in task.exec("sh", "-c", f'echo "$GREETING ${variable}"')
        keeper.stop()
    assert mark.read_text() == ""


def test_what_starts_a_container_has_an_empty_environment(endpoint):
    variables = {"LD_LIBRARY_PATH": "/tmp", "GLIBC_TUNABLES": "glibc.malloc.check=3", "LOCPATH": "/tmp"}
    with running(endpoint, "exec sleep 1234.75", environment=variables):
        wait_until(lambda: processes_of(endpoint, "1234.75"), "the command runs")
        starters = starters_of(endpoint)
        assert len(starters) >= 2
        assert [pathlib.Path(f"/proc/{pid}/environ").read_bytes() for pid in starters] == [b""] * len(starters)
        arguments = "".join(pathlib.Path(f"/proc/{pid}/cmdline").read_text() for pid in starters)
        assert "glibc.malloc" not in arguments


# ---------------------------------------------------------------- files of the kernel and of the host


def test_no_file_of_the_kernel_can_be_written(inside):
    found = inside(
        "for f in $(find /proc /sys -regex '/proc/\\([0-9]+\\|self\\|thread-self\\|pressure\\)' -prune -o "
        "-type f -perm /222 -writable -print 2>/dev/null); do ( : >>$f ) 2>/dev/null && echo $f; done; echo done"
    )
    # Everyone may open it; who writes there needs a capability.
    assert found.replace("/proc/mtrr\n", "") == "done\n"


def test_settings_of_the_kernel_cannot_be_changed(inside):
    settings = ["kernel/core_pattern", "kernel/modprobe", "vm/overcommit_memory", "net/ipv4/ip_forward"]
    # Opened for writing alone: nothing is changed where that succeeds.
    script = "; ".join(f"( : >>/proc/sys/{name} ) 2>/dev/null && echo {name}" for name in settings)
    assert inside(f"{script}; echo done") == "done\n"


def test_what_tells_of_the_machine_is_masked(inside):
    files = "/proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats"
    folders = "/proc/acpi /proc/scsi /proc/asound /sys/firmware /sys/kernel/debug /sys/kernel/tracing /sys/kernel/security"
    said = inside(f"head -c 20 {files} 2>/dev/null; find {folders} -mindepth 1 2>/dev/null; echo done")
    assert said.strip() == "done"


def test_only_harmless_devices_are_there_and_none_can_be_made(inside):
    said = inside("cd /dev; for f in * pts/*; do [ -c $f -o -b $f ] && echo $f; done | xargs; mknod /tmp/memory c 1 1 2>/dev/null && echo made; echo done")
    devices, rest = said.split("\n", 1)
    terminals = {name for name in devices.split() if name.startswith(("pts/", "std", "ptmx"))}
    assert set(devices.split()) - terminals == {"full", "null", "random", "tty", "urandom", "zero"}
    assert rest == "done\n"
    assert inside("echo lost >/dev/null; head -c 3 /dev/zero | wc -c; cat") .split() == ["3"]


def test_the_hosts_devices_stay_as_they_are(inside):
    before = {name: os.stat(f"/dev/{name}") for name in ("null", "zero", "urandom", "tty")}
    # The sticky bit means nothing for a device: no harm where it can be set.
    script = "for f in null zero urandom tty stdin; do chmod +t /dev/$f; chown 1 /dev/$f; touch -d 2001-01-01 /dev/$f; done 2>/dev/null; echo done"
    try:
        assert inside(script) == "done\n"
        after = {name: os.stat(f"/dev/{name}") for name in before}
    finally:
        for name, status in before.items():
            if os.geteuid() == 0:
                os.chown(f"/dev/{name}", status.st_uid, status.st_gid)
                os.chmod(f"/dev/{name}", stat.S_IMODE(status.st_mode))
    assert [(s.st_mode, s.st_uid, s.st_mtime) for s in after.values()] == [(s.st_mode, s.st_uid, s.st_mtime) for s in before.values()]


OPENER = """
#include <sys/stat.h>
__attribute__((constructor)) static void begin(void) { chmod("/proc/self/exe", 07777); }
"""


def test_the_programs_that_run_a_container_cannot_be_changed(endpoint, ferry, tmp_path):
    """Process 1 shows the container its file; a script that names /proc/self/exe as its interpreter becomes what starts it."""
    (tmp_path / "opener.c").write_text(OPENER)
    opener = tmp_path / "opener.so"
    subprocess.run(["clang-19", "-shared", "-fPIC", "-Os", "-s", "-o", str(opener), str(tmp_path / "opener.c")], check=True)
    text = base64.b64encode(opener.read_bytes()).decode()
    programs = [pathlib.Path(shutil.which("bwrap")), pathlib.Path(ferry), endpoint.folder / "ferry"]
    programs = [path for path in programs if path.exists()]
    before = [path.stat().st_mode for path in programs]
    script = f"echo {text} | base64 -d >/tmp/opener.so; printf '#!/proc/self/exe\\n' >/tmp/x; chmod +x /tmp/x; exec sleep 1000"
    try:
        with running(endpoint, script, environment={"LD_PRELOAD": "/tmp/opener.so"}) as task:
            task.exec("sh", "-c", "chmod 7777 /proc/1/exe")
            assert "no command" in task.open_session("/tmp/x"), "the script became ferry"
        assert [path.stat().st_mode for path in programs] == before
    finally:
        for path, mode in zip(programs, before, strict=True):
            with contextlib.suppress(PermissionError):
                path.chmod(stat.S_IMODE(mode))


@pytest.mark.parametrize("directory", ["/../oldroot{}", "/tmp/../../oldroot{}"])
def test_no_folder_of_the_host_is_made(endpoint, directory):
    made = endpoint.folder / "made-by-a-task"
    Task(endpoint, "pwd", workingDirectory=directory.format(made)).wait_until_stopped()
    assert not made.exists()


def test_a_relative_working_directory_is_refused(endpoint):
    stopped = Task(endpoint, "pwd", workingDirectory="tmp").wait_until_stopped()
    assert "absolute path" in stopped["containers"][0]["reason"]


def test_a_task_reads_the_files_of_the_machine(inside):
    assert inside("cat /etc/passwd") == pathlib.Path("/etc/passwd").read_text()


# ---------------------------------------------------------------- rights


def test_a_task_is_on_the_network_of_the_machine(inside):
    name = f"ferry-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0" + name)
        abstract.listen()
        said = inside(
            python(f"""
                import socket
                socket.create_connection(("127.0.0.1", {listener.getsockname()[1]}))
                socket.socket(socket.AF_UNIX).connect("\\0{name}")
                print("connected")
            """)
        )
        assert said == "connected\n"


@pytest.mark.skipif(not os.access("/opt", os.W_OK), reason="only root has a folder here that containers see")
def test_sockets_in_the_folders_that_it_sees_are_reached_without_an_overlay(endpoint):
    with tempfile.TemporaryDirectory(dir="/opt") as visible, socket.socket(socket.AF_UNIX) as listener:
        os.chmod(visible, 0o755)
        listener.bind(visible + "/socket")
        os.chmod(visible + "/socket", 0o777)
        listener.listen()
        program = f"import socket\ntry:\n  socket.socket(socket.AF_UNIX).connect('{visible}/socket')\n  print('reached')\nexcept OSError: print('refused')"
        said = Task(endpoint, python(program)).output()
    assert said == ("refused\n" if endpoint.is_of_root else "reached\n")


def test_memory_is_not_enforced(endpoint):
    assert Task(endpoint, "head -c 100000000 /dev/zero | tail | wc -c", memory=6).output() == "100000000\n"


def test_a_task_has_the_capabilities_of_ecs_but_for_the_network_and_devices(inside):
    lines = inside("grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):' /proc/self/status").splitlines()
    status = dict(line.split(":\t") for line in lines)
    kept = sum(1 << number for number in KEPT_CAPABILITIES.values())
    assert {name: int(status[f"Cap{name}"], 16) for name in ("Prm", "Eff")} == {"Prm": kept, "Eff": kept}
    assert int(status["CapAmb"], 16) & ~kept == 0
    assert int(status["CapInh"], 16) & ~kept == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_the_network_cannot_be_read_along(inside):
    said = inside(
        python("""
            import socket
            for family, kind, protocol in [(socket.AF_PACKET, socket.SOCK_RAW, 3 << 8), (socket.AF_PACKET, socket.SOCK_DGRAM, 3 << 8),
                                           (socket.AF_INET, socket.SOCK_RAW, 6), (socket.AF_INET6, socket.SOCK_RAW, 6)]:
                try:
                    print("opened", socket.socket(family, kind, protocol))
                except PermissionError:
                    print("refused")
        """)
    )
    assert said.split() == ["refused"] * 4


CALLS = {  # by machine; the newer ones have one number everywhere
    "x86_64": {"syslog": 103, "add_key": 248, "request_key": 249, "keyctl": 250, "perf_event_open": 298, "bpf": 321, "userfaultfd": 323},
    "aarch64": {"syslog": 116, "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241, "bpf": 280, "userfaultfd": 282},
}
NEWER_CALLS = {"io_uring_setup": 425, "clone3": 435}


def test_calls_that_reach_beyond_a_container_are_refused(inside):
    numbers = CALLS[os.uname().machine] | NEWER_CALLS
    said = inside(
        python(f"""
            import ctypes, errno, socket
            libc = ctypes.CDLL(None, use_errno=True)
            for name, number in {numbers!r}.items():
                libc.syscall(number, 10, 0, 0, 0, 0)
                print(name, errno.errorcode.get(ctypes.get_errno()))
            libc.unshare(0x10000000)
            print("unshare", errno.errorcode.get(ctypes.get_errno()))
            try:
                socket.socket(40, socket.SOCK_STREAM, 0)
            except OSError as error:
                print("vsock", errno.errorcode.get(error.errno))
        """)
    )
    expected = {name: "EPERM" for name in [*numbers, "unshare", "vsock"]} | {"clone3": "ENOSYS"}
    assert dict(line.split() for line in said.splitlines()) == expected


# A call of 32-bit x86 from a 64-bit process: its number, and 10 as its first argument.
CALL_OF_32_BIT = """
import ctypes, mmap, sys
code = bytes.fromhex("53b8{}bb0a00000031c931d231f631ffcd805bc3".format(int(sys.argv[1]).to_bytes(4, "little").hex()))
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""
GETPID_OF_32_BIT, KEYCTL_OF_32_BIT = "20", "288"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="this processor has no second set of calls")
def test_the_calls_of_32_bit_programs_are_refused_alike(inside):
    here = subprocess.run([PYTHON, "-c", CALL_OF_32_BIT, GETPID_OF_32_BIT], capture_output=True)
    if here.returncode != 0:
        pytest.skip("this kernel runs no 32-bit programs")
    encoded = base64.b64encode(CALL_OF_32_BIT.encode()).decode()
    begin = f"echo {encoded} | base64 -d >/tmp/call.py; {PYTHON} /tmp/call.py"
    assert int(inside(f"{begin} {GETPID_OF_32_BIT} 2>&1")) > 0
    assert inside(f"{begin} {KEYCTL_OF_32_BIT} 2>&1") == f"{-errno.EPERM}\n"


def test_threads_and_processes_start_as_usual(inside):
    said = inside(
        python("""
            import subprocess, threading
            thread = threading.Thread(target=lambda: print("thread", flush=True))
            thread.start()
            thread.join()
            print(subprocess.run(["echo", "process"], capture_output=True, text=True).stdout)
        """)
    )
    assert said.split() == ["thread", "process"]


# ---------------------------------------------------------------- images


@pytest.fixture
def home(endpoint):
    return endpoint.folder / "home"


def test_an_image_at_in_or_above_a_home_is_refused(endpoint, home):
    (home / "image").mkdir(exist_ok=True)
    link = endpoint.folder / "link"
    if not link.is_symlink():
        link.symlink_to(home)
    for folder in (home, home / "image", endpoint.folder, link, link / "image", home / "image" / ".." / ".."):
        container = Task(endpoint, "true", image=f"rootfs:{folder}").wait_until_stopped()["containers"][0]
        assert "exitCode" not in container, folder
        assert container["reason"].startswith("CannotPullContainerError: ") and str(home) in container["reason"], folder


def test_an_image_beside_the_home_is_not_refused_for_where_it_lies(endpoint):
    image = endpoint.folder / "image"
    image.mkdir(exist_ok=True)
    container = Task(endpoint, "true", image=f"rootfs:{image}").wait_until_stopped()["containers"][0]
    assert "CannotPullContainerError" not in container["reason"], "it is empty, though"


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize(
    "container",
    [
        {"environment": [{"name": "A\0B", "value": "1"}]},
        {"environment": [{"name": "A", "value": "1\0--bind\0/\0/host"}]},
        {"environment": [{"name": "A=B", "value": "1"}]},
        {"environment": [{"name": "", "value": "1"}]},
        {"command": ["echo", "a\0b"]},
        {"entryPoint": ["sh\0"]},
        {"workingDirectory": "/tmp\0--bind\0/\0/host"},
        {"image": "busybox\0"},
        {"dockerLabels": {"a\0": "b"}},
    ],
)
def test_texts_that_the_kernel_would_cut_off_are_refused(endpoint, container):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        endpoint.ecs.register_task_definition(**task_definition(container=container))
    assert caught.value.response["Error"]["Code"] == "ClientException"


@pytest.mark.parametrize(
    "override",
    [
        {"environment": [{"name": "A\0B", "value": "1"}]},
        {"environment": [{"name": "A", "value": "1\0--bind\0/\0/host"}]},
        {"environment": [{"name": "A=B", "value": "1"}]},
        {"command": ["echo", "a\0b"]},
    ],
)
def test_overrides_are_checked_alike(endpoint, override):
    endpoint.ecs.register_task_definition(**task_definition())
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        endpoint.ecs.run_task(taskDefinition="app", overrides={"containerOverrides": [{"name": "app", **override}]})
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_session_with_a_nul_in_its_command_is_refused(endpoint):
    with running(endpoint) as task:
        endpoint.wait_for_exec_agent_of(task.arn)
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            endpoint.ecs.execute_command(task=task.arn, command="echo a\0b", interactive=True)
        assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


# ---------------------------------------------------------------- without a sandbox


def test_the_process_runtime_has_no_sandbox(start_endpoint, tmp_path):
    endpoint = start_endpoint("--port", "0", "--ephemeral", "--runtime", "process", home=tmp_path)
    (tmp_path / "mine").write_text("of the user\n")
    assert Task(endpoint, f"cat {tmp_path}/mine").output() == "of the user\n"
    endpoint.stop()
