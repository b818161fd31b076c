"""Operators on elements: one input, two inputs, types, scales."""

import itertools
from dataclasses import replace

from operator_files.writer import ENUMS, TYPES, T, like, one, q

UNARY = (
    *("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LOGISTIC", "LOG", "NEG", "RELU", "RELU6"),
    *("RELU_N1_TO_1", "ROUND", "RSQRT", "SIN", "SQRT", "SQUARE", "TANH", "LOG_SOFTMAX", "L2_NORMALIZATION", "SIGN"),
    *("LOGICAL_NOT", "ZEROS_LIKE", "RELU_0_TO_1", "SHAPE", "RANK"),
)
BINARY = ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "PRELU", "POW", "FLOOR_DIV", "LESS")
BINARY += ("EQUAL", "FLOOR_MOD", "GREATER", "LOGICAL_AND", "ATAN2")


def elementwise():
    for name, kind in itertools.product(UNARY, (*TYPES, "bool")):
        output = like(kind) if name not in ("SHAPE", "RANK") else T((4,) if name == "SHAPE" else (), "int32")
        output = q(kind, scale=1 / 256, zero=-128) if name == "LOGISTIC" and kind == "int8" else output
        output = q(kind, scale=1 / 128) if name == "TANH" and kind in ("int8", "uint8") else output
        yield f"{name} {kind}", one(name, [like(kind)], [output])
    for name, rank in itertools.product(("TANH", "ABS"), (0, 1, 2, 5, 6, 7)):
        yield f"{name} rank {rank}", one(name, [T((2,) * rank)], [T((2,) * rank)])
    for alpha, kind, scale in itertools.product(
        (0.0, 0.1, 1e-40, -1.0, 300.0), ("float32", "int8", "uint8"), (0.5, 200.0)
    ):
        yield (
            f"LEAKY_RELU {alpha} {kind} {scale}",
            one("LEAKY_RELU", [like(kind)], [like(kind, scale=scale)], alpha=alpha),
        )
    yield "LEAKY_RELU int16", one("LEAKY_RELU", [like("int16")], [like("int16")], alpha=0.1)
    for approximate, kind in itertools.product((False, True), ("float32", "int8")):
        yield f"GELU {approximate} {kind}", one("GELU", [like(kind)], [like(kind)], approximate=approximate)
    for first, second in itertools.product(TYPES[:5], TYPES[:5]):
        yield f"QUANTIZE {first} {second}", one("QUANTIZE", [like(first)], [like(second)])
        yield f"DEQUANTIZE {first} {second}", one("DEQUANTIZE", [like(first)], [like(second)])
    for scale in (0.001, 0.002, 60.0, 70.0):
        yield f"QUANTIZE ratio {scale}", one("QUANTIZE", [like("int8")], [like("int8", scale=0.5 * scale)])
    for first, second in itertools.product(TYPES, TYPES):
        yield (
            f"CAST {first} {second}",
            one("CAST", [T(dtype=first)], [T(dtype=second)], in_data_type=first, out_data_type=second),
        )
    for name, kind in itertools.product(BINARY, (*TYPES, "bool")):
        output = T(dtype="bool") if name in ("LESS", "EQUAL", "GREATER", "LOGICAL_AND") else like(kind)
        right = replace(like(kind), data=True) if name == "PRELU" else like(kind)
        right = replace(right, shape=(1, 1, 2)) if name == "PRELU" else right
        yield f"{name} {kind}", one(name, [like(kind), right], [output])
    for name, shape in itertools.product(("ADD", "MUL", "DIV"), ((), (2,), (4, 2), (1, 1, 1, 2), (1, 4, 1, 1))):
        yield f"{name} broadcast {shape}", one(name, [T(), T(shape, data=True)], [T()])
        yield f"{name} broadcast left {shape}", one(name, [T(shape, data=True), T()], [T()])
        yield f"{name} broadcast computed {shape}", one(name, [T(), T(shape)], [T()])
    for rank in (5, 6, 7):
        yield f"ADD rank {rank}", one("ADD", [T((2,) * rank)] * 2, [T((2,) * rank)])
    for name, activation in itertools.product(("ADD", "SUB", "MUL", "DIV"), ENUMS["fused_activation_function"]):
        yield f"{name} {activation}", one(name, [T(), T()], [T()], fused_activation_function=activation)
    for name, scale in itertools.product(("ADD", "SUB", "MUL"), (1e-6, 1e-3, 0.5, 200.0, 1e3, 1e5)):
        yield f"{name} int8 scale {scale}", one(name, [like("int8"), like("int8")], [like("int8", scale=scale)])
    yield "PRELU computed", one("PRELU", [T(), T((1, 1, 2))], [T()])
    yield "PRELU whole", one("PRELU", [T(), T((1, 4, 4, 2), data=True)], [T()])
    yield "ADD float int8", one("ADD", [T(), like("int8")], [T()])
