"""Files of one operator each, over options, types, ranks and versions: what a delegate's rules are checked with."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from graph_files import Graph, empty, quantized

from edgekit.convert.schema import pack

Case = tuple[str, bytes]
"""(name, file)."""

FLOAT_ONE = [
    "ABS",
    "CEIL",
    "COS",
    "ELU",
    "EXP",
    "FLOOR",
    "GELU",
    "HARD_SWISH",
    "LOG",
    "LOGISTIC",
    "NEG",
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "ROUND",
    "RSQRT",
    "SIN",
]
FLOAT_ONE += ["SQRT", "SQUARE", "TANH", "SIGN", "RELU_0_TO_1", "LOG_SOFTMAX", "ZEROS_LIKE"]
FLOAT_TWO = [
    "ADD",
    "SUB",
    "MUL",
    "DIV",
    "MAXIMUM",
    "MINIMUM",
    "SQUARED_DIFFERENCE",
    "POW",
    "FLOOR_DIV",
    "FLOOR_MOD",
    "ATAN2",
]
COMPARISONS = ["LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "EQUAL", "NOT_EQUAL"]
SHAPES: dict[int, tuple[int, ...]] = {1: (8,), 2: (1, 8), 3: (1, 6, 8), 4: (1, 6, 6, 8), 5: (1, 2, 3, 4, 8)}


class Maker:
    """One file under construction."""

    def __init__(self) -> None:
        self.model = empty()
        self.graph = Graph(self.model)
        self.given: list[int] = []

    def input(self, shape: tuple[int, ...], dtype: str = "float32") -> int:
        place = self.graph.tensor(shape, dtype, self._scale(dtype))
        self.given.append(place)
        return place

    def output(self, shape: tuple[int, ...], dtype: str = "float32") -> int:
        return self.graph.tensor(shape, dtype, self._scale(dtype))

    def integers(self, *values: int, dtype: str = "int32") -> int:
        return self.graph.constant(np.asarray(values, dtype))

    def weights(self, shape: tuple[int, ...], dtype: str = "float32", axis: int = 0, several: bool = False) -> int:
        count = shape[axis] if several else 1
        scale = quantized([0.01] * count, [0] * count, axis) if dtype.startswith(("int8", "uint8")) else None
        return self.graph.constant(np.ones(shape, dtype), quantization=scale)

    def done(self, *outputs: int) -> bytes:
        self.graph.graph.inputs = np.asarray(self.given, np.int32)
        self.graph.graph.outputs = np.asarray(outputs, np.int32)
        return pack(self.model)

    def _scale(self, dtype: str) -> Any:
        return quantized([0.1], [0]) if dtype in ("int8", "uint8", "int16") else None


def cases() -> Iterator[Case]:
    """All of them; the same every time."""
    for made in (one_input, two_inputs, layers, pools, shapes, slices, reductions, kinds, compare):
        yield from made()


def one_input() -> Iterator[Case]:
    for name in FLOAT_ONE:
        for rank in (1, 2, 4, 5):
            yield _one(f"{name} rank {rank}", name, SHAPES[rank])
    for name in ("RELU", "ABS", "HARD_SWISH", "RSQRT", "NEG"):
        for dtype, version in (("int8", 1), ("uint8", 1), ("int16", 3), ("int32", 1)):
            if (name, dtype) in (("ABS", "uint8"), ("RSQRT", "uint8"), ("NEG", "uint8")):
                continue  # no kernel
            version = 2 if dtype == "int8" and name in ("RELU", "ABS", "RSQRT") else version
            yield _one(f"{name} {dtype} v{version}", name, SHAPES[4], dtype, version=version)
    for beta in (1.0, 0.5):
        for rank in (2, 3, 4):
            yield _one(f"SOFTMAX beta {beta} rank {rank}", "SOFTMAX", SHAPES[rank], options={"beta": beta})
    yield _one("SOFTMAX int16", "SOFTMAX", SHAPES[2], "int16", options={"beta": 1.0}, version=3)
    yield _one("LEAKY_RELU", "LEAKY_RELU", SHAPES[4], options={"alpha": 0.1})


def _one(
    case: str,
    name: str,
    shape: tuple[int, ...],
    dtype: str = "float32",
    *,
    options: dict[str, Any] | None = None,
    version: int = 1,
) -> Case:
    maker = Maker()
    given, made = maker.input(shape, dtype), maker.output(shape, dtype)
    maker.graph.operator(name, [given], [made], options, version=version)
    return case, maker.done(made)


def two_inputs() -> Iterator[Case]:
    pairs = [((1, 6, 6, 8), (1, 6, 6, 8)), ((1, 6, 6, 8), (8,)), ((1, 6, 6, 8), (6, 8)), ((1, 6, 6, 8), (6, 6, 8))]
    pairs += [((1, 6, 6, 8), (1, 1)), ((1, 6, 6, 8), (1, 8)), ((1, 6, 8), (6, 8)), ((1, 6, 1), (1, 1, 8))]
    pairs += [((1, 8), (1, 8)), ((1, 2, 3, 4, 8), (8,)), ((1, 6, 6, 8), (1, 6, 6, 1)), ((1, 6, 6, 8), ())]
    for name in FLOAT_TWO:
        for first, second in pairs:
            for fixed in (False, True):
                maker = Maker()
                one = maker.input(first)
                two = maker.weights(second) if fixed else maker.input(second)
                made = maker.output(tuple(int(size) for size in np.broadcast_shapes(first, second)))
                maker.graph.operator(name, [one, two], [made])
                yield f"{name} {first} {second} {'constant' if fixed else 'computed'}", maker.done(made)
    for activation in ("RELU", "RELU6", "TANH", "SIGN_BIT"):
        for name in ("ADD", "SUB", "MUL", "DIV"):
            maker = Maker()
            given, made = maker.input(SHAPES[4]), maker.output(SHAPES[4])
            options = {"fused_activation_function": activation}
            maker.graph.operator(name, [given, maker.weights(SHAPES[1])], [made], options)
            yield f"{name} {activation}", maker.done(made)
    for name in ("ADD", "MUL", "SUB", "MAXIMUM"):
        for dtype, version in (("int8", 2), ("int32", 1), ("int64", 1), ("int16", 3)):
            maker = Maker()
            pair = [maker.input(SHAPES[4], dtype), maker.input(SHAPES[4], dtype)]
            made = maker.output(SHAPES[4], dtype)
            maker.graph.operator(name, pair, [made], version=version)
            yield f"{name} {dtype} v{version}", maker.done(made)
    for name in ("SUB", "MUL", "ADD"):
        maker = Maker()
        given, made = maker.input(SHAPES[4]), maker.output(SHAPES[4])
        maker.graph.operator(name, [given, given], [made])
        yield f"{name} of itself", maker.done(made)


def layers() -> Iterator[Case]:
    kinds_ = (("float32", "float32", 1, False), ("float32", "int8", 5, True), ("int8", "int8", 3, True))
    kinds_ += (("int16", "int8", 4, True), ("uint8", "uint8", 2, False))
    for kind, weights, version, several in kinds_:
        for padding in ("SAME", "VALID"):
            for activation in ("NONE", "RELU6", "SIGN_BIT"):
                options = {"padding": padding, "stride_h": 1, "stride_w": 1, "fused_activation_function": activation}
                side = 6 if padding == "SAME" else 4
                maker = Maker()
                given, made = maker.input((1, 6, 6, 8), kind), maker.output((1, side, side, 4), kind)
                filters = maker.weights((4, 3, 3, 8), weights, 0, several)
                maker.graph.operator(
                    "CONV_2D", [given, filters, _bias(maker, kind, 4)], [made], options, version=version
                )
                yield f"CONV_2D {kind} {weights} {padding} {activation} v{version}", maker.done(made)
    for groups, runtime in ((2, False), (8, False), (1, True), (2, True)):
        maker = Maker()
        given, made = maker.input((1, 6, 6, 8)), maker.output((1, 6, 6, 8))
        shape = (8, 3, 3, 8 // groups)
        filters = maker.input(shape) if runtime else maker.weights(shape)
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        maker.graph.operator("CONV_2D", [given, filters, _bias(maker, "float32", 8)], [made], options)
        yield f"CONV_2D groups {groups} {'computed' if runtime else 'constant'} weights", maker.done(made)
    for channels, multiplier in ((8, 1), (1, 4), (4, 2)):
        for version in (1, 7):
            maker = Maker()
            given, made = maker.input((1, 6, 6, channels)), maker.output((1, 6, 6, channels * multiplier))
            filters = maker.weights((1, 3, 3, channels * multiplier))
            options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "depth_multiplier": multiplier}
            bias = _bias(maker, "float32", channels * multiplier)
            maker.graph.operator("DEPTHWISE_CONV_2D", [given, filters, bias], [made], options, version=version)
            yield f"DEPTHWISE_CONV_2D {channels} x {multiplier} v{version}", maker.done(made)
    for shape, wide in (((1, 8), 8), ((1, 6, 8), 8), ((1, 2, 4), 8), ((2, 8), 8)):
        for keep in (False, True) if shape[-1] == wide else (False,):
            for dtype, weights, version in (
                ("float32", "float32", 1),
                ("float32", "int8", 9),
                ("int8", "int8", 4),
                ("int16", "int8", 11),
            ):
                maker = Maker()
                rows = int(np.prod(shape)) // wide
                made_shape = (*shape[:-1], 4) if keep else (rows, 4)
                given, made = maker.input(shape, dtype), maker.output(made_shape, dtype)
                filters = maker.weights((4, wide), weights)
                options = {"keep_num_dims": keep}
                inputs = [given, filters, _bias(maker, dtype, 4)]
                maker.graph.operator("FULLY_CONNECTED", inputs, [made], options, version=version)
                yield f"FULLY_CONNECTED {shape} keep {keep} {dtype} {weights} v{version}", maker.done(made)
    for fixed in (False, True):
        for first, second in (((1, 6, 8), (8, 4)), ((1, 6, 8), (1, 8, 4)), ((1, 2, 6, 8), (1, 2, 8, 4))):
            maker = Maker()
            one, made = maker.input(first), maker.output((*first[:-1], 4))
            two = maker.weights(second) if fixed else maker.input(second)
            maker.graph.operator("BATCH_MATMUL", [one, two], [made])
            yield f"BATCH_MATMUL {first} {second} {'constant' if fixed else 'computed'}", maker.done(made)
    for stride in (1, 2):
        maker = Maker()
        made = maker.output((1, 6 * stride, 6 * stride, 4))
        inputs = [maker.integers(1, 6 * stride, 6 * stride, 4), maker.weights((4, 3, 3, 8)), maker.input((1, 6, 6, 8))]
        options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        maker.graph.operator("TRANSPOSE_CONV", inputs, [made], options)
        yield f"TRANSPOSE_CONV stride {stride}", maker.done(made)


def _bias(maker: Maker, dtype: str, count: int) -> int:
    kind = {"float32": "float32", "int16": "int64"}.get(dtype, "int32")
    scale = None if kind == "float32" else quantized([0.001], [0])
    return maker.graph.constant(np.zeros(count, kind), quantization=scale)


def pools() -> Iterator[Case]:
    for name in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
        for dtype, version in (("float32", 1), ("int8", 2), ("int16", 3)):
            for activation in ("NONE", "RELU"):
                maker = Maker()
                given, made = maker.input((1, 6, 6, 8), dtype), maker.output((1, 3, 3, 8), dtype)
                options = {"padding": "VALID", "stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
                options["fused_activation_function"] = activation
                maker.graph.operator(name, [given], [made], options, version=version)
                yield f"{name} {dtype} {activation} v{version}", maker.done(made)


def shapes() -> Iterator[Case]:
    for rank, sizes in SHAPES.items():
        maker = Maker()
        given, made = maker.input(sizes), maker.output((int(np.prod(sizes)),))
        maker.graph.operator("RESHAPE", [given, maker.integers(-1)], [made], {"new_shape": (-1,)})
        yield f"RESHAPE from rank {rank}", maker.done(made)
        maker = Maker()
        order = tuple(range(rank))[::-1]
        given, made = maker.input(sizes), maker.output(sizes[::-1])
        maker.graph.operator("TRANSPOSE", [given, maker.integers(*order)], [made])
        yield f"TRANSPOSE rank {rank}", maker.done(made)
        maker = Maker()
        given, made = maker.input(sizes), maker.output((*sizes, 1))
        maker.graph.operator("EXPAND_DIMS", [given, maker.integers(rank)], [made])
        yield f"EXPAND_DIMS from rank {rank}", maker.done(made)
        maker = Maker()
        pads = np.asarray([[0, 0]] * (rank - 1) + [[1, 2]], np.int32)
        for name, kept in (("PAD", 1), ("PADV2", 1), ("MIRROR_PAD", 1), ("PAD", 3)):
            maker = Maker()
            given, made = maker.input(sizes), maker.output((*sizes[:-1], sizes[-1] + 3))
            inputs = [given, maker.graph.constant(pads)]
            inputs += [maker.graph.constant(np.zeros((), np.float32))] if name == "PADV2" else []
            maker.graph.operator(name, inputs, [made], version=kept)
            yield f"{name} rank {rank} v{kept}", maker.done(made)
        maker = Maker()
        given, made = maker.input(sizes), maker.output(tuple(2 * size for size in sizes))
        maker.graph.operator("TILE", [given, maker.integers(*[2] * rank)], [made])
        yield f"TILE rank {rank}", maker.done(made)
        for axis in sorted({rank - 1, 0}):
            maker = Maker()
            wide = tuple(2 * size if place == axis else size for place, size in enumerate(sizes))
            pair, made = [maker.input(sizes), maker.input(sizes)], maker.output(wide)
            maker.graph.operator("CONCATENATION", pair, [made], {"axis": axis})
            yield f"CONCATENATION rank {rank} axis {axis}", maker.done(made)
            maker = Maker()
            pair, made = [maker.input(sizes), maker.input(sizes)], maker.output((*sizes[:axis], 2, *sizes[axis:]))
            maker.graph.operator("PACK", pair, [made], {"values_count": 2, "axis": axis})
            yield f"PACK rank {rank} axis {axis}", maker.done(made)
    for name in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        for align, half in ((False, False), (True, False), (False, True), (True, True)):
            maker = Maker()
            given, made = maker.input((1, 6, 6, 8)), maker.output((1, 12, 12, 8))
            options = {"align_corners": align, "half_pixel_centers": half}
            maker.graph.operator(name, [given, maker.integers(12, 12)], [made], options, version=3)
            yield f"{name} align {align} half {half}", maker.done(made)
    for name, size in (("DEPTH_TO_SPACE", 2), ("SPACE_TO_DEPTH", 2), ("SPACE_TO_DEPTH", 1)):
        maker = Maker()
        given = maker.input((1, 6, 6, 8))
        side, deep = (6 * size, 8 // size**2) if name == "DEPTH_TO_SPACE" else (6 // size, 8 * size**2)
        made = maker.output((1, side, side, deep))
        maker.graph.operator(name, [given], [made], {"block_size": size})
        yield f"{name} {size}", maker.done(made)
    maker = Maker()
    given, made = maker.input((1, 6, 1, 8)), maker.output((1, 6, 8))
    maker.graph.operator("SQUEEZE", [given], [made], {"squeeze_dims": (2,)})
    yield "SQUEEZE", maker.done(made)
    maker = Maker()
    given, made = maker.input((1, 1, 8)), maker.output((1, 6, 8))
    maker.graph.operator("BROADCAST_TO", [given, maker.integers(1, 6, 8)], [made])
    yield "BROADCAST_TO", maker.done(made)


def slices() -> Iterator[Case]:
    for rank, sizes in SHAPES.items():
        maker = Maker()
        given, made = maker.input(sizes), maker.output((*sizes[:-1], 4))
        starts, lengths = maker.integers(*[0] * rank), maker.integers(*sizes[:-1], 4)
        maker.graph.operator("SLICE", [given, starts, lengths], [made])
        yield f"SLICE rank {rank}", maker.done(made)
        for mask, value in (("", 0), ("shrink_axis_mask", 1), ("new_axis_mask", 1), ("ellipsis_mask", 1)):
            if mask == "shrink_axis_mask" and rank == 1:
                continue
            maker = Maker()
            kept = {"shrink_axis_mask": (*sizes[1:-1], 4), "new_axis_mask": (1, *sizes)}.get(mask, (*sizes[:-1], 4))
            given, made = maker.input(sizes), maker.output(kept)
            ends = maker.integers(*sizes[:-1], 4)
            inputs = [given, maker.integers(*[0] * rank), ends, maker.integers(*[1] * rank)]
            maker.graph.operator("STRIDED_SLICE", inputs, [made], {mask: value} if mask else {})
            yield f"STRIDED_SLICE rank {rank} {mask}", maker.done(made)
        maker = Maker()
        half = (*sizes[:-1], 4)
        given, one, two = maker.input(sizes), maker.output(half), maker.output(half)
        maker.graph.operator("SPLIT", [maker.integers(rank - 1), given], [one, two], {"num_splits": 2})
        yield f"SPLIT rank {rank}", maker.done(one, two)
        for indices in ((2,), (1, 2), ()):
            maker = Maker()
            given = maker.input(sizes)
            made = maker.output((*sizes[:-1], *indices))
            place = maker.graph.constant(np.zeros(indices, np.int32))
            maker.graph.operator("GATHER", [given, place], [made], {"axis": rank - 1})
            yield f"GATHER rank {rank} indices {indices}", maker.done(made)


def reductions() -> Iterator[Case]:
    for name in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY"):
        for keep in (False, True):
            for axes in ((1, 2), (3,), (1,)):
                maker = Maker()
                dtype = "bool" if name == "REDUCE_ANY" else "float32"
                sizes = [1 if place in axes else size for place, size in enumerate(SHAPES[4])]
                dropped = [size for place, size in enumerate(SHAPES[4]) if place not in axes]
                given, made = maker.input(SHAPES[4], dtype), maker.output(tuple(sizes if keep else dropped), dtype)
                maker.graph.operator(name, [given, maker.integers(*axes)], [made], {"keep_dims": keep})
                yield f"{name} axes {axes} keep {keep}", maker.done(made)


def kinds() -> Iterator[Case]:
    for given_kind in ("float32", "int32", "int64", "bool", "int8", "uint8"):
        for made_kind in ("float32", "int32", "int64", "bool"):
            maker = Maker()
            given, made = maker.input(SHAPES[2], given_kind), maker.output(SHAPES[2], made_kind)
            options = {"in_data_type": given_kind, "out_data_type": made_kind}
            maker.graph.operator("CAST", [given], [made], options)
            yield f"CAST {given_kind} {made_kind}", maker.done(made)
    for given_kind, made_kind in (("int8", "float32"), ("uint8", "float32"), ("int16", "float32")):
        for name, one, two in (("DEQUANTIZE", given_kind, made_kind), ("QUANTIZE", made_kind, given_kind)):
            maker = Maker()
            given, made = maker.input(SHAPES[4], one), maker.output(SHAPES[4], two)
            maker.graph.operator(name, [given], [made], version=2)
            yield f"{name} {one} {two}", maker.done(made)
    for name, out in (("ARG_MAX", (1,)), ("TOPK_V2", (1, 3))):
        maker = Maker()
        given, made = maker.input(SHAPES[2]), maker.output(out, "float32" if name == "TOPK_V2" else "int64")
        places = [maker.output(out, "int32")] if name == "TOPK_V2" else []
        constant = maker.graph.constant(np.asarray(3 if places else 1, np.int32))
        options = {} if places else {"output_type": "int64"}
        maker.graph.operator(name, [given, constant], [made, *places], options)
        yield name, maker.done(made, *places)
    for kind, axis in (("int32", -1), ("int64", -1)):
        maker = Maker()
        given, made = maker.input((1, 6), kind), maker.output((1, 6, 4))
        values = [maker.graph.constant(np.asarray(value, np.float32)) for value in (1, 0)]
        depth = maker.graph.constant(np.asarray(4, np.int32))
        maker.graph.operator("ONE_HOT", [given, depth, *values], [made], {"axis": axis})
        yield f"ONE_HOT {kind}", maker.done(made)
    maker = Maker()
    given, made = maker.input((1, 6), "int32"), maker.output((1, 6, 4))
    maker.graph.operator("GATHER", [maker.weights((9, 4)), given], [made], {"axis": 0})
    yield "GATHER of a table", maker.done(made)
    maker = Maker()
    given, made = maker.input((6,), "int32"), maker.output((6, 4))
    maker.graph.operator("EMBEDDING_LOOKUP", [given, maker.weights((9, 4))], [made])
    yield "EMBEDDING_LOOKUP", maker.done(made)
    for exclusive in (False, True):
        maker = Maker()
        given, made = maker.input(SHAPES[4]), maker.output(SHAPES[4])
        axis_ = maker.graph.constant(np.asarray(1, np.int32))
        maker.graph.operator("CUMSUM", [given, axis_], [made], {"exclusive": exclusive})
        yield f"CUMSUM exclusive {exclusive}", maker.done(made)


def compare() -> Iterator[Case]:
    """A comparison alone, before a CAST, before a SELECT_V2, and read by two."""
    for name in COMPARISONS:
        for after in ("nothing", "CAST", "SELECT_V2", "two"):
            maker = Maker()
            pair, flag = [maker.input(SHAPES[4]), maker.input(SHAPES[4])], maker.output(SHAPES[4], "bool")
            maker.graph.operator(name, pair, [flag])
            made = [flag]
            for step in {"nothing": (), "two": ("CAST", "SELECT_V2")}.get(after, (after,)):
                output = maker.output(SHAPES[4])
                inputs = [flag] if step == "CAST" else [flag, *pair]
                maker.graph.operator(step, inputs, [output])
                last = maker.output(SHAPES[4])
                maker.graph.operator("ABS", [output], [last])
                made = [last]
            yield f"{name} then {after}", maker.done(*made)
    for sizes in ((1, 6, 6, 8), (), (8,)):
        for fixed in (False, True):
            maker = Maker()
            flag, one = maker.input(SHAPES[4], "bool"), maker.input(SHAPES[4])
            two = maker.weights(sizes) if fixed else maker.input(sizes)
            made = maker.output(SHAPES[4])
            maker.graph.operator("SELECT_V2", [flag, one, two], [made])
            yield f"SELECT_V2 {sizes} {'constant' if fixed else 'computed'}", maker.done(made)
