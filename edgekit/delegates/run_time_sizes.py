"""Tensors whose size is known at run time alone, as TFLite 2.16.1 decides it while it prepares a graph.

A delegate for fixed sizes (XNNPACK's of that release, the GPU's, NNAPI's) takes nothing of a graph that has such a
tensor. Source: tensorflow/lite/core/subgraph.cc (ModifyGraphWithDelegate); which operators make one, and which ones
give a list that is known before the graph runs, was asked of the library with graphs of a few operators.
"""

from edgekit.tflite.structure import Operator, Subgraph

_SIZES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("RESHAPE", "PAD", "PADV2", "MIRROR_PAD", "TRANSPOSE", "TILE", "EXPAND_DIMS", "BROADCAST_TO"), (1,)
    ),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TOPK_V2", "ONE_HOT", "ARG_MAX", "ARG_MIN"), (1,)),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"), (1,)),
    **dict.fromkeys(("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "SPLIT_V"), (1, 2)),
    **dict.fromkeys(("FILL", "SPLIT", "TRANSPOSE_CONV"), (0,)),
    "RANGE": (0, 1, 2),
    "STRIDED_SLICE": (1, 2, 3),
}
"""Operator -> the inputs that its outputs' size depends on."""
_ALWAYS = ("WHERE", "UNIQUE", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5")
"""Operators whose outputs' size depends on values."""
_SHAPES = ("SHAPE", "RANK")
_KEEPS = ("STRIDED_SLICE", "MUL", "CONCATENATION", "GATHER", "REDUCE_PROD", "RESHAPE", "TILE")
"""Operators that are computed while the graph is prepared where all that they read is known by then."""


class Sizes:
    """`known`: tensors computed before the graph runs. `cause`: the first node that makes a tensor of unknown size."""

    def __init__(self, graph: Subgraph) -> None:
        self._graph = graph
        self.known: set[int] = set()
        self.cause: int | None = None
        moving: set[int] = set()
        for index, operator in enumerate(graph.operators):
            if operator.is_custom:
                continue
            moves = self._moves(operator)
            if moves and self.cause is None:
                self.cause = index
            if moves or (moving.intersection(operator.inputs) and operator.name not in _SHAPES):
                moving.update(operator.outputs)
            elif self._early(operator, moving):
                self.known.update(operator.outputs)

    def _early(self, operator: Operator, moving: set[int]) -> bool:
        if operator.name in _SHAPES:
            return not moving.intersection(operator.inputs)
        return operator.name in _KEEPS and all(self._fixed(tensor) for tensor in operator.inputs)

    def _fixed(self, tensor: int) -> bool:
        return tensor < 0 or tensor in self.known or self._graph.tensors[tensor].is_constant

    def _moves(self, operator: Operator) -> bool:
        if operator.name in _ALWAYS:
            return True
        if operator.name == "READ_VARIABLE":
            return any(not self._graph.tensors[tensor].shape for tensor in operator.outputs)
        given = (number for number in _SIZES.get(operator.name, ()) if number < len(operator.inputs))
        return any(not self._fixed(operator.inputs[number]) for number in given)
