"""Recurrent networks without unrolling: marks in a converted file become operators (docs/recurrent.md).

litert-torch converts a network with marks in the place of its recurrent modules, litert-quantizer takes the file with
them, and `written` puts operators in their place, in the precision of the file around them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgekit.convert.recurrent_cells import Numbers, Ranges, compute
from edgekit.convert.recurrent_fused import write_fused
from edgekit.convert.recurrent_graph import Graph, new_model
from edgekit.convert.recurrent_looped import Written, write_looped
from edgekit.convert.recurrent_operators import Operators
from edgekit.convert.schema import Unknown, generated, pack, unpack
from edgekit.errors import ConvertError
from edgekit.recurrence import FORMS, Recurrence

MARK = "edgekit.recurrence."
"""A STABLEHLO_COMPOSITE named MARK, number, dot and one of OUTPUTS stands for that output of that recurrence.

Its inputs: frames (N, T, inputs) and, where it is masked, a mask (N, T).
"""
OUTPUTS = ("sequence", "states", "cells")
"""Of all steps (N, T, width x directions); each cell's last state, and an LSTM's last cell, (cells, N, width)."""
LOOPED = 'recurrent = "looped"'
_WRITE = {"looped": write_looped, "fused": write_fused}


def check(recurrences: Sequence[Recurrence], form: str, precision: str) -> None:
    """Raises ConvertError for what a form does not compute."""
    if precision not in FORMS.get(form, ()):
        raise ConvertError(
            f"the {form} form is not written in {precision}: {', '.join(FORMS.get(form, ())) or 'none'} are",
            f"forms in {precision}: {', '.join(['unrolled', *(name for name in FORMS if precision in FORMS[name])])}",
        )
    if form == "fused" and any(recurrence.kind != "lstm" for recurrence in recurrences):
        raise ConvertError("TFLite has a fused operator for LSTMs only, and the network has a GRU", LOOPED)


def check_marks(content: bytes, count: int) -> None:
    """Raises ConvertError unless the main graph runs each of `count` recurrences once."""
    model = _opened(content)
    marks = _marks(model)
    names = [mark.name for _, mark in marks]
    inputs = {(mark.number, tuple(operator.inputs.tolist())) for operator, mark in marks}
    every = sum(_mark(model, operator) is not None for graph in model.subgraphs for operator in graph.operators)
    if len(names) != len(set(names)) or len(inputs) != count or every != len(marks):
        raise ConvertError(
            f"the network has {count} recurrent modules, and its graph runs them {len(inputs)} times",
            'modules that run several times, or never, need recurrent = "unrolled"',
        )


def written(
    content: bytes, recurrences: Sequence[Recurrence], form: str, precision: str, ranges: Sequence[Ranges] = ()
) -> bytes:
    """The file with operators in the place of its marks; `ranges`, one a recurrence, are needed for int8."""
    check(recurrences, form, precision)
    model = _opened(content)
    marks = _marks(model)
    main = model.subgraphs[0]
    for number, recurrence in enumerate(recurrences):
        ops = Operators(Graph(model, main, f"{MARK}{number}"), precision, ranges[number] if ranges else {})
        mine = [(operator, mark.output) for operator, mark in marks if mark.number == number]
        place = next(index for index, operator in enumerate(main.operators) if operator is mine[0][0])
        replaced = {id(operator) for operator, _ in mine}
        before, after = main.operators[:place], main.operators[place:]
        after = [operator for operator in after if id(operator) not in replaced]
        main.operators = before + after
        _replace(ops, main, {what: int(operator.outputs[0]) for operator, what in mine}, mine[0][0], recurrence, form)
        main.operators = before + ops.graph.operators + after
    _without(model, {operator.builtinOptions2.decompositionSubgraphIndex for operator, _ in marks})
    _drop_unused(main)
    return pack(model)


def direct(
    recurrence: Recurrence,
    form: str,
    precision: str,
    shape: tuple[int, int, int],
    *,
    outputs: Sequence[str] = ("sequence", "states"),
    ranges: Ranges | None = None,
) -> bytes:
    """A file of nothing but the recurrence: frames of `shape` (N, T, inputs), and its mask, to `outputs`.

    `outputs`: of sequence (N, T, ...), states and cells (cells, N, width). int8 files take and give int8.
    """
    check((recurrence,), form, precision)
    model = new_model()
    graph = Graph.new(model, "main")
    graph.prefix = f"{MARK}0"
    ops = Operators(graph, precision, ranges or {})
    frames, mask = ops.value(shape, "frames"), ops.value(shape[:2], "mask") if recurrence.masked else None
    made = _WRITE[form](ops, recurrence, frames, mask, sequence="sequence" in outputs)
    results = [_result(ops, made, output) for output in outputs]
    graph.borders([frames] if mask is None else [frames, mask], results)
    _drop_unused(graph.graph)
    return pack(model)


def ranges_of(recurrence: Recurrence, frames: Any, mask: Any = None) -> Ranges:
    """What int8 needs: the range of everything inside, over samples (N, T, inputs) and their mask (N, T)."""
    numbers = Numbers()
    numbers.ranges["frames"] = (min(0.0, float(frames.min())), max(0.0, float(frames.max())))
    numbers.ranges["mask"] = (0.0, 1.0)
    compute(recurrence, frames, mask, numbers)
    return numbers.ranges


def inputs_of(content: bytes) -> dict[int, tuple[int, ...]]:
    """Number of a recurrence -> the main graph's tensors that it takes."""
    return {mark.number: tuple(operator.inputs.tolist()) for operator, mark in _marks(_opened(content))}


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    number: int
    output: str


def _opened(content: bytes) -> Any:
    try:
        return unpack(content)
    except Unknown as error:
        raise ConvertError(f"no recurrent form is written into this file: {error}", 'recurrent = "unrolled"') from error


def _marks(model: Any) -> list[tuple[Any, _Mark]]:
    """Those of the main graph, in order."""
    found = ((operator, _mark(model, operator)) for operator in model.subgraphs[0].operators)
    return [(operator, mark) for operator, mark in found if mark is not None]


def _mark(model: Any, operator: Any) -> _Mark | None:
    code = model.operatorCodes[operator.opcodeIndex]
    if code.builtinCode != generated().BuiltinOperator.STABLEHLO_COMPOSITE:
        return None
    name = operator.builtinOptions2.name.decode()
    if not name.startswith(MARK):
        return None
    number, _, output = name.removeprefix(MARK).partition(".")
    return _Mark(name, int(number), output)


def _replace(ops: Operators, main: Any, wanted: dict[str, int], mark: Any, recurrence: Recurrence, form: str) -> None:
    """`wanted`: output -> the tensor that is to hold it."""
    inputs = mark.inputs.tolist()
    if ops.integer:
        inputs = [_integers(ops, main, index, name) for index, name in zip(inputs, ("frames", "mask"), strict=False)]
    mask = inputs[1] if recurrence.masked else None
    if form == "fused" and "cells" in wanted:
        raise ConvertError("the fused operator does not give an LSTM's last cell, which the network uses", LOOPED)
    if form == "fused" and mask is not None and "sequence" in wanted:
        raise ConvertError("the fused operator does not hold outputs where the mask is 0", LOOPED)
    made = _WRITE[form](ops, recurrence, inputs[0], mask, sequence="sequence" in wanted)
    for output, index in wanted.items():
        _give(ops, main, index, _result(ops, made, output))


def _result(ops: Operators, made: Written, output: str) -> int:
    if output == "sequence":
        assert made.sequence is not None
        return made.sequence
    return _stacked(ops, made, OUTPUTS.index(output) - 1)


def _stacked(ops: Operators, made: Written, which: int) -> int:
    """(cells, N, width) of every cell's last state (0) or LSTM cell (1)."""
    if which and ops.integer and len(made.states) > 1:
        raise ConvertError("in int8 the last cells of several LSTM layers have a scale each", 'recurrent = "unrolled"')
    return ops.concatenate([ops.reshape(state[which], (1, *ops.graph.shape(state[which]))) for state in made.states], 0)


def _integers(ops: Operators, main: Any, index: int, name: str) -> int:
    """The int8 tensor behind a float one that was made from it; else one that is made here."""
    codes, dequantize = ops.graph.model.operatorCodes, generated().BuiltinOperator.DEQUANTIZE
    for operator in main.operators:
        if index in operator.outputs and codes[operator.opcodeIndex].builtinCode == dequantize:
            source = int(operator.inputs[0])
            if main.tensors[source].type == generated().TensorType.INT8:
                return source
    return ops.graph.add("QUANTIZE", [index], [ops.value(ops.graph.shape(index), name)])


def _give(ops: Operators, main: Any, index: int, result: int) -> None:
    """The mark's output `index` becomes what computes `result`. In int8 who wants floats gets them."""
    if not ops.integer:
        for made in ops.graph.operators:
            made.inputs = np.where(made.inputs == result, index, made.inputs).astype(np.int32)
            made.outputs = np.where(made.outputs == result, index, made.outputs).astype(np.int32)
        return
    floats = index in main.outputs
    for other in main.operators:
        if index not in other.inputs:
            continue
        if ops.graph.model.operatorCodes[other.opcodeIndex].builtinCode == generated().BuiltinOperator.QUANTIZE:
            other.inputs = np.array([result], np.int32)
            other.opcodeIndex = ops.graph.code("QUANTIZE", 2)  # from int8 to int8
        else:
            floats = True
    if floats:
        ops.graph.add("DEQUANTIZE", [result], [index], 2)


def _without(model: Any, gone: set[int]) -> None:
    """Remove subgraphs; whatever names another one by its number follows."""
    left = [place for place in range(len(model.subgraphs)) if place not in gone]
    places: Mapping[int, int] = {old: new for new, old in enumerate(left)}
    model.subgraphs = [model.subgraphs[place] for place in left]
    holders = [entry for entry in model.signatureDefs or []]
    for graph in model.subgraphs:
        for operator in graph.operators:
            holders += [
                options for options in (operator.builtinOptions, operator.builtinOptions2) if options is not None
            ]
    for holder in holders:
        for key, value in vars(holder).items():
            if key.lower().endswith("subgraphindex") and value in places:
                setattr(holder, key, places[value])


def _drop_unused(main: Any) -> None:
    """DEQUANTIZE operators whose floats nobody takes any more; the last first."""
    while True:
        taken = set(main.outputs.tolist()) | {index for op in main.operators for index in op.inputs.tolist()}
        kept = [
            op for op in main.operators if any(i in taken or main.tensors[i].isVariable for i in op.outputs.tolist())
        ]
        if len(kept) == len(main.operators):
            return
        main.operators = kept
