"""The phone: its state, log, packages and processes, as every command gets it."""

from dataclasses import dataclass
from pathlib import Path

from phone.logs import Logs
from phone.packages import Packages
from phone.processes import Processes
from phone.state import State

CHROOT = "/usr/sbin/chroot"
PATH = "/system/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass
class Phone:
    """`root` is the device's / as this process, which is not in it, sees it."""

    root: Path
    state: State
    logs: Logs
    packages: Packages
    processes: Processes
