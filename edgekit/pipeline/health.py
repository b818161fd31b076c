"""What `edgekit doctor` says: packages, runtimes, devices; what each gap stops, and the line that mends it."""

import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edgekit import __version__
from edgekit.errors import DeviceError, UsageError
from edgekit.optional import EXTRA_OF
from edgekit.runner import codec

PACKAGES: dict[str, tuple[str, str]] = {
    "numpy": ("numpy", "measuring on this computer"),
    "ai_edge_litert": ("ai-edge-litert", "measuring on this computer, and parity"),
    "torch": ("torch", "compressing, and desktop:cpu@torch"),
    "torch_pruning": ("torch-pruning", "the step prune"),
    "litert_torch": ("litert-torch", "converting from PyTorch"),
    "litert_quantizer": ("litert-quantizer", "fp16 and int8 files"),
    "sklearn": ("scikit-learn", "the digits of the first recipe"),
    "PIL": ("pillow", "photographs as data"),
    "tensorflow": ("tensorflow", "desktop:cpu@tensorflow in this environment"),
}
"""Import name -> (distribution, what it is for)."""
FOR_RUN = ("numpy", "ai_edge_litert", "torch", "torch_pruning", "litert_torch", "litert_quantizer", "sklearn")
"""Without these `edgekit run recipes/digits-cnn.toml` cannot work."""
OPTIONAL = ("tensorflow",)
"""No recipe that edgekit brings needs these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: `mend` is what to type where state is not ok."""

    subject: str
    state: Literal["ok", "missing", "note"]
    text: str
    mend: str = ""
    needed_for_run: bool = False


def examine(*, serial: str, pythons: Mapping[str, str]) -> tuple[Finding, ...]:
    """Look at everything. Imports no heavy package: a package is there when its metadata is."""
    return (*_program(), *_packages(), *_runtimes(pythons), _android_app(), *_devices(serial))


def _program() -> tuple[Finding, ...]:
    version = platform.python_version()
    tested = "tested on 3.11" if sys.version_info[:2] == (3, 11) else "edgekit is tested on 3.11"
    return (
        Finding(subject="edgekit", state="ok", text=f"{__version__} on {platform.system()} {platform.machine()}"),
        Finding(subject="python", state="ok", text=f"{version} ({tested})"),
    )


def _packages() -> tuple[Finding, ...]:
    findings = []
    for module, (distribution, purpose) in PACKAGES.items():
        needed = module in FOR_RUN
        if importlib.util.find_spec(module) is not None:
            text = f"{_version(distribution)}, for {purpose}"
            findings.append(Finding(subject=distribution, state="ok", text=text, needed_for_run=needed))
        else:
            mend = f"pip install 'edgekit-toolkit[{EXTRA_OF[module]}]'"
            text = f"not installed; stops {purpose}"
            state: Literal["missing", "note"] = "note" if module in OPTIONAL else "missing"
            findings.append(Finding(subject=distribution, state=state, text=text, mend=mend, needed_for_run=needed))
    return tuple(findings)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:  # another distribution brings the module
        return "version unknown"


def _runtimes(pythons: Mapping[str, str]) -> tuple[Finding, ...]:
    from edgekit.target import TargetSpec
    from edgekit.targets import open_target

    findings = []
    for name in ("desktop:cpu", "desktop:cpu@tflite-runtime", "desktop:cpu@tensorflow", "desktop:cuda@torch"):
        kind, _, rest = name.partition(":")
        delegate, _, runtime = rest.partition("@")
        spec = TargetSpec(kind=kind, address="", delegate=delegate, runtime=runtime or "litert")
        target = open_target(spec, pythons=pythons)
        try:
            reason = target.probe()
        finally:
            target.close()
        if reason is None:
            findings.append(Finding(subject=name, state="ok", text="ready"))
        else:
            findings.append(Finding(subject=name, state="note", text=reason))
    return tuple(findings)


def _android_app() -> Finding:
    from edgekit.device.app_apk import find_apk, read_apk
    from edgekit.targets.android_operators import RUNTIME_VERSION

    path = find_apk()
    if path is None:
        text, mend = "no APK on this computer; stops measuring on phones", "edgekit runner build"
        return Finding(subject="android app", state="note", text=text, mend=mend)
    try:
        apk = read_apk(path)
    except UsageError as error:
        return Finding(subject="android app", state="note", text=error.message, mend=error.hint)
    if apk.version != __version__:
        text = f"the APK is of edgekit {apk.version}; stops measuring on phones"
        return Finding(subject="android app", state="note", text=text, mend="edgekit runner build")
    text = f"{apk.version} with TFLite {RUNTIME_VERSION}, for {', '.join(apk.abis)}"
    return Finding(subject="android app", state="ok", text=text)


def _devices(serial: str) -> tuple[Finding, ...]:
    from edgekit.device import adb_program, choose, listing

    findings = [Finding(subject="loopback:0", state="ok", text="ready: the device that edgekit brings along")]
    try:
        devices = listing.list_devices(serial)
        if serial and not devices:
            choose.choose(serial, adb_program.devices())
    except DeviceError as error:
        return (*findings, Finding(subject="devices", state="note", text=error.message, mend=error.hint))
    for device in devices:
        state: Literal["ok", "note"] = "ok" if device.state == "device" else "note"
        findings.append(Finding(subject=device.serial, state=state, text=listing.one_line(device), mend=device.hint))
    if not devices:
        findings.append(Finding(subject="devices", state="note", text="none attached", mend=choose.ATTACH_HINT))
    return tuple(findings)


def exit_code(findings: tuple[Finding, ...]) -> int:
    """3 where a package is missing that `edgekit run` needs, else 0."""
    return 3 if any(finding.state == "missing" and finding.needed_for_run for finding in findings) else 0


def as_json(findings: tuple[Finding, ...]) -> str:
    """The findings as JSON text."""
    return codec.dumps(findings)


def as_text(findings: tuple[Finding, ...]) -> str:
    """One line a finding, and the mending line below it."""
    marks = {"ok": "ok", "missing": "MISSING", "note": "-"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.state]:<8}{finding.subject:<28}{finding.text}")
        if finding.mend:
            lines.append(f"{'':<36}{finding.mend}")
    return "\n".join(lines)
