"""Graphs for tests, without a file: tensors of one shape, operators by their inputs and outputs."""

from edgekit.tflite import options
from edgekit.tflite.structure import ModelFile, Operator, Quantization, Sections, Subgraph, Tensor


def tensor(index, dtype="float32", shape=(1, 4, 4, 2), *, constant=False, scales=(), zero=0, axis=0):
    found = Quantization(
        scales=tuple(scales), zero_points=(zero,) * len(scales), axis=axis, scales_offset=0, zero_points_offset=None
    )
    return Tensor(
        index=index,
        name=f"t{index}",
        shape=shape,
        shape_signature=shape,
        dtype=dtype,
        buffer=index,
        buffer_offset=0,
        buffer_bytes=4 if constant else 0,
        quantization=found if scales else None,
        is_variable=False,
        is_sparse=False,
    )


def operator(name, inputs, outputs, **given):
    return Operator(
        name=name,
        version=1,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        options={**options.defaults(name), **given},
    )


def graph(operators, tensors=None, inputs=(0,), outputs=()):
    count = 1 + max((t for o in operators for t in (*o.inputs, *o.outputs)), default=0)
    return Subgraph(
        name="main",
        tensors=tuple(tensors or (tensor(index) for index in range(count))),
        operators=tuple(operators),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
    )


def model(*graphs):
    none = Sections(weights_bytes=0, unused_buffers_bytes=0, metadata_bytes=0, names_bytes=0, structure_bytes=0)
    return ModelFile(version=3, description="", subgraphs=graphs, signatures=(), metadata=(), sections=none)
