"""Operators on shapes: joined, reduced, padded, cut, turned."""

import itertools

import numpy as np

from operator_files.writer import TYPES, T, i32, like, one, q


def shapes():
    for count, kind in itertools.product((1, 2, 5, 6), ("float32", "int8", "uint8", "int16", "int32")):
        yield (
            f"CONCATENATION {count} {kind}",
            one("CONCATENATION", [like(kind)] * count, [like(kind, (1, 4, 4, 2 * count))], axis=3),
        )
    yield "CONCATENATION axis -1", one("CONCATENATION", [T(), T()], [T((1, 4, 4, 4))], axis=-1)
    for kind in ("int8", "uint8"):
        yield (
            f"CONCATENATION {kind} scales",
            one("CONCATENATION", [like(kind), like(kind, scale=0.25)], [like(kind, (1, 4, 4, 4))], axis=3),
        )
    for block, kind in itertools.product((1, 2), ("float32", "int8", "uint8", "int16", "int32")):
        yield (
            f"DEPTH_TO_SPACE {block} {kind}",
            one(
                "DEPTH_TO_SPACE",
                [like(kind, (1, 2, 2, 4))],
                [like(kind, (1, 2 * block, 2 * block, 4 // block**2))],
                block_size=block,
            ),
        )
        yield (
            f"SPACE_TO_DEPTH {block} {kind}",
            one(
                "SPACE_TO_DEPTH",
                [like(kind)],
                [like(kind, (1, 4 // block, 4 // block, 2 * block**2))],
                block_size=block,
            ),
        )
    for name, kind, keep, axes in itertools.product(
        ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), ("float32", "int8", "uint8", "int16", "int32"),
        (False, True),
        ((1, 2), (3,), (0,), (-1,), (1,)),
    ):  # fmt: skip
        reduced = {axis % 4 for axis in axes}
        shape = tuple(1 if k in reduced else s for k, s in enumerate((1, 4, 4, 2)) if keep or k not in reduced)
        yield f"{name} {kind} {keep} {axes}", one(name, [like(kind), i32(*axes)], [like(kind, shape)], keep_dims=keep)
    for name, rank, axes, keep in itertools.product(
        ("MEAN", "SUM"), (2, 3, 4, 5),
        ((0,), (1,), (2,), (-1,), (1, 2), (2, 1), (0, 1), (2, 3), (-2, -1), (1, 3), (1, 2, 3)),
        (False, True),
    ):  # fmt: skip
        if any(not -rank <= axis < rank for axis in axes) or len({axis % rank for axis in axes}) < len(axes):
            continue
        reduced, whole = {axis % rank for axis in axes}, (2, 4, 4, 2, 3)[:rank]
        shape = tuple(1 if k in reduced else s for k, s in enumerate(whole) if keep or k not in reduced)
        yield f"{name} rank {rank} {axes} {keep}", one(name, [T(whole), i32(*axes)], [T(shape)], keep_dims=keep)
    yield "MEAN no axis", one("MEAN", [T(), T((0,), "int32", data=())], [T()], keep_dims=True)
    yield "MEAN scalar axis", one("MEAN", [T(), i32(1, shape=())], [T((1, 4, 2))])
    yield "MEAN axes computed", one("MEAN", [T(), T((1,), "int32")], [T((1, 4, 2))])
    yield "MEAN int8 scale", one("MEAN", [like("int8"), i32(1, 2)], [like("int8", (1, 2), scale=0.1)])
    for kind, pads in itertools.product(
        ("float32", "int8", "uint8", "int16", "int32"), ((0, 0, 1, 1, 1, 2, 0, 0), (0, 0, 0, 0, 0, 0, 1, 1))
    ):
        shape = tuple(s + pads[2 * k] + pads[2 * k + 1] for k, s in enumerate((1, 4, 4, 2)))
        yield f"PAD {kind} {pads}", one("PAD", [like(kind), i32(*pads, shape=(4, 2))], [like(kind, shape)])
    yield "PAD int64", one("PAD", [T(), i32(0, 0, 1, 1, 1, 2, 0, 0, shape=(4, 2), dtype="int64")], [T((1, 6, 7, 2))])
    yield "PAD computed", one("PAD", [T(), T((4, 2), "int32")], [T()])
    yield "PADV2", one("PADV2", [T(), i32(0, 0, 1, 1, 1, 1, 0, 0, shape=(4, 2)), T((), data=(0.0,))], [T((1, 6, 6, 2))])
    yield "MIRROR_PAD", one("MIRROR_PAD", [T(), i32(0, 0, 1, 1, 1, 1, 0, 0, shape=(4, 2))], [T((1, 6, 6, 2))])
    for kind in TYPES:
        yield f"RESHAPE {kind}", one("RESHAPE", [like(kind), i32(1, 32)], [like(kind, (1, 32))])
        yield f"TRANSPOSE {kind}", one("TRANSPOSE", [like(kind), i32(0, 3, 1, 2)], [like(kind, (1, 2, 4, 4))])
        yield f"SLICE {kind}", one("SLICE", [like(kind), i32(0, 1, 1, 0), i32(1, 2, 2, 2)], [like(kind, (1, 2, 2, 2))])
        yield (
            f"STRIDED_SLICE {kind}",
            one(
                "STRIDED_SLICE",
                [like(kind), i32(0, 1, 1, 0), i32(1, 3, 3, 2), i32(1, 1, 1, 1)],
                [like(kind, (1, 2, 2, 2))],
            ),
        )
        yield f"RESIZE_BILINEAR {kind}", one("RESIZE_BILINEAR", [like(kind), i32(8, 8)], [like(kind, (1, 8, 8, 2))])
        yield (
            f"SOFTMAX {kind}",
            one(
                "SOFTMAX",
                [like(kind)],
                [like(kind) if kind != "int8" else q("int8", scale=1 / 256, zero=-128)],
                beta=1.0,
            ),
        )
        yield f"EXPAND_DIMS {kind}", one("EXPAND_DIMS", [like(kind), i32(0)], [like(kind, (1, 1, 4, 4, 2))])
        yield f"SQUEEZE {kind}", one("SQUEEZE", [like(kind)], [like(kind, (4, 4, 2))])
        yield f"GATHER {kind}", one("GATHER", [like(kind), i32(0, 1)], [like(kind, (1, 4, 4, 2))], axis=3)
        yield (
            f"SPLIT {kind}",
            one("SPLIT", [i32(3, shape=()), like(kind)], [like(kind, (1, 4, 4, 1))] * 2, num_splits=2),
        )
        yield f"PACK {kind}", one("PACK", [like(kind)] * 2, [like(kind, (2, 1, 4, 4, 2))], values_count=2, axis=0)
        yield f"UNPACK {kind}", one("UNPACK", [like(kind)], [like(kind, (1, 4, 4))] * 2, num=2, axis=3)
        yield f"TILE {kind}", one("TILE", [like(kind), i32(1, 1, 1, 2)], [like(kind, (1, 4, 4, 4))])
        yield (
            f"RESIZE_NEAREST_NEIGHBOR {kind}",
            one("RESIZE_NEAREST_NEIGHBOR", [like(kind), i32(8, 8)], [like(kind, (1, 8, 8, 2))]),
        )
        yield (
            f"ARG_MAX {kind}",
            one("ARG_MAX", [like(kind), i32(3, shape=())], [T((1, 4, 4), "int32")], output_type="int32"),
        )
        yield f"CUMSUM {kind}", one("CUMSUM", [like(kind), i32(1, shape=())], [like(kind)])
    yield "RESHAPE option", one("RESHAPE", [T()], [T((1, 32))], new_shape=np.array([1, 32], np.int32))
    yield "RESHAPE option -1", one("RESHAPE", [T()], [T((32,))], new_shape=np.array([-1], np.int32))
    yield "RESHAPE -1", one("RESHAPE", [T(), i32(-1)], [T((32,))])
    yield "RESHAPE 2 -1", one("RESHAPE", [T(), i32(2, -1)], [T((2, 16))])
    yield "RESHAPE computed", one("RESHAPE", [T(), T((2,), "int32")], [T((1, 32))])
    yield "RESHAPE int64 shape", one("RESHAPE", [T(), i32(1, 32, dtype="int64")], [T((1, 32))])
    yield "RESHAPE int8 scales", one("RESHAPE", [like("int8"), i32(1, 32)], [like("int8", (1, 32), scale=0.25)])
    yield "RESHAPE rank 7", one("RESHAPE", [T(), i32(1, 1, 1, 1, 1, 1, 32)], [T((1, 1, 1, 1, 1, 1, 32))])
    yield "TRANSPOSE computed", one("TRANSPOSE", [T(), T((4,), "int32")], [T((1, 2, 4, 4))])
    yield "TRANSPOSE rank 5", one("TRANSPOSE", [T((1, 2, 3, 4, 5)), i32(0, 4, 3, 2, 1)], [T((1, 5, 4, 3, 2))])
    for size in ((1, -1, 2, 2), (1, 2, 2, 2)):
        yield (
            f"SLICE size {size}",
            one("SLICE", [T(), i32(0, 1, 1, 0), i32(*size)], [T((1, 3 if -1 in size else 2, 2, 2))]),
        )
    yield (
        "SLICE int64 edges",
        one("SLICE", [T(), i32(0, 1, 1, 0, dtype="int64"), i32(1, 2, 2, 2, dtype="int64")], [T((1, 2, 2, 2))]),
    )
    yield "SLICE computed", one("SLICE", [T(), T((4,), "int32"), i32(1, 2, 2, 2)], [T((1, 2, 2, 2))])
    edges = [T(), i32(0, 1, 1, 0), i32(1, 3, 3, 2)]
    for name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"):
        shape = {"begin_mask": (1, 2, 2, 2), "end_mask": (1, 2, 2, 2), "shrink_axis_mask": (2, 2, 2)}.get(
            name, (1, 2, 2, 2)
        )
        yield f"STRIDED_SLICE {name}", one("STRIDED_SLICE", [*edges, i32(1, 1, 1, 1)], [T(shape)], **{name: 1})
    yield (
        "STRIDED_SLICE stride 2",
        one("STRIDED_SLICE", [T(), i32(0, 0, 0, 0), i32(1, 4, 4, 2), i32(1, 2, 2, 1)], [T((1, 2, 2, 2))]),
    )
    yield (
        "STRIDED_SLICE negative",
        one("STRIDED_SLICE", [T(), i32(0, -3, 1, 0), i32(1, -1, 3, 2), i32(1, 1, 1, 1)], [T((1, 2, 2, 2))]),
    )
    yield "STRIDED_SLICE fewer", one("STRIDED_SLICE", [T(), i32(0, 1), i32(1, 3), i32(1, 1)], [T((1, 2, 4, 2))])
    for corners, centres in ((False, False), (True, False), (False, True)):
        yield (
            f"RESIZE_BILINEAR {corners} {centres}",
            one(
                "RESIZE_BILINEAR",
                [T(), i32(8, 8)],
                [T((1, 8, 8, 2))],
                align_corners=corners,
                half_pixel_centers=centres,
            ),
        )
    yield "RESIZE_BILINEAR computed", one("RESIZE_BILINEAR", [T(), T((2,), "int32")], [T((1, 8, 8, 2))])
    for beta in (0.0, 1.0, 2.0):
        yield f"SOFTMAX beta {beta}", one("SOFTMAX", [T()], [T()], beta=beta)
    for count in (1, 2, 3, 4, 5):
        yield (
            f"SPLIT {count}",
            one("SPLIT", [i32(3, shape=()), T((1, 4, 4, count))], [T((1, 4, 4, 1))] * count, num_splits=count),
        )
    yield "SPLIT axis -1", one("SPLIT", [i32(-1, shape=()), T()], [T((1, 4, 4, 1))] * 2, num_splits=2)
    yield "SPLIT_V", one("SPLIT_V", [T(), i32(1, 1), i32(3, shape=())], [T((1, 4, 4, 1))] * 2, num_splits=2)
    yield "SPACE_TO_DEPTH uneven", one("SPACE_TO_DEPTH", [T((1, 5, 4, 1))], [T((1, 2, 2, 4))], block_size=2)
