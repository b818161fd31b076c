"""Operators that a delegate lacks, as several that it has."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import NONE, static

_GIVEN = {"CAST": "bool"}
"""Operator -> the type of its input where that is no float32."""
_MOST_CHOSEN = 4096
"""Elements of the constants that a SELECT chooses from."""

Steps = Callable[["_Writer"], None]


def for_gpu(graph: Graph) -> Sequence[str]:
    """RELU_0_TO_1, LOG_SOFTMAX, a SOFTMAX with another beta than 1 (gpu_compatibility.cc has none of them)."""
    return _decompose(graph, {"RELU_0_TO_1": _relu_0_to_1, "LOG_SOFTMAX": _log_softmax, "SOFTMAX": _scaled_softmax})


def for_nnapi(graph: Graph) -> Sequence[str]:
    """GELU by tanh, SQUARE, RELU_0_TO_1, CAST from bool (nnapi_delegate.cc, Validate, has none); GELU by erf stays."""
    table = {"GELU": _gelu, "SQUARE": _square, "RELU_0_TO_1": _relu_0_to_1, "CAST": _cast_of_bool}
    return _decompose(graph, table)


def _decompose(graph: Graph, table: Mapping[str, Steps]) -> Sequence[str]:
    done = []
    for operator in graph.named(*table):
        given, made = int(operator.inputs[0]), int(operator.outputs[0])
        kinds = (graph.dtype(given), graph.dtype(made))
        if not static(graph, operator) or kinds != (_GIVEN.get(graph.name(operator), "float32"), "float32"):
            continue
        writer = _Writer(graph, operator)
        table[graph.name(operator)](writer)
        if writer.finished:
            graph.remove(operator)
            done.append(graph.label(made))
    return done


class _Writer:
    """Operators in place of one, each as large as its input or broadcast to it."""

    def __init__(self, graph: Graph, operator: Any) -> None:
        self.graph, self.operator, self.options = graph, operator, operator.builtinOptions
        self.given, self.made = int(operator.inputs[0]), int(operator.outputs[0])
        self.shape = graph.shape(self.given)
        self.finished = False

    def add(self, name: str, *inputs: int | float, shape: Sequence[int] | None = None, **options: Any) -> int:
        """One operator; its output. Plain numbers become constants."""
        made = self.graph.new_tensor(self.shape if shape is None else shape, like=self.made)
        tensors = [self._tensor(held) for held in inputs]
        self.graph.add(name, tensors, (made,), before=self.operator, **options)
        return made

    def last(self, name: str, *inputs: int | float, **options: Any) -> None:
        """The one that makes the output."""
        self.graph.add(name, [self._tensor(h) for h in inputs], (self.made,), before=self.operator, **options)
        self.finished = True

    def _tensor(self, held: int | float) -> int:
        return held if isinstance(held, int) else self.graph.new_constant(np.array(held, np.float32))


def _relu_0_to_1(writer: _Writer) -> None:
    writer.last("MINIMUM", writer.add("RELU", writer.given), 1.0)


def _square(writer: _Writer) -> None:
    writer.last("MUL", writer.given, writer.given, fusedActivationFunction=NONE)


def _cast_of_bool(writer: _Writer) -> None:
    """SELECT between ones and zeros, which NNAPI takes in the condition's own shape alone."""
    if writer.shape and math.prod(writer.shape) <= _MOST_CHOSEN:
        held = [writer.graph.new_constant(fill(writer.shape, np.float32)) for fill in (np.ones, np.zeros)]
        writer.last("SELECT", writer.given, *held)


def _gelu(writer: _Writer) -> None:
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): what GELU's approximate form is."""
    if not writer.options.approximate:
        return
    x = writer.given
    square = writer.add("MUL", x, x)
    inner = writer.add("ADD", writer.add("MUL", square, 0.044715 * math.sqrt(2 / math.pi)), math.sqrt(2 / math.pi))
    bent = writer.add("TANH", writer.add("MUL", x, inner))
    writer.last("MUL", writer.add("MUL", x, 0.5), writer.add("ADD", bent, 1.0))


def _log_softmax(writer: _Writer) -> None:
    """x - max - log(sum(exp(x - max))) over the last axis."""
    narrow = (*writer.shape[:-1], 1)
    axis = writer.graph.new_constant(np.array([len(writer.shape) - 1], np.int32))
    largest = writer.add("REDUCE_MAX", writer.given, axis, shape=narrow, keepDims=True)
    shifted = writer.add("SUB", writer.given, largest)
    total = writer.add("SUM", writer.add("EXP", shifted), axis, shape=narrow, keepDims=True)
    writer.last("SUB", shifted, writer.add("LOG", total, shape=narrow))


def _scaled_softmax(writer: _Writer) -> None:
    if writer.options.beta != 1.0:
        writer.last("SOFTMAX", writer.add("MUL", writer.given, float(writer.options.beta)), beta=1.0)
