"""A container of the simulator: a folder as root file system, entered with bubblewrap."""

import dataclasses
import pathlib

STARTER = "/.exec-agent"


@dataclasses.dataclass(frozen=True)
class Container:
    root: pathlib.Path
    # The static program that stands for the agent inside: tests/agent/starter.c.
    starter: pathlib.Path
    is_read_only: bool = False
    has_proc: bool = True
    environment: tuple = (("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),)

    def enter(self, words, info, status):
        """The command line that runs the words inside, with their terminal as the controlling one."""
        environment = dict(self.environment)
        environment["TERM"] = "xterm-256color"
        environment.setdefault("LANG", "C.UTF-8")
        return [
            "bwrap",
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            *("--info-fd", str(info)),
            *("--ro-bind" if self.is_read_only else "--bind", str(self.root), "/"),
            *(("--proc", "/proc") if self.has_proc else ()),
            *("--dev", "/dev"),
            *("--ro-bind", str(self.starter), STARTER),
            *("--chdir", "/"),
            "--clearenv",
            *(word for name, value in environment.items() for word in ("--setenv", name, value)),
            STARTER,
            str(status),
            *words,
        ]

    @staticmethod
    def prepare(root):
        """Makes the places in a root file system over which enter() mounts."""
        for folder in ("proc", "dev", "tmp"):
            (root / folder).mkdir(exist_ok=True)
        (root / STARTER[1:]).touch()
