"""ONNX -> float .tflite through onnx2tf, compared with onnxruntime here, so that a wrong guess of its is not kept.

The only file that names onnx2tf. It guesses where channels lie; the guesses are tried in turn.
"""

import re
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edgekit.convert.child import fit, onnx_graph, samples
from edgekit.convert.child.protocol import LOG, MODEL, Answer, Port, Refused, Request

NEAR = 1e-3
"""Of the output range on one sample: nearer than this, the form is kept and parity judges it."""
TOOLS = ("onnx2tf", "onnx", "onnxruntime", "tensorflow", "tf-keras", "numpy")
_OFF = {"non_verbose": False, "verbosity": "debug", "not_use_onnxsim": True}


def convert(request: Request, folder: Path) -> Answer:
    """Look, fold, convert in the first form that computes what the source computes, run the source."""
    source = Path(request.source)
    clock = Clock()
    model = onnx_graph.load(source)
    ports = onnx_graph.fix_shapes(model, request.shapes)
    try:
        folded = onnx_graph.folded(model, folder)
    except Refused:
        onnx_graph.look(model)  # a branch that does not fit the fixed shapes is the better sentence
        raise
    onnx_graph.look(folded)
    prepared = folder / "prepared.onnx"
    _save(onnx_graph.narrowed(folded), prepared)
    clock.lap("look")
    opened = onnx_graph.session(folder / "fixed.onnx")
    names = [item.name for item in opened.get_outputs()]
    arrays = fit.sample_inputs(request, ports)
    outputs = [onnx_graph.run(opened, ports, _sample(arrays, ports, k)) for k in range(_count(arrays, ports))]
    clock.lap("run source")
    import onnx2tf  # before the clock of the conversion: it brings tensorflow  # noqa: F401

    clock.lap("import")
    content, ins, outs, order, found, form = _first_that_fits(request, folder, prepared, ports, names, arrays, outputs)
    clock.lap("convert")
    (folder / MODEL).write_bytes(content)
    notes = fit.write(folder, arrays, outputs, ins, outs, order, found)
    notes += () if not form else (f"onnx2tf was told to keep {form}",)
    return Answer(
        inputs=ins,
        input_order=tuple(order),
        outputs=outs,
        tools=tool_versions(TOOLS),
        seconds=clock.seconds,
        notes=notes,
    )


class Clock:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def tool_versions(names: Sequence[str]) -> dict[str, str]:
    """Of the distributions that are installed here."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "-"
    return found


def _forms(ports: Sequence[Port], images: Sequence[str]) -> list[dict[str, list[str]]]:
    """What onnx2tf is told of inputs of rank 3 and more that are no images; of the ranks below it guesses nothing."""
    others = [port.name for port in ports if len(port.shape) > 2 and port.name not in images]
    if not others:
        return [{}]
    return [
        {"keep_shape_absolutely_input_names": others},
        {"keep_ncw_or_nchw_or_ncdhw_input_names": others},
        {},
    ]


def _first_that_fits(
    request: Request,
    folder: Path,
    prepared: Path,
    ports: Sequence[Port],
    names: Sequence[str],
    arrays: Any,
    outputs: Sequence[Any],
) -> Any:
    problems: list[Refused] = []
    nearest: Any = None
    for form in _forms(ports, onnx_graph.images(ports, request)):
        shutil.rmtree(folder / "made", ignore_errors=True)
        try:
            content = _converted(prepared, folder / "made", form)
            (folder / MODEL).write_bytes(content)
            ins, outs, order, found, error = fit.fit(folder / MODEL, ports, names, arrays, outputs[0])
        except Refused as refused:
            problems.append(refused)
            continue
        told = ", ".join(name for names in form.values() for name in names)
        if nearest is None or error < nearest[0]:
            nearest = (error, (content, ins, outs, order, found, told))
        if error <= NEAR:
            break
    if nearest is None:
        raise problems[0]
    return nearest[1]


def _converted(prepared: Path, made: Path, form: dict[str, list[str]]) -> bytes:
    import onnx2tf

    sys.stdout.write(f"== onnx2tf {form}\n")
    _lay_images(made.parent)
    begun = _log_size(made.parent)
    try:
        onnx2tf.convert(
            input_onnx_file_path=str(prepared),
            output_folder_path=str(made),
            copy_onnx_input_output_names_to_tflite=True,
            **form,
            **_OFF,
        )
    except (Exception, SystemExit) as error:  # it raises, and exits, as it likes
        traceback.print_exc()
        raise _stopped(prepared, made.parent, begun, error) from error
    found = sorted(made.glob("*_float32.tflite"))
    if not found:
        raise _stopped(prepared, made.parent, begun, RuntimeError("it wrote no float32 file"))
    return found[0].read_bytes()


def _lay_images(folder: Path) -> None:
    """What onnx2tf tries itself on: where no such file lies in its working folder, it downloads photographs."""
    import numpy as np

    count, size = 20, 128
    values = np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)
    np.save(folder / f"calibration_image_sample_data_{count}x{size}x{size}x3_float32.npy", values)


def _log_size(folder: Path) -> int:
    sys.stdout.flush()
    log = folder / LOG
    return log.stat().st_size if log.is_file() else 0


def _stopped(prepared: Path, folder: Path, begun: int, error: BaseException) -> Refused:
    """What onnx2tf said last names the node; the graph, its operator."""
    size = _log_size(folder)
    said = (folder / LOG).read_bytes()[begun:size].decode(errors="replace") if size else ""
    named = re.findall(r"onnx_op_name:\s*(?:\x1b\[[\d;]*m)?\s*([^\s\x1b]+)", said)
    node = next((item for item in _nodes(prepared) if named and item.name == named[-1]), None)
    reason = " ".join(str(error).split())[:200]
    if node is None:
        return Refused(f"onnx2tf does not convert the model ({type(error).__name__}): {reason}")
    return Refused(
        f"{node.op_type} at node {node.name}: onnx2tf does not convert it: {reason}",
        "export it from torch as a program (.pt2) instead, or write that part with other operators",
        ops=(node.op_type,),
    )


def _nodes(prepared: Path) -> Any:
    return onnx_graph.load(prepared).graph.node


def _save(model: Any, path: Path) -> None:
    path.write_bytes(model.SerializeToString())


def _count(arrays: Any, ports: Sequence[Port]) -> int:
    return len(arrays[0]) if ports else 1


def _sample(arrays: Any, ports: Sequence[Port], index: int) -> list[Any]:
    return [samples.one(array, index, port.shape) for array, port in zip(arrays, ports, strict=True)]
