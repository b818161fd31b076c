"""An Android device: the runner app is installed when it differs, and every launch is a fresh process of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgekit import __version__
from edgekit.device.adb import Adb, quoted
from edgekit.device.app_apk import Apk, find_apk, read_apk
from edgekit.device.choose import connect
from edgekit.device.listing import Device, describe
from edgekit.device.parse import cpu_count, getprop_output, printable
from edgekit.errors import DeviceError, UsageError
from edgekit.progress import SILENT, Progress
from edgekit.runner.protocol import Case, CaseResult, Environment, Job, Run, Threads
from edgekit.target import TargetSpec
from edgekit.targets import Identity
from edgekit.targets.android_app import RunnerApp
from edgekit.targets.android_operators import RUNTIME_VERSION, OperatorCheck

DELEGATES = ("cpu", "cpu-default", "gpu", "nnapi")
LEAST_SDK = 26
NO_APK = "there is no APK of the app on this computer"
BUILD = "edgekit runner build"


def open_target(
    spec: TargetSpec,
    *,
    serial: str = "",
    pythons: Mapping[str, str] | None = None,
    progress: Progress = SILENT,
) -> "Android":
    """`serial`: which device where the target's address is `*`."""
    return Android(spec, serial, progress)


class Android:
    """Target over the user's adb program, or an address directly."""

    def __init__(self, spec: TargetSpec, serial: str, progress: Progress = SILENT) -> None:
        self.spec = spec
        self._serial = serial
        self._progress = progress
        self._adb: Adb | None = None
        self._device: Device | None = None
        self._app: RunnerApp | None = None
        self._operators = OperatorCheck()

    def adb(self) -> Adb:
        """The device; raises DeviceError kinds that say why there is none."""
        if self._adb is None:
            self._adb = connect(self.spec.address, self._serial)
        return self._adb

    def probe(self) -> str | None:
        if self.spec.runtime != "litert":
            return f"the Android app has no runtime {self.spec.runtime}: it brings TFLite, which is called litert"
        if self.spec.delegate not in DELEGATES:
            return f"the Android app has no delegate {self.spec.delegate}"
        device = self._described()
        path = find_apk()
        if (problem := too_old(device)) is not None:
            return problem
        if path is None:
            return f"{NO_APK}: {BUILD}"
        try:
            return does_not_fit(read_apk(path), device)
        except UsageError as error:
            return f"{error.message}: {BUILD}"

    def identity(self) -> Identity:
        """The boot's random number tells boots apart, and so devices; serial number and build say which it is."""
        properties = getprop_output(self.adb().shell("getprop").text)
        names = ("ro.product.model", "ro.serialno", "ro.boot.serialno", "ro.build.fingerprint")
        boot = self.adb().shell(quoted("cat", "/proc/sys/kernel/random/boot_id"))
        return Identity(
            device=" ".join(properties[name] for name in names if properties.get(name)),
            boot=printable(boot.text.strip())[:80] if boot.exit_code == 0 else "",
        )

    def _described(self) -> Device:
        if self._device is None:
            self._device = describe(self.adb())
        return self._device

    def _opened(self) -> RunnerApp:
        if self._app is None:
            path = find_apk()
            if path is None:
                raise DeviceError(NO_APK, BUILD, serial=self._serial)
            self._app = RunnerApp(self.adb(), read_apk(path), self._progress)
        return self._app

    def run(self, job: Job, files: Mapping[str, Path], answer: Path) -> Run:
        """Cases whose operators the app's runtime cannot build are answered here, before any push."""
        reasons = {case.id: self._operators.refusal(case, files) for case in job.cases}
        refused = {case.id: _unsupported(case, reasons[case.id]) for case in job.cases if reasons[case.id]}
        asked = tuple(case for case in job.cases if case.id not in refused)
        if not asked:
            return Run(job=job.id, environment=self._environment(), cases=tuple(refused.values()))
        wanted = {case.artifact.file for case in asked} | {data.data.file for case in asked for data in case.inputs}
        sent = {name: local for name, local in files.items() if name in wanted}
        run = self._opened().run(replace(job, cases=asked), sent, answer)
        answered = {case.id: case for case in run.cases} | refused
        environment = replace(run.environment, emulator=run.environment.emulator or self._described().emulator)
        return replace(run, environment=environment, cases=tuple(answered[case.id] for case in job.cases))

    def _environment(self) -> Environment:
        """Where the cases that were refused here would have run."""
        device = self._described()
        present = self.adb().shell(quoted("cat", "/sys/devices/system/cpu/present")).text
        return Environment(
            runner="android",
            runner_version=__version__,
            context="app",
            runtime=self.spec.runtime,
            runtime_version=RUNTIME_VERSION,
            system=f"Android {device.android} (SDK {device.sdk})",
            machine=device.abis[0] if device.abis else "",
            cpu=device.soc or "",
            cores=cpu_count(present) or 1,
            page_bytes=device.page_bytes or 4096,
            device=" ".join(part for part in (device.maker, device.model) if part),
            emulator=device.emulator,
        )

    def close(self) -> None:
        app, adb = self._app, self._adb
        self._app, self._adb = None, None
        try:
            if app is not None:
                app.close()
        finally:
            if adb is not None:
                adb.close()


def too_old(device: Device) -> str | None:
    """Why the app cannot run on this Android, or None."""
    if device.sdk is None:
        return "this device does not say which Android it runs (getprop ro.build.version.sdk)"
    if device.sdk < LEAST_SDK:
        return (
            f"Android {device.android} (SDK {device.sdk}) is too old for the app: Android 8 (SDK {LEAST_SDK}) or later"
        )
    return None


def does_not_fit(apk: Apk, device: Device) -> str | None:
    """Why this APK cannot run on this device, or None."""
    if apk.version != __version__:
        return f"the app's APK here is of edgekit {apk.version}, this is {__version__}: {BUILD}"
    fitting = [abi for abi in device.abis if abi in apk.abis]
    if not fitting:
        listed = ", ".join(device.abis) or "an ABI that it does not name"
        return f"this device runs {listed}; the app is built for {', '.join(apk.abis) or 'none'}"
    largest = apk.page_bytes[fitting[0]]
    if device.page_bytes is not None and device.page_bytes > largest:
        return (
            f"this device has {device.page_bytes // 1024} KB memory pages; the app's TFLite {RUNTIME_VERSION} is built "
            f"for {largest // 1024} KB: its libraries do not load"
        )
    return None


def _unsupported(case: Case, reason: str) -> CaseResult:
    return CaseResult(id=case.id, status="unsupported", reason=reason, threads=Threads(asked=case.threads))
