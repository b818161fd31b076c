"""A variant's graph rewritten for a delegate, and what that delegate would take of it before and after."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from edgekit.artifact import Artifact, CoverageCount, Rewrites
from edgekit.errors import UsageError
from edgekit.recipe.spec import RewriteGoal, VariantSpec
from edgekit.recipe.variants import conversion_problem

FORECAST_OF = {
    "gpu": "edgekit.delegates.gpu:predict",
    "nnapi": "edgekit.delegates.nnapi:predict",
    "xnnpack-sparse": "edgekit.delegates.xnnpack_sparse:predict",
}
"""Goal -> the forecast of what it is for."""


def for_goal(variant: VariantSpec, goal: str) -> VariantSpec:
    """The variant rewritten for a goal, under a name of its own; as it is where no goal is given."""
    if not goal:
        return variant
    made = replace(variant, name=f"{variant.name}-for-{goal}", rewrite_for=cast(RewriteGoal, goal))
    if problem := conversion_problem(made):
        raise UsageError(f"--for of variant {variant.name}: {problem[1]}", "name other variants with --variant")
    return made


def rewriter(goal: str) -> Callable[[bytes], tuple[bytes, Rewrites]]:
    """A function from a file to the rewritten one and what was done; it raises ConvertError."""
    from edgekit.convert.rewrites import apply

    def rewrite(content: bytes) -> tuple[bytes, Rewrites]:
        after, applied = apply(content, goal)
        told = Rewrites(goal=goal, applied=applied, before=count(content, goal), after=count(after, goal))
        return after, told

    return rewrite


def count(content: bytes, goal: str) -> CoverageCount:
    """What the goal's delegate would take of a file."""
    from edgekit.tflite import read

    module, _, function = FORECAST_OF[goal].partition(":")
    found = getattr(importlib.import_module(module), function)(read(content))
    return CoverageCount(
        delegate=found.delegate,
        taken=found.taken,
        total=found.total,
        partitions=found.partitions,
        macs_share=found.macs_share,
    )


def rewrite_words(artifact: Artifact) -> list[str]:
    """What was done for a goal, and the forecast before and after; nothing where nobody asked."""
    held = artifact.rewrites
    if held is None:
        return []
    kept = [f"{item.rewrite} {item.count}x" for item in held.applied if item.kept]
    before, after = held.before, held.after
    lines = [
        f"rewritten for {held.goal}: {', '.join(kept) or 'nothing to do'}",
        f"{after.delegate} forecast: {before.taken} of {before.total} nodes -> {after.taken} of {after.total}",
    ]
    return lines + [f"not applied: {item.rewrite} ({item.reason})" for item in held.applied if not item.kept]
