"""SavedModel -> float .tflite through TensorFlow's converter. Its operators are looked at before it is loaded."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekit.convert.child import fit, samples
from edgekit.convert.child.from_onnx import Clock, tool_versions
from edgekit.convert.child.protocol import MODEL, Answer, Port, Refused, Request

UNSAFE = ("PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "PrintV2", "MatchingFiles")
"""Operators that run Python, or read and write files, wherever the model is loaded."""
SIGNATURE = "serving_default"
TOOLS = ("tensorflow", "keras", "numpy")


def convert(request: Request, folder: Path) -> Answer:
    """The signature `serving_default` (or the only one), its open batch 1."""
    clock = Clock()
    source = Path(request.source)
    import tensorflow as tf

    clock.lap("import")
    look(source)
    clock.lap("look")
    loaded = tf.saved_model.load(str(source))
    signatures = dict(loaded.signatures)
    if not signatures or (SIGNATURE not in signatures and len(signatures) > 1):
        listed = ", ".join(sorted(signatures)) or "none"
        raise Refused(f"the SavedModel has no signature {SIGNATURE} (it has: {listed})", "save it with one signature")
    function = signatures.get(SIGNATURE) or next(iter(signatures.values()))
    return converted(tf, request, folder, function, clock, TOOLS)


def look(source: Path) -> None:
    """Refused for a broken file, and for the first operator that reaches beyond the model."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    held = saved_model_pb2.SavedModel()
    try:
        held.ParseFromString((source / "saved_model.pb").read_bytes())
    except (DecodeError, OSError) as error:
        raise Refused(f"no whole SavedModel: {' '.join(str(error).split())[:200]}", broken=True) from error
    if not held.meta_graphs:
        raise Refused("no whole SavedModel: it holds no graph", broken=True)
    for graph in held.meta_graphs:
        nodes = [*graph.graph_def.node, *(node for f in graph.graph_def.library.function for node in f.node_def)]
        for node in nodes:
            if node.op in UNSAFE:
                raise Refused(
                    f"{node.op} at node {node.name}: it runs code or reads files where the model runs",
                    "save the model without it",
                    ops=(node.op,),
                )


def converted(
    tf: Any,
    request: Request,
    folder: Path,
    function: Any,
    clock: Clock,
    tools: Sequence[str],
    names: Sequence[str] = (),
) -> Answer:
    """`function`: a concrete function that takes its inputs by name and gives a dictionary of outputs.

    `names`: the inputs in the model's order, where that is not the order of their names.
    """
    specs = function.structured_input_signature[1]
    ports = _ports(specs, request.shapes, names or sorted(specs))
    results = sorted(function.structured_outputs)
    fixed = tf.function(
        lambda **given: {name: value for name, value in function(**given).items()},
    ).get_concrete_function(
        **{port.name: tf.TensorSpec(port.shape, specs[port.name].dtype, name=port.name) for port in ports}
    )
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(fixed, lower_control_flow=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    try:
        content = converter.convert()
    except Exception as error:  # the converter raises what its stack does
        raise stopped(error) from error
    (folder / MODEL).write_bytes(content)
    clock.lap("convert")
    arrays = fit.sample_inputs(request, ports)
    outputs = []
    for index in range(len(arrays[0]) if ports else 1):
        given = {p.name: tf.constant(samples.one(a, index, p.shape)) for p, a in zip(ports, arrays, strict=True)}
        made = fixed(**given)
        outputs.append([made[name].numpy() for name in results])
    clock.lap("run source")
    ins, outs, order, found, _ = fit.fit(folder / MODEL, ports, results, arrays, outputs[0])
    notes = fit.write(folder, arrays, outputs, ins, outs, order, found)
    return Answer(
        inputs=ins,
        input_order=tuple(order),
        outputs=outs,
        tools=tool_versions(tools),
        seconds=clock.seconds,
        notes=notes,
    )


def _ports(specs: Any, shapes: Sequence[Sequence[int]], names: Sequence[str]) -> tuple[Port, ...]:
    if shapes and len(shapes) != len(specs):
        raise Refused(f"the model takes {len(specs)} inputs, {len(shapes)} shapes were given")
    ports = []
    for place, name in enumerate(names):
        spec = specs[name]
        if spec.shape.rank is None:
            raise Refused(f"input {name} has an open rank: a .tflite file needs a fixed shape", "save it with one")
        declared = [int(size or 0) for size in spec.shape]
        shape = tuple(shapes[place]) if shapes else tuple([1, *declared[1:]] if declared[:1] == [0] else declared)
        said = " x ".join(str(size or "?") for size in declared)
        if len(shape) != len(declared) or any(had and had != now for had, now in zip(declared, shape, strict=True)):
            raise Refused(
                f"input {name} has shape {said}, given was {' x '.join(map(str, shape))}",
                "--shape takes one shape an input, in the model's order",
            )
        if 0 in shape:
            raise Refused(
                f"input {name} has open sizes ({said}): a .tflite file needs fixed ones",
                "give every input's shape, in order: --shape 1x224x224x3",
            )
        ports.append(Port(name=name, shape=shape, dtype=spec.dtype.as_numpy_dtype().dtype.name))
    return tuple(ports)


def stopped(error: Exception) -> Refused:
    """The operators that TensorFlow's converter names, or its first line."""
    text = str(error)
    named = re.findall(r"'?(tf\.\w+)'? op is neither a custom op nor a flex op", text)
    named += re.findall(r"^\s+tf\.(\w+)\(", text, re.MULTILINE) if not named else []
    listed = re.search(r"(?:Custom|TF Select|Select) ops?:\s*([\w., ]+)", text)
    ops = tuple(dict.fromkeys(named or (listed.group(1).replace(" ", "").split(",") if listed else [])))
    if ops:
        return Refused(
            f"no TFLite operator for {', '.join(ops)}",
            "write that part with other operators, or leave it out of the saved network",
            ops=ops,
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return Refused(f"TensorFlow's converter refuses the model ({type(error).__name__}): {' '.join(lines[:2])[:300]}")
