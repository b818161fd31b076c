"""Convolutions, matrix products, pooling."""

import itertools
from dataclasses import replace

from operator_files.writer import ENUMS, T, i32, like, one, q

CONV = {"padding": "SAME", "stride_w": 1, "stride_h": 1}


def convolutions():
    def weights(dtype, shape, scales=1, axis=0, data=True, zero=0):
        quantized = dtype in ("int8", "uint8")
        return T(shape, dtype, data, (0.25,) * scales if quantized else (), zero + 128 * (dtype == "uint8"), axis)

    def bias(dtype, size=3, scales=1, data=True):
        return T((size,), dtype, data, (0.125,) * scales if dtype == "int32" else ())

    for given, kind, output, held in itertools.product(
        ("float32", "float16", "int8", "uint8", "int16"), ("float32", "float16", "int8", "uint8"),
        ("float32", "int8", "uint8", "float16"), ("float32", "int32", "float16"),
    ):  # fmt: skip
        if given != output and (given, output) not in (("float32", "int8"), ("int8", "float32")):
            continue
        for scales in (1, 3) if kind == "int8" else (1,):
            tensors = [like(given), weights(kind, (3, 3, 3, 2), scales), bias(held, 3, scales)]
            yield (
                f"CONV_2D {given} {kind}x{scales} {held} {output}",
                one("CONV_2D", tensors, [like(output, (1, 4, 4, 3))], **CONV),
            )
    f, w, b, out = T(), weights("float32", (3, 3, 3, 2)), bias("float32"), T((1, 4, 4, 3))
    for activation in ENUMS["fused_activation_function"]:
        yield f"CONV_2D {activation}", one("CONV_2D", [f, w, b], [out], **CONV, fused_activation_function=activation)
    for given in ("float32", "int8"):
        small = T((3, 3, 3, 2), "int4", True, (0.25,) * 3)
        held = bias("float32" if given == "float32" else "int32", 3, 3)
        yield f"CONV_2D {given} int4", one("CONV_2D", [like(given), small, held], [like(given, (1, 4, 4, 3))], **CONV)
    yield "CONV_2D no bias", one("CONV_2D", [f, w], [out], **CONV)
    yield "CONV_2D bias -1", one("CONV_2D", [f, w, None], [out], **CONV)
    yield "CONV_2D weights computed", one("CONV_2D", [f, replace(w, data=None), b], [out], **CONV)
    yield "CONV_2D bias computed", one("CONV_2D", [f, w, replace(b, data=None)], [out], **CONV)
    yield "CONV_2D groups", one("CONV_2D", [T((1, 4, 4, 4)), weights("float32", (4, 3, 3, 2)), bias("float32", 4)],
                                [T((1, 4, 4, 4))], **CONV)  # fmt: skip
    yield "CONV_2D dilated valid", one("CONV_2D", [T((1, 9, 9, 2)), w, b], [T((1, 5, 5, 3))], padding="VALID",
                                       stride_w=1, stride_h=1, dilation_w_factor=2, dilation_h_factor=2)  # fmt: skip
    yield "CONV_2D int8 zero point", one("CONV_2D", [like("int8"), weights("int8", (3, 3, 3, 2), 1, zero=3),
                                         bias("int32")], [like("int8", (1, 4, 4, 3))], **CONV)  # fmt: skip
    yield "CONV_2D int8 axis 3", one("CONV_2D", [like("int8"), weights("int8", (3, 3, 3, 3), 3, axis=3),
                                     bias("int32", 3, 3)], [like("int8", (1, 4, 4, 3))], **CONV)  # fmt: skip
    for given, kind, held, scales in itertools.product(
        ("float32", "int8", "uint8", "int16"), ("float32", "int8", "uint8"), ("float32", "int32"), (1, 2)
    ):
        tensors = [like(given), weights(kind, (1, 3, 3, 2), scales if kind == "int8" else 1, 3), bias(held, 2, scales)]
        yield (
            f"DEPTHWISE_CONV_2D {given} {kind}x{scales} {held}",
            one("DEPTHWISE_CONV_2D", tensors, [like(given)], **CONV, depth_multiplier=1),
        )
    for multiplier in (0, 1, 2, 3):
        yield f"DEPTHWISE_CONV_2D multiplier {multiplier}", one(
            "DEPTHWISE_CONV_2D", [f, weights("float32", (1, 3, 3, 4)), bias("float32", 4)], [T((1, 4, 4, 4))], **CONV,
            depth_multiplier=multiplier,
        )  # fmt: skip
    yield from transposed(weights, bias)


def transposed(weights, bias):
    for padding, stride, kernel, size in (
        ("SAME", 2, 3, 8), ("SAME", 2, 1, 8), ("SAME", 1, 3, 4),
        ("VALID", 2, 3, 9), ("VALID", 2, 2, 8), ("SAME", 3, 3, 12),
    ):  # fmt: skip
        for held in (None, "float32"):
            tensors = [i32(1, size, size, 3), weights("float32", (3, kernel, kernel, 2)), T()]
            tensors += [bias("float32")] if held else []
            yield f"TRANSPOSE_CONV {padding} {stride} {kernel} {size} {held}", one(
                "TRANSPOSE_CONV", tensors, [T((1, size, size, 3))], padding=padding, stride_w=stride, stride_h=stride,
                version=3 if held else 1,
            )  # fmt: skip
    for given, kind, scales in itertools.product(("float32", "int8", "uint8", "int16"), ("float32", "int8"), (1, 3)):
        tensors = [i32(1, 8, 8, 3), weights(kind, (3, 3, 3, 2), scales), like(given), bias("int32", 3, scales)]
        tensors = tensors if given != "float32" else [*tensors[:3], bias("float32")]
        yield (
            f"TRANSPOSE_CONV {given} {kind}x{scales}",
            one(
                "TRANSPOSE_CONV",
                tensors,
                [like(given, (1, 8, 8, 3))],
                padding="SAME",
                stride_w=2,
                stride_h=2,
                version=3,
            ),
        )
    yield "TRANSPOSE_CONV shape computed", one(
        "TRANSPOSE_CONV", [T((4,), "int32"), weights("float32", (3, 3, 3, 2)), T()], [T((1, 8, 8, 3))], padding="SAME",
        stride_w=2, stride_h=2,
    )  # fmt: skip


def products():
    for given, kind, held, scales in itertools.product(
        ("float32", "float16", "int8", "uint8", "int16"), ("float32", "float16", "int8", "uint8"),
        (None, "float32", "int32", "float16"), (1, 3),
    ):  # fmt: skip
        if scales == 3 and kind != "int8":
            continue
        quantized = kind in ("int8", "uint8")
        tensors = [
            like(given, (2, 4)),
            T((3, 4), kind, True, (0.25,) * scales if quantized else (), 128 * (kind == "uint8")),
        ]
        if held:
            tensors.append(T((3,), held, True, (0.125,) * scales if held == "int32" else ()))
        yield f"FULLY_CONNECTED {given} {kind}x{scales} {held}", one("FULLY_CONNECTED", tensors, [like(given, (2, 3))])
    f, w, b = T((2, 4)), T((3, 4), data=True), T((3,), data=True)
    for given, kind, channels, scales, held in itertools.product(
        ("float32", "float16", "int8"), ("int4", "int2"), (4, 6, 7), (1, 3), (None, "float32", "int32")
    ):
        weights = T((3, channels), kind, True, (0.25,) * scales)
        tensors = [like(given, (2, channels)), weights]
        tensors += [T((3,), held, True, (0.125,) * scales if held == "int32" else ())] if held else []
        yield (
            f"FULLY_CONNECTED {given} {kind}x{scales} {channels} {held}",
            one("FULLY_CONNECTED", tensors, [like(given, (2, 3))]),
        )
    yield "FULLY_CONNECTED keep", one("FULLY_CONNECTED", [T((1, 2, 4)), w, b], [T((1, 2, 3))], keep_num_dims=True)
    yield "FULLY_CONNECTED flat", one("FULLY_CONNECTED", [T((1, 2, 4)), w, b], [T((2, 3))])
    yield "FULLY_CONNECTED bias -1", one("FULLY_CONNECTED", [f, w, None], [T((2, 3))])
    yield "FULLY_CONNECTED weights computed", one("FULLY_CONNECTED", [f, replace(w, data=None), b], [T((2, 3))])
    yield "FULLY_CONNECTED bias computed", one("FULLY_CONNECTED", [f, w, replace(b, data=None)], [T((2, 3))])
    yield "FULLY_CONNECTED version 8", one("FULLY_CONNECTED", [f, w, b], [T((2, 3))], version=8)
    yield "FULLY_CONNECTED int8 weights zero point", one(
        "FULLY_CONNECTED",
        [like("int8", (2, 4)), q("int8", (3, 4), 0.25, 3, data=True), T((3,), "int32", True, (0.125,))],
        [like("int8", (2, 3))],
    )  # fmt: skip
    yield (
        "FULLY_CONNECTED dynamic weights zero point",
        one("FULLY_CONNECTED", [f, q("int8", (3, 4), 0.25, 3, data=True), b], [T((2, 3))]),
    )
    for activation in ENUMS["fused_activation_function"]:
        yield (
            f"FULLY_CONNECTED {activation}",
            one("FULLY_CONNECTED", [f, w, b], [T((2, 3))], fused_activation_function=activation),
        )
    for left, right, adjoined, constant in itertools.product(
        ("float32", "int8", "uint8", "int16", "float16"), ("float32", "int8", "uint8"), (False, True), (None, True)
    ):
        shape = (1, 3, 4) if adjoined else (1, 4, 3)
        other = replace(like(right, shape), data=constant)
        yield (
            f"BATCH_MATMUL {left} {right} {adjoined} {constant}",
            one("BATCH_MATMUL", [like(left, (1, 2, 4)), other], [like(left, (1, 2, 3))], adj_y=adjoined),
        )
    yield "BATCH_MATMUL adj_x", one("BATCH_MATMUL", [T((1, 4, 2)), T((1, 4, 3))], [T((1, 2, 3))], adj_x=True)
    yield (
        "BATCH_MATMUL int8 zero",
        one("BATCH_MATMUL", [like("int8", (1, 2, 4)), q("int8", (1, 4, 3), 0.5, 5)], [like("int8", (1, 2, 3))]),
    )


def pools():
    for name, kind, window, stride, padding in itertools.product(
        ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), ("float32", "float16", "int8", "uint8", "int16"), (1, 2, 4),
        (1, 2, 3), ("SAME", "VALID"),
    ):  # fmt: skip
        size = -(-4 // stride) if padding == "SAME" else -(-(4 - window + 1) // stride)
        yield f"{name} {kind} {window} {stride} {padding}", one(
            name, [like(kind)], [like(kind, (1, size, size, 2))], padding=padding, stride_w=stride, stride_h=stride,
            filter_width=window, filter_height=window,
        )  # fmt: skip
    for activation in ENUMS["fused_activation_function"]:
        yield f"MAX_POOL_2D {activation}", one(
            "MAX_POOL_2D", [T()], [T((1, 2, 2, 2))], padding="SAME", stride_w=2, stride_h=2, filter_width=2,
            filter_height=2, fused_activation_function=activation,
        )  # fmt: skip
