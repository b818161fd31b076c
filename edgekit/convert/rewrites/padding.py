"""PAD and the convolution after it: one operator where the paddings are the same, two where a delegate wants them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.convert.rewrites.graph import Graph
from edgekit.convert.rewrites.parts import per_tensor, reshape, static
from edgekit.convert.schema import constant

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_PADS = ("PAD", "PADV2")
_FEWEST_PADDED = 3
"""Axes, of a PAD that the GPU delegate takes (gpu_compatibility.cc)."""

Pads = tuple[tuple[int, int], tuple[int, int]]
"""((before, after) of the rows, (before, after) of the columns)."""


def fold(graph: Graph) -> Sequence[str]:
    """PAD before a VALID convolution becomes SAME, where SAME pads the same zeros on each side.

    TFLite's SAME puts the smaller half before: an even total only is symmetric. The padding of a quantized tensor must
    be its zero point, as PAD's is; PADV2's value is looked at.
    """
    done = []
    for operator in graph.named(*_CONVOLUTIONS):
        padded = int(operator.inputs[0])
        pad = graph.maker(padded)
        if (
            pad is None
            or graph.name(pad) not in _PADS
            or operator.builtinOptions.padding == constant("Padding", "SAME")
        ):
            continue
        given = int(pad.inputs[0])
        wanted = _pads_of(graph, pad)
        if wanted is None or padded in graph.outputs or not graph.same_numbers(given, padded):
            continue
        if not static(graph, operator) or wanted != same_pads(graph, operator, graph.shape(given)):
            continue
        made = graph.shape(int(operator.outputs[0]))
        strides = (operator.builtinOptions.strideH, operator.builtinOptions.strideW)
        if made[1:3] != tuple(
            -(-size // stride) for size, stride in zip(graph.shape(given)[1:3], strides, strict=True)
        ):
            continue
        operator.builtinOptions.padding = constant("Padding", "SAME")
        graph.set_input(operator, 0, given)
        if not graph.readers(padded):
            graph.remove(pad)
        done.append(graph.label(int(operator.outputs[0])))
    return done


def unfold(graph: Graph) -> Sequence[str]:
    """A SAME convolution of stride 2 becomes PAD and VALID, where SAME pads 1 on every side (2 for a 5x5 depthwise).

    XNNPACK turns SAME into explicit padding at stride 1 alone, and its sparse kernels take explicit padding only.
    """
    done = []
    for operator in graph.named(*_CONVOLUTIONS):
        given, made = int(operator.inputs[0]), int(operator.outputs[0])
        options = operator.builtinOptions
        if options.padding != constant("Padding", "SAME") or (options.strideH, options.strideW) == (1, 1):
            continue
        if not static(graph, operator) or graph.dtype(given) != "float32":
            continue
        shape = graph.shape(given)
        pads, kernel = same_pads(graph, operator, shape), graph.shape(int(operator.inputs[1]))[1:3]
        half = kernel[0] // 2
        if kernel not in ((3, 3), (5, 5)) or pads != ((half, half), (half, half)):
            continue
        padded = graph.new_tensor((shape[0], shape[1] + 2 * half, shape[2] + 2 * half, shape[3]), like=given)
        table = graph.new_constant(np.array([[0, 0], *pads, [0, 0]], np.int32))
        graph.add("PAD", (given, table), (padded,), before=operator)
        options.padding = constant("Padding", "VALID")
        graph.set_input(operator, 0, padded)
        done.append(graph.label(made))
    return done


def three_axes(graph: Graph) -> Sequence[str]:
    """A PAD of one or two axes becomes one of three between RESHAPEs: the GPU delegate pads three or four."""
    done = []
    for operator in graph.named("PAD"):
        given, made = int(operator.inputs[0]), int(operator.outputs[0])
        shape, table = graph.shape(given), graph.integers(int(operator.inputs[1]))
        missing = _FEWEST_PADDED - len(shape)
        if missing <= 0 or not shape or table is None or not static(graph, operator) or not per_tensor(graph, given):
            continue
        ones = (1,) * missing
        source = reshape(graph, given, (*ones, *shape), before=operator)
        padded = graph.new_tensor((*ones, *graph.shape(made)), like=made)
        pads = np.array([(0, 0)] * missing + list(zip(table[::2], table[1::2], strict=True)), np.int32)
        graph.add("PAD", (source, graph.new_constant(pads)), (padded,), before=operator)
        reshape(graph, padded, graph.shape(made), before=operator, made=made)
        graph.remove(operator)
        done.append(graph.label(made))
    return done


def same_pads(graph: Graph, operator: Any, shape: Sequence[int]) -> Pads:
    """What SAME pads before and after the rows and columns of an input of `shape` (N, H, W, C)."""
    options, kernel = operator.builtinOptions, graph.shape(int(operator.inputs[1]))[1:3]
    found = []
    for size, width, stride, dilation in zip(
        shape[1:3],
        kernel,
        (options.strideH, options.strideW),
        (options.dilationHFactor, options.dilationWFactor),
        strict=True,
    ):
        total = max(0, (-(-size // stride) - 1) * stride + (width - 1) * dilation + 1 - size)
        found.append((total // 2, total - total // 2))
    return found[0], found[1]


def _pads_of(graph: Graph, pad: Any) -> Pads | None:
    """Of rows and columns; None where anything else is padded, or with another number than zero."""
    table = graph.integers(int(pad.inputs[1]))
    if table is None or len(table) != 8 or table[:2] != (0, 0) or table[6:] != (0, 0) or min(table) < 0:
        return None
    if graph.name(pad) == "PADV2":
        value, (_, zero_points) = graph.constant(int(pad.inputs[2])), graph.scales(int(pad.inputs[0]))
        if value is None or value.size != 1 or float(value.ravel()[0]) != (zero_points[0] if zero_points else 0):
            return None
    return (table[2], table[3]), (table[4], table[5])
