"""This computer: every launch is a fresh child process of the portable runner."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgekit import scratch
from edgekit.errors import DeviceError, ProtocolMismatch, ResultError, RunnerError
from edgekit.progress import SILENT, Progress
from edgekit.runner import codec, protocol
from edgekit.runner.case import BadJob, safe_path
from edgekit.runner.deploy import runner_environment
from edgekit.runner.main import NO_ROOM
from edgekit.runner.protocol import Job, Run
from edgekit.target import TargetSpec
from edgekit.targets import Identity, this_computer

MODULES: dict[str, tuple[str, str]] = {
    "litert": ("ai_edge_litert", "pip install 'edgekit-toolkit[desktop]'"),
    "tflite-runtime": (
        "tflite_runtime",
        "make an environment with tflite-runtime and numpy<2 and set EDGEKIT_PYTHON_TFLITE_RUNTIME to its python",
    ),
    "tensorflow": (
        "tensorflow",
        "pip install 'edgekit-toolkit[tensorflow]', or set EDGEKIT_PYTHON_TENSORFLOW to a python that has it",
    ),
    "torch": ("torch", "pip install 'edgekit-toolkit[torch]'"),
}
"""Runtime -> (the module that shows that it is installed, the line that mends its absence)."""
PREFIX = "edgekit-job-"
_ERROR_LINES = 5


def open_target(
    spec: TargetSpec,
    *,
    serial: str = "",
    pythons: Mapping[str, str] | None = None,
    progress: Progress = SILENT,
) -> "Desktop":
    """The desktop target; `serial` has no meaning here."""
    return Desktop(spec, dict(pythons or {}))


class Desktop:
    """Target over child processes."""

    def __init__(self, spec: TargetSpec, pythons: Mapping[str, str]) -> None:
        self.spec = spec
        self._python = pythons.get(spec.runtime, sys.executable)

    def probe(self) -> str | None:
        spec = self.spec
        if spec.runtime not in MODULES:
            return f"the desktop has no runtime {spec.runtime} in this version"
        if spec.delegate == "coreml" and spec.runtime == "litert":
            return self._probe_coreml()
        delegates = ("cpu", "cpu-default", "cuda") if spec.runtime == "torch" else ("cpu", "cpu-default")
        if spec.delegate not in delegates:
            return f"the desktop's {spec.runtime} has no delegate {spec.delegate} in this version"
        module, mend = MODULES[spec.runtime]
        installed = self._has(module)
        if installed is None:
            return f"the Python named for {spec.runtime} cannot be started: {self._python}"
        if not installed:
            return f"{module} is not installed here: {mend}"
        if spec.delegate == "cuda" and not Path("/proc/driver/nvidia/version").exists():
            return "this computer has no CUDA device"
        return None

    def _probe_coreml(self) -> str | None:
        if sys.platform != "darwin":
            return f"Core ML runs on macOS only, and this computer runs {sys.platform}"
        if not self._has("coremltools"):
            return "coremltools is not installed here: pip install 'edgekit-toolkit[coreml]'"
        return None

    def _has(self, module: str) -> bool | None:
        """None: the interpreter does not start."""
        if self._python == sys.executable:
            return importlib.util.find_spec(module) is not None
        look = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        try:
            return subprocess.run([self._python, "-c", look], capture_output=True, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return None

    def identity(self) -> Identity:
        return this_computer()

    def run(self, job: Job, files: Mapping[str, Path], answer: Path) -> Run:
        scratch.sweep(Path(tempfile.gettempdir()), PREFIX)
        folder = scratch.make(Path(tempfile.gettempdir()), PREFIX)
        try:
            for name, local in files.items():
                place = folder / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(local.resolve())
            (folder / "job.json").write_text(protocol.dump_job(job), encoding="utf-8")
            limit_s = sum(case.limit_ns for case in job.cases) / 1e9
            run_child(
                [self._python, "-m", "edgekit.runner", str(folder), "--parent", str(os.getpid())], folder, limit_s
            )
            run = read_run((folder / "run.json").read_bytes(), job)
            for case in run.cases:
                for output in case.outputs:
                    if output.data is not None:
                        kept = answer_file(answer, output.data.file)
                        kept.parent.mkdir(parents=True, exist_ok=True)
                        shutil.move(folder / output.data.file, kept)
            return run
        finally:
            scratch.remove(folder)

    def close(self) -> None:
        pass


def run_child(command: list[str], folder: Path, limit_s: float) -> None:
    """Run the runner to its end; RunnerError for a crash, a time-out, or an answer that is not there."""
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=runner_environment(folder),
            start_new_session=True,
        )
    except OSError as error:
        raise RunnerError(f"{command[0]} cannot be started: {error.strerror}", "name a Python that is there") from error
    with child:
        try:
            _, said = child.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise out_of_time("the runner", limit_s) from error
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    if child.returncode < 0:
        raise ended_by("the runner", -child.returncode, said)
    if child.returncode == NO_ROOM:
        raise no_room("the runner", said)
    if child.returncode != 0 or not (folder / "run.json").is_file():
        raise RunnerError(
            f"the runner ended with code {child.returncode} and no answer: {last_lines(said)}", "run with --debug"
        )


def out_of_time(runner: str, limit_s: float) -> RunnerError:
    """The sentence of a runner that was ended for its time."""
    return RunnerError(
        f"{runner} did not answer within {limit_s:g} s", "a smaller plan, or a model that fits this computer"
    )


def no_room(runner: str, said: str) -> DeviceError:
    """The sentence of a runner whose answer found no room: nothing is wrong with the artifact."""
    return DeviceError(f"{runner} ended without an answer: {last_lines(said)}", "free space there")


def ended_by(runner: str, number: int, said: str) -> RunnerError:
    """The sentence of a runner that a signal ended."""
    known = {item.value: item.name for item in signal.Signals}
    last = last_lines(said)
    return RunnerError(
        f"{runner} was ended by {known.get(number, f'signal {number}')}{': ' + last if last else ''}",
        "the model breaks the runtime",
    )


def last_lines(said: str) -> str:
    """The end of what a runner said, in one line."""
    return " | ".join(said.strip().splitlines()[-_ERROR_LINES:])[:500]


def answer_file(answer: Path, name: str) -> Path:
    """Where an output that a runner names goes; RunnerError for a name that leaves `answer`."""
    try:
        return safe_path(name, answer)
    except BadJob as error:
        raise RunnerError(f"the runner's answer names a file outside its folder: {name[:80]!r}") from error


def read_run(content: bytes, job: Job) -> Run:
    """The run, checked to answer `job`; ResultError or ProtocolMismatch."""
    try:
        run = protocol.load_run(content)
    except codec.CodecError as error:
        if error.place == "version":
            raise ProtocolMismatch(f"the runner's answer: {error}", "use the same edgekit on both sides") from error
        raise ResultError(f"the runner's answer cannot be read: {error}") from error
    if run.job != job.id or [case.id for case in run.cases] != [case.id for case in job.cases]:
        raise ResultError(f"the runner answered job {codec.quoted(run.job)}, asked was {job.id!r}")
    return run
