"""Each step's options, one dataclass a step, and the table of step kinds. A ratio is a share 0..1."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
"""What TOML can say; options of a user's own function are passed to it as they are."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """Who teaches: a variant of a recipe (its baseline where none is named), or a factory with a checkpoint."""

    recipe: str = ""
    """A recipe's name or file; a relative file counts from the student's recipe."""
    variant: str = ""
    factory: str = ""
    """A network's name or `module:function`, with `options` and `weights`, a state_dict (`.pt`, no pickled code)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillOptions:
    """Knowledge distillation (Hinton, Vinyals & Dean 2015, arXiv 1503.02531): learn from a teacher's class outputs.

    The loss is (1 - weight) x the recipe's loss + weight x temperature^2 x KL(teacher, student), both softened.
    """

    teacher: Teacher | None = None
    """None: the model that the step is given teaches, and `student` is what it teaches."""
    student: Mapping[str, Any] | None = None
    """The factory's options that differ in the student, which then starts anew; None: the given model learns on."""
    temperature: float = 4.0
    weight: float = 0.9
    labelled: int = 0
    """Only the labels of the first so many train samples are used; the others have the teacher alone. 0: all."""
    training: TrainOptions = TrainOptions()


Options = TrainOptions | PruneOptions | QatOptions | DistillOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A named step of a recipe: its kind (a key of OPTIONS) and its options."""

    name: str
    kind: str
    options: Options


OPTIONS: dict[str, type[Options]] = {
    "train": TrainOptions,
    "prune": PruneOptions,
    "qat": QatOptions,
    "distill": DistillOptions,
}
"""Step kind -> its options. The functions themselves: edgekit.compress.STEPS."""
