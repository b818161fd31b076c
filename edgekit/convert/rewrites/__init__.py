"""Changes to a graph that let a delegate take more of it, each verified on the file itself and listed with it.

apply.py   one rewrite after another, each kept only where the outputs stay the same
graph.py   the graph while it is changed
REWRITES   what is tried for each goal, in order; MODULES: a rewrite's name -> its function (one topic a file)
"""

from edgekit.artifact import AppliedRewrite
from edgekit.convert.rewrites.apply import Watch
from edgekit.convert.rewrites.apply import apply as _apply

__all__ = ["MODULES", "REWRITES", "apply"]

MODULES: dict[str, str] = {
    "fixed-sizes": "edgekit.convert.rewrites.constants:fix_sizes",
    "narrow-integers": "edgekit.convert.rewrites.integers:narrow",
    "folded-constants": "edgekit.convert.rewrites.constants:fold",
    "plain-slices": "edgekit.convert.rewrites.slices:plain",
    "merged-slices": "edgekit.convert.rewrites.slices:merge",
    "unpack-as-slices": "edgekit.convert.rewrites.slices:unpack",
    "pack-as-concatenation": "edgekit.convert.rewrites.slices:pack",
    "four-axes": "edgekit.convert.rewrites.ranks:split_transposes",
    "shapes-as-reshape": "edgekit.convert.rewrites.shapes:to_reshapes",
    "merged-moves": "edgekit.convert.rewrites.chains:merge",
    "cancelled-transposes": "edgekit.convert.rewrites.transposes:cancel",
    "reductions-of-transposed": "edgekit.convert.rewrites.transposes:into_reductions",
    "cancelled-reshapes": "edgekit.convert.rewrites.reshapes:through_regions",
    "merged-reshapes": "edgekit.convert.rewrites.shapes:merge",
    "dropped-identities": "edgekit.convert.rewrites.identities:drop",
    "reductions-without-ones": "edgekit.convert.rewrites.pooling:without_ones",
    "fully-connected": "edgekit.convert.rewrites.products:to_fully_connected",
    "dropped-broadcasts": "edgekit.convert.rewrites.broadcasts:drop",
    "broadcast-as-tile": "edgekit.convert.rewrites.broadcasts:to_tile",
    "select-of-one-shape": "edgekit.convert.rewrites.broadcasts:to_select",
    "pads-of-three-axes": "edgekit.convert.rewrites.padding:three_axes",
    "equal-ranks": "edgekit.convert.rewrites.ranks:equal",
    "constants-of-four-axes": "edgekit.convert.rewrites.ranks:four_axes_in_constants",
    "same-padding": "edgekit.convert.rewrites.padding:fold",
    "gpu-decompositions": "edgekit.convert.rewrites.decompositions:for_gpu",
    "oldest-versions": "edgekit.convert.rewrites.versions:lower",
    "nnapi-decompositions": "edgekit.convert.rewrites.decompositions:for_nnapi",
    "pooling-as-mean": "edgekit.convert.rewrites.pooling:to_mean",
    "explicit-padding": "edgekit.convert.rewrites.padding:unfold",
    "pointwise-convolution": "edgekit.convert.rewrites.products:to_convolution",
}
"""Name -> module:function(graph) -> the places it changed, by their tensors' names."""

_SHAPES = (
    *(
        "merged-moves",
        "four-axes",
        "shapes-as-reshape",
        "cancelled-transposes",
        "reductions-of-transposed",
        "cancelled-reshapes",
    ),
    *("merged-reshapes", "dropped-identities", "reductions-without-ones"),
)
REWRITES: dict[str, tuple[str, ...]] = {
    "gpu": (
        *("fixed-sizes", "narrow-integers", "folded-constants", "unpack-as-slices", "plain-slices", "merged-slices"),
        *("dropped-broadcasts", "broadcast-as-tile", "pads-of-three-axes"),
        *("fully-connected", *_SHAPES, "equal-ranks", "same-padding", "gpu-decompositions"),
    ),
    "nnapi": (
        *("fixed-sizes", "narrow-integers", "folded-constants", "unpack-as-slices", "pack-as-concatenation"),
        *("dropped-broadcasts", "broadcast-as-tile", "select-of-one-shape"),
        *("merged-slices", "fully-connected", *_SHAPES, "same-padding", "nnapi-decompositions", "oldest-versions"),
    ),
    "xnnpack-sparse": (
        *(
            "fixed-sizes",
            *_SHAPES,
            "pooling-as-mean",
            "pointwise-convolution",
            "constants-of-four-axes",
            "explicit-padding",
        ),
    ),
}
"""Goal -> rewrites, tried in this order until none finds a place."""


def apply(content: bytes, goal: str, *, watch: Watch | None = None) -> tuple[bytes, tuple[AppliedRewrite, ...]]:
    """The file made fit for one of REWRITES, and what was done to it (what failed its check too).

    Every rewrite is judged by itself: the file before and the file after it on the same seeded inputs, floats to 1e-5
    of an output's range, quantized outputs to one step. `watch(name, before, after)` sees each that is kept. Raises
    ConvertError for a file that cannot be written anew, or does not run here.
    """
    return _apply(content, REWRITES[goal], MODULES, watch)
