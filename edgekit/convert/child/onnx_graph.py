"""An ONNX file read, looked at before minutes are spent, and written anew so that onnx2tf finds nothing to guess.

The only file that names onnx and onnxruntime.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.convert.child import samples
from edgekit.convert.child.protocol import Port, Refused, Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTROL = ("If", "Loop", "Scan", "SequenceMap")
DOMAINS = ("", "ai.onnx")
_MOST = 2**31 - 1
_MEND = "export it without the branch: for one fixed rate, length or mode, in eval mode"


def load(path: Path) -> Any:
    """The model with its weights; Refused for a truncated or foreign file."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path))
    except (DecodeError, ValueError, OSError, onnx.checker.ValidationError) as error:
        raise Refused(f"no whole ONNX file: {' '.join(str(error).split())[:200]}", broken=True) from error
    if not model.graph.node or not model.opset_import:
        raise Refused("no whole ONNX file: it holds no graph", broken=True)
    return model


def fix_shapes(model: Any, shapes: Sequence[Sequence[int]]) -> tuple[Port, ...]:
    """Write fixed shapes into the graph's inputs: the given ones, else 1 for an open batch. Refused for open others."""
    import onnx

    constants = {item.name for item in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in constants]
    del model.graph.input[:]  # weights that are listed as inputs (before IR 4) could be given anew: nothing would fold
    model.graph.input.extend(inputs)
    inputs = list(model.graph.input)
    model.ir_version = max(model.ir_version, 4)
    if shapes and len(shapes) != len(inputs):
        raise Refused(f"the model takes {len(inputs)} inputs, {len(shapes)} shapes were given")
    ports = []
    for place, item in enumerate(inputs):
        declared = [size.dim_value for size in item.type.tensor_type.shape.dim]
        names = [size.dim_param or str(size.dim_value or "?") for size in item.type.tensor_type.shape.dim]
        shape = tuple(shapes[place]) if shapes else tuple([1, *declared[1:]] if declared[:1] == [0] else declared)
        if len(shape) != len(declared) or any(had and had != now for had, now in zip(declared, shape, strict=True)):
            raise Refused(
                f"input {item.name} has shape {' x '.join(names)}, given was {' x '.join(map(str, shape))}",
                "--shape takes one shape an input, in the model's order",
            )
        if 0 in shape:
            open_ones = ", ".join(name for name, size in zip(names, shape, strict=True) if not size)
            raise Refused(
                f"input {item.name} has open sizes ({open_ones} of {' x '.join(names)}): a .tflite needs fixed ones",
                "give every input's shape, in order: --shape 1x3x224x224",
            )
        del item.type.tensor_type.shape.dim[:]
        for size in shape:
            item.type.tensor_type.shape.dim.add().dim_value = size
        dtype = onnx.helper.tensor_dtype_to_np_dtype(item.type.tensor_type.elem_type).name
        ports.append(Port(name=item.name, shape=shape, dtype=dtype))
    del model.graph.value_info[:]  # inferred anew from the fixed shapes
    for item in model.graph.output:
        item.type.tensor_type.ClearField("shape")
    return tuple(ports)


def look(model: Any) -> None:
    """Refused for the first node without a road: control flow, another domain, an operator that onnx2tf has not."""
    roads = _roads()
    for node in model.graph.node:
        name = node.name or (node.output[0] if node.output else "?")
        if node.op_type in CONTROL:
            raise Refused(f"{node.op_type} at node {name}: control flow does not convert", _MEND, ops=(node.op_type,))
        if node.domain not in DOMAINS:
            raise Refused(
                f"{node.domain}.{node.op_type} at node {name}: operators of the domain {node.domain} do not convert",
                "export with standard operators alone: from before an optimizer fused them",
                ops=(f"{node.domain}.{node.op_type}",),
            )
        if node.op_type not in roads:
            raise Refused(
                f"{node.op_type} at node {name}: onnx2tf has no road for it",
                "write that part with other operators, or leave it out of the exported network",
                ops=(node.op_type,),
            )


def _roads() -> frozenset[str]:
    """The operators that the installed onnx2tf knows: one file each. Looked up without importing it."""
    spec = importlib.util.find_spec("onnx2tf")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'onnx2tf'", name="onnx2tf")
    return frozenset(path.stem for path in Path(spec.submodule_search_locations[0], "ops").glob("[A-Z]*.py"))


def folded(model: Any, folder: Path) -> Any:
    """onnxruntime's basic optimization: constants computed, branches with a known condition gone, shapes known."""
    import onnx

    onnx.save(model, str(folder / "fixed.onnx"))
    session(folder / "fixed.onnx", folder / "folded.onnx")
    return onnx.shape_inference.infer_shapes(onnx.load(str(folder / "folded.onnx")))


def session(path: Path, optimized: Path | None = None) -> Any:
    """onnxruntime on one thread of the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    if optimized is not None:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(optimized)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base class
        said = " ".join(str(error).split())[:300]
        raise Refused(f"onnxruntime does not take the model: {said}", "run it through onnx.checker") from error


def run(opened: Any, ports: Sequence[Port], arrays: "Sequence[NDArray[Any]]") -> "list[NDArray[Any]]":
    """One sample through the source."""
    feed = {port.name: array for port, array in zip(ports, arrays, strict=True)}
    return list(opened.run(None, feed))


def narrowed(model: Any) -> Any:
    """Slice nodes name the axes that they cut and no others: onnx2tf mixes up the rest where it moved channels."""
    import numpy as np
    from onnx import numpy_helper

    graph = model.graph
    typed = [*graph.value_info, *graph.input, *graph.output]
    shapes = {item.name: [size.dim_value for size in item.type.tensor_type.shape.dim] for item in typed}
    constants = {item.name: item for item in graph.initializer}
    for number, node in enumerate(graph.node):
        given = list(node.input[1:])
        shape = shapes.get(node.input[0]) if node.op_type == "Slice" and node.input else None
        if not shape or 0 in shape or len(given) < 2 or any(name not in constants for name in given):
            continue
        values = [numpy_helper.to_array(constants[name]) for name in given]
        starts, ends = values[:2]
        axes = values[2] if len(values) > 2 else np.arange(len(starts))
        steps = values[3] if len(values) > 3 else np.ones(len(starts), np.int64)
        kept = [
            cut
            for cut in zip(starts.tolist(), ends.tolist(), (axes % len(shape)).tolist(), steps.tolist(), strict=True)
            if not (cut[3] == 1 and range(shape[cut[2]])[cut[0] : cut[1]] == range(shape[cut[2]]))
        ]
        if not 0 < len(kept) < len(starts):
            continue
        del node.input[1:]
        for column, part in enumerate(zip(*kept, strict=True)):
            name = f"narrowed_{number}_{column}"
            held = np.clip(np.asarray(part, np.int64), -_MOST, _MOST)
            graph.initializer.append(numpy_helper.from_array(held, name))
            node.input.append(name)
    return model


def images(ports: Sequence[Port], request: Request) -> tuple[str, ...]:
    """Inputs that are taken for images with their channels first."""
    if request.images != "auto":
        return ()
    return tuple(port.name for port in ports if samples.is_image(port.shape))
