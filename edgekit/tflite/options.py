"""Builtin options of operators, from the public schema (as of ai-edge-litert 2.3): strides, padding, axes, activations.

A file leaves out what has its default; here every field of an operator stands, by the schema's own name. Options of
another operator's kind count as none, as the runtimes treat them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from edgekit.tflite.operators import OPERATORS, TENSOR_TYPES

Value = int | float | bool | str | tuple[int, ...]

_TYPE, _OPTIONS, _TYPE_2, _OPTIONS_2 = 3, 4, 11, 12
"""Fields of an operator: the number of the table's kind, and the table; the second pair holds the newer kinds."""
_MOST_NUMBERS = 64
"""Of one list, more than any tensor has axes; the rest is not read."""


class Table(Protocol):
    """One flatbuffer table of a file, every offset checked."""

    at: int

    def field(self, number: int) -> int | None:
        """Where the field lies."""

    def scalar(self, number: int, form: str, default: int = 0) -> int:
        """A number."""

    def numbers(self, number: int, form: str) -> tuple[int, ...]:
        """A list of numbers."""

    def text(self, number: int) -> str:
        """A text."""

    def table(self, number: int) -> "Table | None":
        """A table inside this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One option: its field number in the table, what it is, and the value that a file leaves out."""

    number: int
    name: str
    kind: str
    default: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One table of options: its number in the schema's first or second list of kinds."""

    number: int
    second: bool
    fields: tuple[Field, ...]


def of(operator: Table, name: str, known: "dict[tuple[int, str], Mapping[str, Value]]") -> Mapping[str, Value]:
    """The options of one operator called `name`; `known` keeps what was read: files share tables of options."""
    kind = KINDS.get(name)
    if kind is None:
        return {}
    given = operator.scalar(_TYPE_2 if kind.second else _TYPE, "<B") == kind.number
    table = operator.table(_OPTIONS_2 if kind.second else _OPTIONS) if given else None
    key = (table.at if table else -1, name)
    if key not in known:
        known[key] = {field.name: _value(table, field) if table else field.default for field in kind.fields}
    return known[key]


def defaults(name: str) -> Mapping[str, Value]:
    """What an operator's options are where the file gives none."""
    kind = KINDS.get(name)
    return {field.name: field.default for field in kind.fields} if kind else {}


def _value(table: Table, field: Field) -> Value:
    if table.field(field.number) is None:
        return field.default
    if field.kind in ("ints", "bytes"):
        return table.numbers(field.number, "i" if field.kind == "ints" else "B")[:_MOST_NUMBERS]
    if field.kind == "text":
        return table.text(field.number)
    if field.kind in _NAMES:
        names = _NAMES[field.kind]
        number = table.scalar(field.number, "<b")
        return names[number] if 0 <= number < len(names) else str(number)
    form = {"int": "<i", "bool": "<B", "float": "<f"}[field.kind]
    found = table.scalar(field.number, form)
    return bool(found) if field.kind == "bool" else found


_NAMES: dict[str, tuple[str, ...]] = {
    "padding": ("SAME", "VALID"),
    "activation": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
    "type": TENSOR_TYPES,
    "weights": ("DEFAULT", "SHUFFLED4x16INT8"),
    "kernel": ("FULL", "BASIC"),
    "mirror": ("REFLECT", "SYMMETRIC"),
}
"""Options that are names in the schema; position: the number in the file. A number without a name stays one."""

_TABLES = """
1 CONV_2D: padding:padding stride_w:int stride_h:int fused_activation_function:activation dilation_w_factor:int=1
    dilation_h_factor:int=1 quantized_bias_type:type
2 DEPTHWISE_CONV_2D: padding:padding stride_w:int stride_h:int depth_multiplier:int
    fused_activation_function:activation dilation_w_factor:int=1 dilation_h_factor:int=1
5 AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D: padding:padding stride_w:int stride_h:int filter_width:int
    filter_height:int fused_activation_function:activation
6 SVDF: rank:int fused_activation_function:activation asymmetric_quantize_inputs:bool
7 RNN: fused_activation_function:activation asymmetric_quantize_inputs:bool
8 FULLY_CONNECTED: fused_activation_function:activation weights_format:weights keep_num_dims:bool
    asymmetric_quantize_inputs:bool quantized_bias_type:type quant_spec:bytes
9 SOFTMAX: beta:float
10 CONCATENATION: axis:int fused_activation_function:activation
11 ADD: fused_activation_function:activation pot_scale_int16:bool=1
12 L2_NORMALIZATION: fused_activation_function:activation
13 LOCAL_RESPONSE_NORMALIZATION: radius:int bias:float alpha:float beta:float
14 LSTM: fused_activation_function:activation cell_clip:float proj_clip:float kernel_type:kernel
    asymmetric_quantize_inputs:bool
15 RESIZE_BILINEAR: - - align_corners:bool half_pixel_centers:bool
16 CALL: subgraph:int
17 RESHAPE: new_shape:ints
19 SPACE_TO_DEPTH: block_size:int
21 MUL: fused_activation_function:activation
23 GATHER: axis:int batch_dims:int
27 MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL: keep_dims:bool
28 SUB: fused_activation_function:activation pot_scale_int16:bool=1
29 DIV: fused_activation_function:activation
30 SQUEEZE: squeeze_dims:ints
31 UNIDIRECTIONAL_SEQUENCE_RNN: time_major:bool fused_activation_function:activation asymmetric_quantize_inputs:bool
32 STRIDED_SLICE: begin_mask:int end_mask:int ellipsis_mask:int new_axis_mask:int shrink_axis_mask:int offset:bool
35 SPLIT: num_splits:int
37 CAST: in_data_type:type out_data_type:type
40 ARG_MAX: output_type:type
49 TRANSPOSE_CONV: padding:padding stride_w:int stride_h:int fused_activation_function:activation
    quantized_bias_type:type
50 SPARSE_TO_DENSE: validate_indices:bool
55 SHAPE: out_type:type
57 ARG_MIN: output_type:type
58 FAKE_QUANT: min:float max:float num_bits:int narrow_range:bool
59 PACK: values_count:int axis:int
61 ONE_HOT: axis:int
64 UNPACK: num:int axis:int
69 BIDIRECTIONAL_SEQUENCE_LSTM: fused_activation_function:activation cell_clip:float proj_clip:float
    merge_outputs:bool time_major:bool=1 asymmetric_quantize_inputs:bool
70 BIDIRECTIONAL_SEQUENCE_RNN: time_major:bool fused_activation_function:activation merge_outputs:bool
    asymmetric_quantize_inputs:bool
71 UNIDIRECTIONAL_SEQUENCE_LSTM: fused_activation_function:activation cell_clip:float proj_clip:float time_major:bool
    asymmetric_quantize_inputs:bool diagonal_recurrent_tensors:bool
74 RESIZE_NEAREST_NEIGHBOR: align_corners:bool half_pixel_centers:bool
75 LEAKY_RELU: alpha:float
77 MIRROR_PAD: mode:mirror
79 SPLIT_V: num_splits:int
80 UNIQUE: idx_out_type:type=2
87 REVERSE_SEQUENCE: seq_dim:int batch_dim:int
92 IF: then_subgraph_index:int else_subgraph_index:int
93 WHILE: cond_subgraph_index:int body_subgraph_index:int
94 DEPTH_TO_SPACE: block_size:int
101 BATCH_MATMUL: adj_x:bool adj_y:bool asymmetric_quantize_inputs:bool
102 CUMSUM: exclusive:bool reverse:bool
103 CALL_ONCE: init_subgraph_index:int
106 CONV_3D CONV_3D_TRANSPOSE: padding:padding stride_d:int stride_w:int stride_h:int
    fused_activation_function:activation dilation_d_factor:int=1 dilation_w_factor:int=1 dilation_h_factor:int=1
111 VAR_HANDLE: container:text shared_name:text
116 GELU: approximate:bool
2/21 STABLEHLO_COMPOSITE: name:text decomposition_subgraph_index:int - - version:int
"""
"""Number of the kind, the operators that have it, and its fields in the schema's order (`-`: one that is not read)."""


def _fields(texts: list[str]) -> tuple[Field, ...]:
    found = []
    for number, text in enumerate(texts):
        if text == "-":
            continue
        name, _, rest = text.partition(":")
        kind, _, given = rest.partition("=")
        names, start = _NAMES.get(kind), int(given or 0)
        plain: dict[str, Value] = {"int": start, "bool": bool(start), "float": float(start), "text": ""}
        plain |= {"ints": (), "bytes": ()}
        found.append(Field(number=number, name=name, kind=kind, default=names[start] if names else plain[kind]))
    return tuple(found)


def _kinds(text: str) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for line in text.replace("\n    ", " ").strip().splitlines():
        head, fields = line.split(": ")
        number, *names = head.split()
        kind = Kind(
            number=int(number.removeprefix("2/")), second=number.startswith("2/"), fields=_fields(fields.split())
        )
        found |= dict.fromkeys(names, kind)
    assert set(found) <= set(OPERATORS), set(found) - set(OPERATORS)
    return found


KINDS: Mapping[str, Kind] = _kinds(_TABLES)
"""Operator -> its table of options; operators without any are not here."""
