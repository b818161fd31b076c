"""64-bit numbers that say axes, sizes and places, as 32-bit ones: delegates read these only."""

from collections.abc import Sequence

import numpy as np

from edgekit.convert.rewrites.graph import Graph

_WHERE = {
    **dict.fromkeys(("RESHAPE", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "TRANSPOSE", "PAD"), (1,)),
    **dict.fromkeys(("GATHER", "EXPAND_DIMS", "TILE", "BROADCAST_TO", "MIRROR_PAD", "ARG_MAX", "ARG_MIN"), (1,)),
    "SLICE": (1, 2),
    "STRIDED_SLICE": (1, 2, 3),
    "PADV2": (1,),
    "SPLIT_V": (1, 2),
    "SPLIT": (0,),
}
"""Operator -> inputs that may be of either size, and do not decide its output's type."""


def narrow(graph: Graph) -> Sequence[str]:
    """An int64 constant that names axes, sizes or places becomes int32 where every number fits.

    All of an operator's such inputs change together, or none.
    """
    done = []
    limits = np.iinfo(np.int32)
    for operator in graph.named(*_WHERE):
        places = [place for place in _WHERE[graph.name(operator)] if place < len(operator.inputs)]
        values = [graph.constant(int(operator.inputs[place])) for place in places]
        wide = [value is not None and value.dtype == np.int64 for value in values]
        if not any(wide) or any(value is None for value in values):
            continue
        if any(value is not None and value.size and not limits.min <= value.min() <= value.max() <= limits.max
               for value in values):  # fmt: skip
            continue
        for place, value in zip(places, values, strict=True):
            if value is not None and value.dtype == np.int64:
                graph.set_input(operator, place, graph.new_constant(value.astype(np.int32)))
        done.append(graph.label(int(operator.outputs[0])))
    return done
