"""What a .tflite file holds, as frozen data. Offsets count from the file's first byte."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """real = scale * (value - zero point); several scales: one a slice along `axis`.

    `scales` hold the file's float32 values exactly. `scales_offset`, `zero_points_offset`: where they lie in the file.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    scales_offset: int
    zero_points_offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """`buffer_offset`/`buffer_bytes`: the constant's bytes in the file; 0 bytes: computed at run time."""

    index: int
    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    dtype: str
    buffer: int
    buffer_offset: int
    buffer_bytes: int
    quantization: Quantization | None
    is_variable: bool
    is_sparse: bool

    @property
    def is_constant(self) -> bool:
        """Its values lie in the file."""
        return self.buffer_bytes > 0

    @property
    def elements(self) -> int:
        """Product of the shape."""
        total = 1
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Tensor indices of its subgraph; -1: an optional input not given. `name` is the custom code of a CUSTOM."""

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    is_custom: bool = False
    options: Mapping[str, int | float | bool | str | tuple[int, ...]] = field(default_factory=dict)
    """Strides, padding, axes...: by the schema's names, defaults filled in (edgekit.tflite.options)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """Tensors, operators in order of execution, and which tensors are its inputs and outputs."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A named entry: input and output names to tensor indices of `subgraph`."""

    key: str
    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """Where the bytes go; they add up to the file's size."""

    weights_bytes: int
    """Buffers that a tensor refers to."""
    unused_buffers_bytes: int
    metadata_bytes: int
    """Buffers of metadata entries."""
    names_bytes: int
    """Tensor names."""
    structure_bytes: int
    """Operators, shapes, scales, offsets: everything else."""

    @property
    def total_bytes(self) -> int:
        """The file's size."""
        return (
            self.weights_bytes
            + self.unused_buffers_bytes
            + self.metadata_bytes
            + self.names_bytes
            + self.structure_bytes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One .tflite file, read."""

    version: int
    description: str
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    metadata: tuple[str, ...]
    sections: Sections
    content: bytes = field(default=b"", repr=False, compare=False)
    """The file itself: constants are read from it."""

    @property
    def main(self) -> Subgraph:
        """The first subgraph: what an interpreter invokes."""
        return self.subgraphs[0]


MOST_INTEGERS = 4096
"""Elements of a constant that `integers` reads."""


def integers(model: ModelFile, tensor: Tensor) -> tuple[int, ...] | None:
    """An int32 or int64 constant's values; None where it has none in the file, another type or very many."""
    form = {"int32": "i", "int64": "q"}.get(tensor.dtype)
    if not tensor.is_constant or tensor.is_sparse or form is None or tensor.elements > MOST_INTEGERS:
        return None
    return struct.unpack_from(f"<{tensor.elements}{form}", model.content, tensor.buffer_offset)


def operator_counts(model: ModelFile) -> dict[str, int]:
    """How often each operator occurs, the most frequent first."""
    counts: dict[str, int] = {}
    for subgraph in model.subgraphs:
        for operator in subgraph.operators:
            counts[operator.name] = counts.get(operator.name, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def macs(model: ModelFile) -> int:
    """Multiply-accumulates of the main graph's convolutions and matrix products, from shapes alone."""
    return sum(operator_macs(model.main, operator) for operator in model.main.operators)


def operator_macs(graph: Subgraph, operator: Operator) -> int:
    """Of one operator. A convolution: output elements x weights of one output channel; other operators: 0."""
    if len(operator.inputs) < 2 or not operator.outputs or operator.inputs[1] < 0:
        return 0
    output, weights = graph.tensors[operator.outputs[0]], graph.tensors[operator.inputs[1]]
    if not weights.shape:
        return 0
    if operator.name in ("CONV_2D", "FULLY_CONNECTED"):
        return output.elements * (weights.elements // max(1, weights.shape[0]))
    if operator.name == "DEPTHWISE_CONV_2D":
        return output.elements * (weights.elements // max(1, weights.shape[-1]))
    if operator.name == "BATCH_MATMUL" and operator.inputs[0] >= 0:
        left = graph.tensors[operator.inputs[0]].shape
        return output.elements * (left[-1] if left else 0)
    if operator.name == "TRANSPOSE_CONV" and len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        given = graph.tensors[operator.inputs[2]]
        return given.elements * (weights.elements // max(1, weights.shape[-1]))
    return 0


def rounds_at_run_time(model: ModelFile) -> bool:
    """Whether float outputs come from rounded values: runtimes differ by a step inside, and so by more outside.

    That is where float inputs meet int8 or int4 weights, and where activations are integers but outputs are not.
    """
    integers = ("int4", "int8", "uint8", "int16")
    weighted = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D", "BATCH_MATMUL", "UNIDIRECTIONAL_SEQUENCE_LSTM")
    float_outputs = any(model.main.tensors[index].dtype == "float32" for index in model.main.outputs)
    for subgraph in model.subgraphs:
        quantized = (item for item in subgraph.tensors if item.quantization is not None and not item.is_constant)
        if float_outputs and any(item.dtype in integers for item in quantized):
            return True
        for operator in subgraph.operators:
            if operator.name not in weighted or min(operator.inputs[:2], default=-1) < 0 or len(operator.inputs) < 2:
                continue
            given, weights = (subgraph.tensors[index].dtype for index in operator.inputs[:2])
            if given == "float32" and weights in ("int4", "int8"):
                return True
    return False


def branch(model: ModelFile) -> str:
    """WHILE or IF, the first of the main graph: what runs inside lies in graphs of its own; empty: there is none."""
    return next((operator.name for operator in model.main.operators if operator.name in ("WHILE", "IF")), "")


def constant_elements(model: ModelFile) -> int:
    """Number of constant values of floating or quantized tensors: the parameters in the file."""
    counted: set[tuple[int, int]] = set()
    total = 0
    for number, subgraph in enumerate(model.subgraphs):
        for tensor in subgraph.tensors:
            numeric = tensor.dtype.startswith("float") or tensor.quantization is not None
            if tensor.is_constant and numeric and (number, tensor.buffer) not in counted:
                counted.add((number, tensor.buffer))
                total += tensor.elements
    return total
