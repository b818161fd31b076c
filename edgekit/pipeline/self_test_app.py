"""Checks of a self-test that run the app: how it starts, how files reach it, how answers come back, what runs."""

import contextlib
import hashlib
import io
import json
import struct
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from edgekit import __version__
from edgekit.device.adb import push_verified, quoted
from edgekit.device.app_apk import APP, Apk
from edgekit.device.app_ends import exit_info, process_ids
from edgekit.device.app_install import ensure_installed, installed_app
from edgekit.device.app_instrument import BadParts, assembled, check_whole
from edgekit.errors import DeviceError
from edgekit.pipeline.self_test_record import Check, Recorder, Seen, checked
from edgekit.runner.protocol import Case, Delegate, FileRef, InputData, Job, Run, SamplePlan, Warmup
from edgekit.targets import android_launch
from edgekit.targets.adb_target import JOB_FOLDER
from edgekit.targets.android_app import EXTERNAL_JOB, RunnerApp
from edgekit.targets.android_launch import Outcome

SAMPLE = Path(__file__).with_name("sample")
"""A small float model, five inputs of it, and their outputs as the desktop's LiteRT computes them."""
SHAPE = (1, 4, 4, 1)
COUNT = 5
LAUNCH_SECONDS = 60.0
_TOLERANCE = {"cpu": 1e-5, "cpu-default": 1e-5}
_LOOSE = 1e-2
"""Of delegates that may compute in half precision."""
_MAX_PROBE = 4 << 20


class AppChecks:
    """The checks in their order. `probe`: what the app itself found, for the file."""

    def __init__(self, adb: Recorder, apk: Apk) -> None:
        self.adb, self.apk = adb, apk
        self.app = RunnerApp(adb, apk)
        self.probe: Any = None
        self.runs: dict[str, Run] = {}
        self._outcome: Outcome | None = None
        self._job = _nothing_asked()
        self._content = hashlib.sha256(b"edgekit").digest() * 64

    def checks(self) -> tuple[tuple[str, Callable[[], Check]], ...]:
        """(name, check) in their order."""
        listed: list[tuple[str, str, Callable[[], Seen], bool]] = [
            ("install", "pm install takes the APK; its file can be read and is the same", self._install, True),
            ("am instrument", "it starts the app, which answers", self._instrument, False),
            ("result bundle", "the answer comes back in am instrument's output", self._bundle, False),
            ("run-as", "the answer can be read out of the app's own folder", self._run_as, False),
            ("shared storage out", "the answer can be pulled from the app's shared folder", self._shared, False),
            ("files in", f"the app reads {JOB_FOLDER}", self._files_in, False),
            ("shared storage in", f"the app reads {EXTERNAL_JOB}", self._shared_in, False),
            ("am start", "it starts the app too, which leaves its marker and answer", self._start, False),
            ("log", "logcat shows the app's own lines by its process number", self._log, False),
            ("end of a process", "force-stop ends it, and Android 11 remembers how", self._end, False),
        ]
        for name, delegate, threads in (
            ("model on cpu", "cpu", 1),
            ("model on cpu, 2 threads", "cpu", 2),
            ("model on cpu-default", "cpu-default", 1),
            ("model on gpu", "gpu", 1),
            ("model on nnapi", "nnapi", 1),
        ):
            listed.append((name, _expected(delegate), self._model(name, delegate, threads), name == "model on cpu"))
        listed.append(("threads", "2 threads on cpu are one more than 1", self._threads, False))
        return tuple((name, self._one(name, expected, look, essential)) for name, expected, look, essential in listed)

    def close(self) -> None:
        """Settings back, the app stopped, its answers and the probe's files removed; may be called twice."""
        self.app.close()
        android_launch.remove_answers(self.adb)
        with contextlib.suppress(DeviceError):
            for folder in (JOB_FOLDER, EXTERNAL_JOB):
                self.adb.shell(quoted("rm", "-f", f"{folder}/probe.bin", f"{folder}/probe.tflite"))

    def _one(self, name: str, expected: str, look: Callable[[], Seen], essential: bool) -> Callable[[], Check]:
        return lambda: checked(self.adb, name, expected, look, essential=essential)

    def _install(self) -> Seen:
        done = ensure_installed(self.adb, self.apk)
        found = installed_app(self.adb)
        if found is None:
            return "failed", "pm path does not name it after the install"
        seen = f"{'installed' if done else 'there already'}, version {found.version}, {found.path}"
        self.app.prepare()
        return ("ok", seen) if found.sha256 == self.apk.sha256 else ("differs", f"{seen}; its sha256 is {found.sha256}")

    def _probed(self, folder: str, job: Job) -> Outcome:
        for name, content in (("probe.bin", self._content), ("probe.tflite", (SAMPLE / "model.tflite").read_bytes())):
            with tempfile.TemporaryDirectory() as temporary:
                local = Path(temporary) / name
                local.write_bytes(content)
                push_verified(self.adb, local, f"{folder}/{name}")
        if folder == JOB_FOLDER:
            self.adb.shell(quoted("chmod", "-R", "a+rX", folder))
        return android_launch.launch(self.adb, job, folder, LAUNCH_SECONDS, "probe")

    def _instrument(self) -> Seen:
        self._outcome = self._probed(JOB_FOLDER, self._job)
        if self._outcome.state != "done":
            return "failed", f"{self._outcome.kind}: {self._outcome.sentence}"
        self.probe = _probe_of(android_launch.fetch(self.adb, self._job, self._outcome.told))
        if self._outcome.told.result:
            return "ok", f"{len(self._outcome.told.parts)} parts"
        return "differs", "it did not answer through am instrument: the marker said that it was done"

    def _bundle(self) -> Seen:
        return self._way(lambda outcome: assembled(outcome.told))

    def _run_as(self) -> Seen:
        return self._way(lambda _: android_launch.by_run_as(self.adb, self._job.id))

    def _shared(self) -> Seen:
        return self._way(lambda _: android_launch.by_pull(self.adb, self._job.id))

    def _way(self, way: Callable[[Outcome], bytes]) -> Seen:
        if self._outcome is None or self._outcome.state != "done":
            return "failed", "there is no answer to fetch"
        try:
            content = way(self._outcome)
            check_whole(content, self._outcome.told.result)
        except BadParts as error:
            return "differs", str(error)
        except DeviceError as error:
            if isinstance(error, android_launch.LOST):
                raise
            return "differs", error.message
        return "ok", f"{len(content)} bytes"

    def _files_in(self) -> Seen:
        return ("failed", "the app did not answer") if self.probe is None else self._reads(self.probe)

    def _shared_in(self) -> Seen:
        job = _nothing_asked()
        outcome = self._probed(EXTERNAL_JOB, job)
        if outcome.state != "done":
            return "differs", f"{outcome.kind}: {outcome.sentence}"
        return self._reads(_probe_of(android_launch.fetch(self.adb, job, outcome.told)))

    def _reads(self, probe: Any) -> Seen:
        read = probe.get("folder") if isinstance(probe, dict) else None
        if not isinstance(read, dict):
            return "failed", "probe.json says nothing of the folder"
        if read.get("sha256") == hashlib.sha256(self._content).hexdigest():
            return "ok", "it does"
        return "differs", f"it does not: {read.get('reason') or 'other bytes'}"

    def _start(self) -> Seen:
        job = _nothing_asked()
        outcome = android_launch.launch_activity(self.adb, job, JOB_FOLDER, LAUNCH_SECONDS, "not tried", "probe")
        if outcome.state != "done":
            return "differs", f"{outcome.kind}: {outcome.sentence}"
        return "ok", f"{len(android_launch.fetch(self.adb, job, outcome.told))} bytes of answer"

    def _log(self) -> Seen:
        found = android_launch.read_marker(self.adb)
        if found is None:
            return "failed", "there is no marker that names the process"
        said = self.adb.shell(quoted("logcat", "-d", "-b", "crash,main", "-t", "400", f"--pid={found.pid}"))
        lines = [line for line in said.text.splitlines() if line and not line.startswith("---")]
        return ("ok" if said.exit_code == 0 and lines else "differs"), f"{len(lines)} lines of process {found.pid}"

    def _end(self) -> Seen:
        found = android_launch.read_marker(self.adb)
        self.adb.shell(quoted("am", "force-stop", APP))
        alive = process_ids(self.adb.shell(quoted("pidof", APP)).text)
        if alive:
            return "differs", f"it runs on as {alive}"
        text = self.adb.shell(quoted("dumpsys", "activity", "exit-info", APP)).text
        ended = exit_info(text, found.pid) if found is not None else None
        return ("differs", "nothing is remembered") if ended is None else ("ok", f"reason {ended.reason}")

    def _model(self, name: str, delegate: str, threads: int) -> Callable[[], Seen]:
        def look() -> Seen:
            with tempfile.TemporaryDirectory() as temporary:
                job, files = sample_job(delegate, threads)
                run = self.app.run(job, files, Path(temporary))
                self.runs[name] = run
                return _judged(run, delegate, Path(temporary))

        return look

    def _threads(self) -> Seen:
        one, two = (self.runs.get(name) for name in ("model on cpu", "model on cpu, 2 threads"))
        if one is None or two is None:
            return "failed", "the two runs are not there"
        seen = [run.cases[0].threads for run in (one, two)]
        text = ", ".join(f"{item.asked} asked: {item.seen_before} before, {item.seen_after} after" for item in seen)
        made = [None if t.seen_after is None or t.seen_before is None else t.seen_after - t.seen_before for t in seen]
        fits = made[0] is not None and made[1] is not None and made[1] > made[0]
        return ("ok" if fits else "differs"), text


def _expected(delegate: str) -> str:
    if delegate in _TOLERANCE:
        return "it runs, with the outputs of the desktop"
    return "it runs with nearly the outputs of the desktop, or says that it is unsupported or fell back"


def _nothing_asked() -> Job:
    return Job(id=uuid.uuid4().hex[:12], edgekit=__version__, cases=())


def sample_job(delegate: str, threads: int) -> tuple[Job, Mapping[str, Path]]:
    """The sample on a delegate: all outputs, and a few timed invocations."""
    model, inputs = SAMPLE / "model.tflite", SAMPLE / "inputs.bin"
    data = InputData(name="image", data=_reference(inputs, "inputs"), dtype="float32", shape=SHAPE, count=COUNT)
    case = Case(
        id="c0",
        artifact=_reference(model, "models"),
        delegate=cast(Delegate, delegate),
        threads=threads,
        inputs=(data,),
        warmup=Warmup(min_runs=10, min_ns=0, in_a_row=5, max_ns=500_000_000),
        samples=SamplePlan(min_runs=64, min_ns=0, max_runs=64, max_ns=2_000_000_000),
        outputs="all",
        limit_ns=30_000_000_000,
    )
    job = Job(id=uuid.uuid4().hex[:12], edgekit=__version__, cases=(case,))
    return job, {case.artifact.file: model, data.data.file: inputs}


def _reference(path: Path, folder: str) -> FileRef:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return FileRef(file=f"{folder}/{digest[:16]}{path.suffix}", sha256=digest, size_bytes=len(content))


def _judged(run: Run, delegate: str, answer: Path) -> Seen:
    result = run.cases[0]
    if result.status in ("unsupported", "fell back") and delegate not in _TOLERANCE:
        return "ok", result.reason if result.reason.startswith(result.status) else f"{result.status}: {result.reason}"
    if result.status != "ok":
        return "failed", f"{result.status}: {result.reason}"
    data = result.outputs[0].data if result.outputs else None
    expected = (SAMPLE / "outputs.bin").read_bytes()
    content = (answer / data.file).read_bytes() if data is not None else b""
    if len(content) != len(expected):
        return "failed", f"{len(content)} bytes of outputs, expected {len(expected)}"
    form = f"<{len(expected) // 4}f"
    error = max(abs(a - b) for a, b in zip(struct.unpack(form, content), struct.unpack(form, expected), strict=True))
    nodes = result.nodes
    seen = f"largest difference {error:.2g}, {nodes.delegated} of {nodes.total} nodes delegated"
    return ("ok" if error <= _TOLERANCE.get(delegate, _LOOSE) else "failed"), seen


def _probe_of(content: bytes) -> Any:
    """probe.json out of an answer; None where it is not there or no JSON."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("probe.json") as file:
            return json.loads(file.read(_MAX_PROBE))
    except (KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return None
