"""Several operators: constants that are unpacked, order, variables, sizes known at run time."""

from operator_files.writer import Op, T, file, i32, q


def chains():
    """Several operators: constants that are unpacked, nodes left behind between others, order."""
    weights, bias = T((3, 4), "float16", True), T((3,), "float16", True)
    yield (
        "fp16 weights and bias",
        file(
            [T((2, 4)), weights, T((3, 4)), bias, T((3,)), T((2, 3))],
            [Op("DEQUANTIZE", (1,), (2,)), Op("DEQUANTIZE", (3,), (4,)), Op("FULLY_CONNECTED", (0, 2, 4), (5,))],
        ),
    )
    yield (
        "fp16 weights alone",
        file(
            [T((2, 4)), weights, T((3, 4)), T((3,), data=True), T((2, 3))],
            [Op("DEQUANTIZE", (1,), (2,)), Op("FULLY_CONNECTED", (0, 2, 3), (4,))],
        ),
    )
    yield (
        "fp16 bias alone",
        file(
            [T((2, 4)), T((3, 4), data=True), bias, T((3,)), T((2, 3))],
            [Op("DEQUANTIZE", (2,), (3,)), Op("FULLY_CONNECTED", (0, 1, 3), (4,))],
        ),
    )
    yield (
        "fp16 constant added",
        file(
            [T((2, 4)), T((4,), "float16", True), T((4,)), T((2, 4))],
            [Op("DEQUANTIZE", (1,), (2,)), Op("ADD", (0, 2), (3,))],
        ),
    )
    yield (
        "fp16 constant to a node on the CPU",
        file(
            [T((2, 4)), T((4,), "float16", True), T((4,)), T((2, 4)), T((2, 4))],
            [Op("DEQUANTIZE", (1,), (2,)), Op("ADD", (0, 2), (3,)), Op("POW", (3, 2), (4,))],
        ),
    )
    yield (
        "int8 constant unpacked",
        file(
            [T((2, 4)), q("int8", (4,), data=True), T((4,)), T((2, 4))],
            [Op("DEQUANTIZE", (1,), (2,)), Op("ADD", (0, 2), (3,))],
        ),
    )
    yield "fp16 constant is an output", file([T((3,), "float16", True), T((3,))], [Op("DEQUANTIZE", (0,), (1,))])
    yield (
        "left, taken, left, taken",
        file(
            [T(), T(), T(), T(), T()],
            [Op("POW", (0, 0), (1,)), Op("ABS", (1,), (2,)), Op("POW", (2, 2), (3,)), Op("ABS", (3,), (4,))],
        ),
    )
    yield (
        "two branches",
        file(
            [T(), T(), T(), T(), T(), T()],
            [
                Op("ABS", (0,), (1,)),
                Op("POW", (1, 1), (2,)),
                Op("NEG", (0,), (3,)),
                Op("ADD", (2, 3), (4,)),
                Op("ABS", (4,), (5,)),
            ],
        ),
    )
    yield (
        "branch first left",
        file(
            [T(), T(), T(), T(), T()],
            [Op("POW", (0, 0), (1,)), Op("ABS", (0,), (2,)), Op("NEG", (2,), (3,)), Op("ADD", (1, 3), (4,))],
        ),
    )
    yield "all left", file([T(), T(), T()], [Op("POW", (0, 0), (1,)), Op("POW", (1, 1), (2,))])
    yield "an input twice", file([T(), T(), T()], [Op("ADD", (0, 0), (1,)), Op("MUL", (1, 1), (2,))])


def variables():
    """Variables: handles, reading, writing, and handles that nobody uses."""
    handle, value = T((), "resource"), T((1, 3))
    named = {"container": b"", "shared_name": b"v"}
    yield (
        "variable read",
        file(
            [handle, value, T((1, 3))],
            [Op("VAR_HANDLE", (), (0,), named), Op("READ_VARIABLE", (0,), (1,)), Op("ABS", (1,), (2,))],
        ),
    )
    yield "variable read and written", file(
        [handle, value, T((1, 3)), T((1, 3))],
        [Op("VAR_HANDLE", (), (0,), named), Op("READ_VARIABLE", (0,), (1,)), Op("ADD", (1, 2), (3,)),
         Op("ASSIGN_VARIABLE", (0, 3), ())],
    )  # fmt: skip
    yield "variable of two types", file(
        [handle, value, T((1, 4)), T((1, 3)), T((1, 4))],
        [Op("VAR_HANDLE", (), (0,), named), Op("READ_VARIABLE", (0,), (1,)), Op("READ_VARIABLE", (0,), (2,)),
         Op("ABS", (1,), (3,)), Op("ABS", (2,), (4,))],
    )  # fmt: skip
    yield (
        "variable of int32",
        file(
            [handle, T((1, 3), "int32"), T((1, 3), "int32")],
            [Op("VAR_HANDLE", (), (0,), named), Op("READ_VARIABLE", (0,), (1,)), Op("ABS", (1,), (2,))],
        ),
    )
    yield (
        "variable without shape",
        file(
            [handle, T(()), T(())],
            [Op("VAR_HANDLE", (), (0,), named), Op("READ_VARIABLE", (0,), (1,)), Op("ABS", (1,), (2,))],
        ),
    )
    yield "variables beside each other", file(
        [handle, handle, value, value, T((1, 3)), T((1, 3))],
        [Op("VAR_HANDLE", (), (0,), named), Op("VAR_HANDLE", (), (1,), {"container": b"", "shared_name": b"w"}),
         Op("READ_VARIABLE", (0,), (2,)), Op("READ_VARIABLE", (1,), (3,)), Op("POW", (2, 2), (4,)),
         Op("ADD", (3, 4), (5,)), Op("ASSIGN_VARIABLE", (0, 5), ()), Op("ASSIGN_VARIABLE", (1, 4), ())],
    )  # fmt: skip


def sizes():
    """ABS, and beside it an operator whose size is computed at run time, or before it."""

    def behind(name, extra, output, **options):
        places = tuple(range(1, 2 + len(extra)))
        return file([T(), T(), *extra, output], [Op("ABS", (0,), (1,)), Op(name, places, (2 + len(extra),), options)])

    def listed(size, kind="int32"):
        return T((size,), kind)

    yield "size of RESHAPE", behind("RESHAPE", [listed(2)], T((1, 32)))
    yield "size of PAD", behind("PAD", [T((4, 2), "int32")], T())
    yield "size of MIRROR_PAD", behind("MIRROR_PAD", [T((4, 2), "int32")], T())
    yield "size of SLICE", behind("SLICE", [i32(0, 0, 0, 0), listed(4)], T((1, 2, 2, 2)))
    yield (
        "size of STRIDED_SLICE",
        behind("STRIDED_SLICE", [listed(4), i32(1, 3, 3, 2), i32(1, 1, 1, 1)], T((1, 2, 2, 2))),
    )
    yield "size of TRANSPOSE", behind("TRANSPOSE", [listed(4)], T((1, 2, 4, 4)))
    yield "size of MEAN", behind("MEAN", [listed(1)], T((1, 4, 2)))
    yield "size of TILE", behind("TILE", [listed(4)], T())
    yield "size of RESIZE_BILINEAR", behind("RESIZE_BILINEAR", [listed(2)], T((1, 8, 8, 2)))
    yield "size of EXPAND_DIMS", behind("EXPAND_DIMS", [T((), "int32")], T((1, 1, 4, 4, 2)))
    yield "size of GATHER", behind("GATHER", [listed(2)], T((1, 4, 4, 2)), axis=3)
    yield "size of CUMSUM", behind("CUMSUM", [T((), "int32")], T())
    yield "size of ARG_MAX", behind("ARG_MAX", [T((), "int32")], T((1, 4, 4), "int32"), output_type="int32")
    first, shape = Op("ABS", (0,), (1,)), Op("SHAPE", (1,), (2,), {"out_type": "int32"})
    four = T((4,), "int32")
    yield "WHERE beside", file([T(), T(), T(dtype="bool"), T((4, 4), "int64")], [first, Op("WHERE", (2,), (3,))])
    yield "FILL beside", file([T(), T(), listed(2), T((), data=(1.0,)), T((1, 1))], [first, Op("FILL", (2, 3), (4,))])
    yield "shape known", file([T(), T(), four, T()], [first, shape, Op("RESHAPE", (1, 2), (3,))])
    for name in ("ADD", "MUL", "MAXIMUM", "FLOOR_DIV"):
        yield (
            f"shape through {name}",
            file(
                [T(), T(), four, i32(1, 1, 1, 1), four, T()],
                [first, shape, Op(name, (2, 3), (4,)), Op("RESHAPE", (1, 4), (5,))],
            ),
        )
    for name, given in (("GATHER", i32(0, 1, 2, 3)), ("TILE", i32(1)), ("RESHAPE", i32(4)), ("TRANSPOSE", i32(0))):
        yield (
            f"shape through {name}",
            file(
                [T(), T(), four, given, four, T()], [first, shape, Op(name, (2, 3), (4,)), Op("RESHAPE", (1, 4), (5,))]
            ),
        )
    yield (
        "shape through PACK",
        file(
            [T(), T(), T((), "int32", (1,)), T((), "int32", (32,)), listed(2), T((1, 32))],
            [first, Op("PACK", (2, 3), (4,), {"values_count": 2, "axis": 0}), Op("RESHAPE", (1, 4), (5,))],
        ),
    )
    yield (
        "shape of a tensor without one",
        file(
            [T(), T(), four, T(), four, T()],
            [
                first,
                Op("RESHAPE", (1, 2), (3,)),
                Op("SHAPE", (3,), (4,), {"out_type": "int32"}),
                Op("RESHAPE", (1, 4), (5,)),
            ],
        ),
    )
