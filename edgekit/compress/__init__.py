"""Compression steps, one a file, over one shared training loop. A step: apply(model, step, context) -> model."""

STEPS: dict[str, str] = {
    "train": "edgekit.compress.train:apply",
    "prune": "edgekit.compress.prune:apply",
    "qat": "edgekit.compress.qat:apply",
    "distill": "edgekit.compress.distill:apply",
}
"""Kind of step -> module:function."""

LOSSES: dict[str, str] = {
    "cross-entropy": "edgekit.compress.losses:cross_entropy",
    "mse": "edgekit.compress.losses:mse",
}
"""Name in a recipe -> module:function(**options) -> Loss."""
