"""Root file systems for containers, put together from what is on this machine: each lacks something else."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess

import payloads

SOURCES = pathlib.Path(__file__).parent
COREUTILS = (
    "base64 cat chmod cp cut date dd echo env expr false head id ls md5sum mkdir mkfifo mktemp mv nohup od printenv "
    "printf ps pwd rm rmdir seq sha256sum sleep sort stty tail tee test timeout touch tr true tty uname uniq wc"
).split()
BUSYBOX_LEFT_OUT = {"busybox", "init", "linuxrc"}
PROBE = "/probe"
PAYLOADS = "/payloads"


def compile_static(source, program):
    subprocess.run(["clang-19", "-static", "-O1", "-Wall", "-Werror", "-o", str(program), str(source)], check=True)


@dataclasses.dataclass(frozen=True)
class Tier:
    """What ferry can do with such an image."""

    has_shell: bool = True
    is_merged: bool = False
    has_input: bool = True
    missing: tuple = ()  # tools that a merged or refused result must name


@dataclasses.dataclass(frozen=True)
class Image:
    name: str
    tier: Tier
    shell: str = ""
    tools: tuple = ()
    is_busybox: bool = False
    is_read_only: bool = False


def _without(*tools):
    return tuple(tool for tool in (*COREUTILS, "gzip") if tool not in tools)


IMAGES = {
    image.name: image
    for image in [
        Image("busybox", Tier(), is_busybox=True),
        Image("dash", Tier(), "dash", _without()),
        Image("bash", Tier(), "bash", _without()),
        Image("read_only", Tier(), "dash", _without(), is_read_only=True),
        Image("shell_alone", Tier(is_merged=True, has_input=False, missing=("base64", "dd")), "dash"),
        Image("no_gzip", Tier(), "dash", _without("gzip")),
        Image("no_base64", Tier(), "dash", _without("base64")),
        Image("no_encoder", Tier(is_merged=True, missing=("base64",)), "dash", _without("base64", "od")),
        Image("no_dd", Tier(is_merged=True, missing=("dd",)), "dash", _without("dd")),
        Image("no_stty", Tier(has_input=False, missing=("stty",)), "dash", _without("stty")),
        Image("no_shell", Tier(has_shell=False, is_merged=True, has_input=False)),
    ]
}


def _install(root, programs, name=None):
    """Copies programs of this machine with the libraries they need."""
    sources = [shutil.which(program) for program in programs]
    assert all(sources), f"not all of {programs} are on this machine"
    listed = subprocess.run(["ldd", *sources], capture_output=True, text=True, check=False).stdout
    for library in set(re.findall(r"(/\S+) \(0x", listed)):
        target = root / library[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _link(root, library, target)
    for source in sources:
        _link(root, source, root / "bin" / (name or pathlib.Path(source).name))


def _link(root, source, target):
    """The images share one copy of each file of this machine."""
    copy = root.parent / "files" / str(source).replace("/", "-")
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(source, copy)
    os.link(copy, target)


def _build(image, root, probe):
    for folder in ("bin", "tmp", "proc", "dev", "sys", "etc", "run", "root", "var/tmp"):
        (root / folder).mkdir(parents=True)
    _link(root, probe, root / PROBE[1:])
    if image.is_busybox:
        _install(root, ["busybox"])
        listed = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout
        for applet in set(listed.split()) - BUSYBOX_LEFT_OUT:
            (root / "bin" / applet).symlink_to("busybox")
    if image.shell:
        _install(root, [image.shell], "sh")
    if image.tools:
        _install(root, image.tools)
    (root / PAYLOADS[1:]).mkdir()
    for payload in (root.parent / "payloads").iterdir():
        _link(root, payload, root / PAYLOADS[1:] / payload.name)


def build_all(folder):
    """{name: path} of every image, each with the probe and the payloads."""
    probe = folder / "probe"
    compile_static(SOURCES / "images" / "probe.c", probe)
    (folder / "payloads").mkdir()
    for name, payload in payloads.ALL.items():
        (folder / "payloads" / name).write_bytes(payload)
    roots = {}
    for image in IMAGES.values():
        roots[image.name] = folder / image.name
        _build(image, roots[image.name], probe)
        os.chmod(roots[image.name] / "tmp", 0o1777)
    return roots
