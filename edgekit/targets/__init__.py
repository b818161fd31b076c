"""Kinds of targets, one a file. A target answers jobs with runs."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgekit.errors import DeviceError, UsageError
from edgekit.progress import SILENT, Progress
from edgekit.runner.protocol import Job, Run
from edgekit.target import ANY, TargetSpec

TARGETS: dict[str, str] = {
    "desktop": "edgekit.targets.desktop:open_target",
    "android": "edgekit.targets.android:open_target",
    "loopback": "edgekit.targets.loopback:open_target",
}
"""Kind -> module:function(spec, *, serial, pythons) -> Target."""

KINDS_OF_ADB = ("android",)
"""Kinds whose devices the adb program lists."""

DELEGATES_OF: dict[str, tuple[str, ...]] = {
    "desktop": ("cpu", "cpu-default"),
    "loopback": ("cpu", "cpu-default"),
    "android": ("cpu", "cpu-default", "gpu", "nnapi"),
}
"""What `*` as a delegate stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What tells one device at an address from another, and one boot of it from the next; empty: nothing tells."""

    device: str
    boot: str


class Target(Protocol):
    """One place where jobs run. Opened cheaply; nothing is started before `probe` or `run`."""

    spec: TargetSpec

    def probe(self) -> str | None:
        """None: usable; else the sentence that becomes the reason of an `unsupported` row. Raises DeviceError."""

    def identity(self) -> Identity:
        """Which device answers right now: asked before and after every launch of a series. Raises DeviceError."""

    def run(self, job: Job, files: Mapping[str, Path], answer: Path) -> Run:
        """One launch. `files`: job-relative name -> local file. The run's output files are put under `answer`."""

    def close(self) -> None:
        """End what was started; may be called twice."""


def this_computer() -> Identity:
    """The identity of a target whose processes run here."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return Identity(device="this computer", boot=boot)


def open_target(
    spec: TargetSpec,
    *,
    serial: str = "",
    pythons: Mapping[str, str] | None = None,
    progress: Progress = SILENT,
) -> Target:
    """The target of `spec`. `pythons`: runtime -> an interpreter that has it; `progress` shows pushes.

    Raises UsageError for unknown kinds.
    """
    if spec.kind not in TARGETS:
        raise UsageError(
            f"target {spec}: targets of kind {spec.kind} are not part of this version",
            f"kinds that are: {', '.join(TARGETS)}",
        )
    module, _, function = TARGETS[spec.kind].partition(":")
    target: Target = getattr(importlib.import_module(module), function)(
        spec, serial=serial, pythons=pythons or {}, progress=progress
    )
    return target


def expand(specs: Sequence[TargetSpec], serial: str = "") -> tuple[TargetSpec, ...]:
    """`*` as a delegate becomes every delegate of the kind, `*` as an address every attached device.

    `serial` names the one that `*` stands for. Where no device is attached `*` stays, and the target says so.
    """
    expanded: dict[TargetSpec, None] = {}
    for spec in specs:
        delegates = DELEGATES_OF.get(spec.kind, ("cpu",)) if spec.delegate == ANY else (spec.delegate,)
        for address in _addresses(spec, serial):
            for delegate in delegates:
                one = TargetSpec(kind=spec.kind, address=address, delegate=delegate, runtime=spec.runtime)
                expanded[one] = None
    return tuple(expanded)


def _addresses(spec: TargetSpec, serial: str) -> tuple[str, ...]:
    if spec.address != ANY or spec.kind not in KINDS_OF_ADB or serial:
        return (spec.address,)
    from edgekit.device import adb_program

    try:
        attached = tuple(device.serial for device in adb_program.devices())
    except DeviceError:
        attached = ()
    return attached or (ANY,)
