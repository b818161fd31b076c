"""Each step's options, one dataclass a step, and the table of step kinds. A ratio is a share 0..1."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """The shared training loop: Adam, cosine schedule, early stop and best checkpoint on the validation split."""

    epochs: int = 30
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    patience: int = 0
    """Epochs without a better validation metric before training ends early; 0 never stops early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneOptions:
    """Structured pruning through torch-pruning: `ratio` of the channels of every prunable layer, then fine-tuning."""

    ratio: float
    importance: Literal["l1", "l2"] = "l2"
    round_to: int = 1
    """Channels kept are a multiple of this; torch-pruning rounds them down, so more than `ratio` may go."""
    iterations: int = 1
    """The ratio is reached in this many rounds, each followed by fine-tuning."""
    finetune: TrainOptions = TrainOptions(epochs=10, learning_rate=5e-4)


@dataclass(frozen=True, slots=True, kw_only=True)
class QatOptions:
    """Quantization-aware training: int8 activations (affine, per tensor) and weights (symmetric, per channel)."""

    training: TrainOptions = TrainOptions(epochs=10, learning_rate=2e-4)
    freeze_ranges_after: float = 0.7
    """Share of the epochs after which the ranges stand still (batch norms are folded before)."""


Options = TrainOptions | PruneOptions | QatOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A named step of a recipe: its kind (a key of OPTIONS) and its options."""

    name: str
    kind: str
    options: Options


OPTIONS: dict[str, type[TrainOptions] | type[PruneOptions] | type[QatOptions]] = {
    "train": TrainOptions,
    "prune": PruneOptions,
    "qat": QatOptions,
}
"""Step kind -> its options. The functions themselves: edgekit.compress.STEPS."""
