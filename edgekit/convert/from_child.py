"""ONNX, Keras, SavedModel -> FloatFile, through a child process of the interpreter that has TensorFlow.

Its log is kept beside the result; what it leaves behind, its own children too, is ended with it.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from edgekit import scratch
from edgekit.convert.child.protocol import ANSWER, INPUTS, LOG, MODEL, OUTPUTS, REQUEST, Answer, Refusal, Request, Road
from edgekit.convert.roads import FloatFile, has
from edgekit.errors import ConvertError, EdgekitError, MissingDependency, ModelFileError, UsageError
from edgekit.runner import codec
from edgekit.runner.deploy import runner_environment

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX = "edgekit-convert-"
SET_IT = ", or set EDGEKIT_PYTHON_TENSORFLOW to a python that has it"
_CHILD = Path(__file__).resolve().parent / "child"
_LINES = 5
_WITH_ONNX = ("onnx", "onnxruntime", "onnx2tf", "tf_keras", "onnx_graphsurgeon", "sng4onnx", "psutil", "ai_edge_litert")


def python_of(named: str | None, road: str) -> str:
    """The child's interpreter: the one named for TensorFlow, else this one. MissingDependency where it has none."""
    if named:
        return named
    for module in ("tensorflow", *(("onnx2tf",) if road == "onnx" else ())):
        if not has(module):
            raise missing(module, road)
    return sys.executable


def missing(module: str, road: str) -> MissingDependency:
    """The sentence of a package that the child lacks, with the line that installs it."""
    extra = "onnx" if road == "onnx" or module in _WITH_ONNX else "tensorflow"
    error = MissingDependency(module, extra, f"converting from {_SAID[road]}")
    error.hint += SET_IT
    return error


_SAID = {"onnx": "ONNX", "keras": "Keras", "saved-model": "a SavedModel"}


def to_float(
    source: Path,
    road: str,
    *,
    python: str,
    log: Path,
    limit_s: float,
    shapes: Sequence[tuple[int, ...]] = (),
    samples: "Sequence[NDArray[Any]] | None" = None,
    count: int = 8,
    seed: int = 0,
    images: str = "auto",
) -> FloatFile:
    """Convert and run `source` there. ConvertError with the operators, the last lines of `log`, or what ended it."""
    import numpy as np

    scratch.sweep(Path(tempfile.gettempdir()), PREFIX)
    folder = scratch.make(Path(tempfile.gettempdir()), PREFIX)
    try:
        given = ""
        if samples is not None:
            given = str(folder / "samples.npz")
            np.savez(given, **{f"arr_{place:03}": array for place, array in enumerate(samples)})  # type: ignore[arg-type]
        request = Request(
            road=cast(Road, road),
            source=str(source.resolve()),
            shapes=tuple(shapes),
            samples=given,
            count=count,
            seed=seed,
            images="auto" if images == "auto" else "as they are",
        )
        (folder / REQUEST).write_text(codec.dumps(request), encoding="utf-8")
        started = time.perf_counter()
        try:
            answer = _answer(python, folder, limit_s, log, road)
        finally:
            _keep_log(folder / LOG, log)
        if answer.refusal is not None:
            raise _said(answer.refusal, source, road, log)
        return FloatFile(
            content=(folder / MODEL).read_bytes(),
            inputs=_arrays(folder / INPUTS),
            outputs=_arrays(folder / OUTPUTS),
            input_names=tuple(port.name for port in answer.inputs),
            input_axes=tuple(port.axes for port in answer.inputs),
            input_order=answer.input_order,
            tools=answer.tools,
            seconds={**answer.seconds, "child": time.perf_counter() - started},
            notes=answer.notes,
        )
    finally:
        scratch.remove(folder)


def _arrays(path: Path) -> "tuple[NDArray[Any], ...]":
    import numpy as np

    with np.load(path, allow_pickle=False) as held:
        return tuple(held[f"arr_{place}"] for place in range(len(held.files)))


def environment(folder: Path) -> dict[str, str]:
    """The runner and the child in `folder`/program, and the environment in which -m finds nothing else of ours."""
    found = runner_environment(folder)
    package = folder / "program" / "edgekit" / "convert"
    if not package.exists():
        package.mkdir()
        (package / "__init__.py").write_text("")
        shutil.copytree(_CHILD, package / "child", ignore=shutil.ignore_patterns("__pycache__"))
    return {**found, "CUDA_VISIBLE_DEVICES": "-1", "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONUNBUFFERED": "1"}


def _answer(python: str, folder: Path, limit_s: float, log: Path, road: str) -> Answer:
    command = [python, "-m", "edgekit.convert.child", str(folder), "--parent", str(os.getpid())]
    with (folder / LOG).open("wb") as said:
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=folder,  # onnx2tf writes beside itself
                env=environment(folder),
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(
                f"the Python named for tensorflow cannot be started: {python}: {error.strerror}",
                "set EDGEKIT_PYTHON_TENSORFLOW to a python that has tensorflow",
            ) from error
        with child:
            try:
                child.wait(timeout=limit_s)
            except subprocess.TimeoutExpired as error:
                raise ConvertError(
                    f"the conversion took over {limit_s:g} s and was ended: {_last(folder / LOG)}",
                    f"allow it more with --time-limit; its log: {log}",
                ) from error
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)  # and whatever it started
                child.wait()
    if child.returncode < 0:
        number = -child.returncode
        name = {item.value: item.name for item in signal.Signals}.get(number, f"signal {number}")
        raise ConvertError(
            f"the conversion was ended by {name}: {_last(folder / LOG)}",
            f"{'too little memory, it may be' if name == 'SIGKILL' else 'the converter crashed'}; its log: {log}",
        )
    if child.returncode or not (folder / ANSWER).is_file():
        raise ConvertError(
            f"the conversion ended with code {child.returncode} and no answer: {_last(folder / LOG)}", f"its log: {log}"
        )
    return codec.loads(Answer, (folder / ANSWER).read_bytes())


def _said(refusal: Refusal, source: Path, road: str, log: Path) -> EdgekitError:
    if refusal.missing:
        return missing(refusal.missing, road)
    if refusal.broken:
        return ModelFileError(refusal.message, "export it again", path=str(source))
    if refusal.ops or refusal.hint:
        return ConvertError(refusal.message, refusal.hint, ops=refusal.ops)
    return ConvertError(refusal.message, f"its log: {log}")


def _last(log: Path) -> str:
    said = re.sub(r"\x1b\[[\d;]*m", "", log.read_bytes()[-20_000:].decode(errors="replace"))  # onnx2tf prints colours
    lines = [line.strip() for line in said.splitlines()]
    return " | ".join([line for line in lines if line][-_LINES:])[-500:] or "it said nothing"


def _keep_log(made: Path, log: Path) -> None:
    if made.is_file():
        with contextlib.suppress(OSError):  # the reason of a failure matters more than its log
            log.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, log)
