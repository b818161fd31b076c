"""The frozen recipe: what a TOML file says, checked. docs/recipes.md"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from edgekit.recipe.steps import Step, Value

Precision = Literal["float32", "fp16", "int8", "int8-dynamic", "int16x8", "int4", "mixed", "palettized8"]
"""`int8` is full-integer static; calibrated on train samples, or by the trained ranges where the last step is qat.

`palettized8` is Core ML's: 256 values a weight, each weight an index of 8 bits."""

FileFormat = Literal["tflite", "coreml"]
COREML_PRECISIONS: tuple[Precision, ...] = ("fp16", "palettized8")
STATIC: tuple[Precision, ...] = ("int8", "int16x8", "mixed")
"""Precisions with integer inputs and outputs where nothing else is asked."""
Io = Literal["as made", "float", "integer", "uint8"]
"""What the file's inputs and outputs are; `as made`: as the precision leaves them."""
Kept = Literal["float", "int16"]
"""How the layers of a mixed file compute that int8 hurts."""

Form = Literal["unrolled", "looped", "fused"]
"""Of a recurrent network: docs/recurrent.md."""


RewriteGoal = Literal["", "gpu", "nnapi", "xnnpack-sparse"]
"""What a variant's graph is rewritten for (edgekit.convert.rewrites); empty: it stays as the converter makes it."""
REWRITE_GOALS: tuple[str, ...] = tuple(goal for goal in get_args(RewriteGoal) if goal)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRef:
    """A function by name, a table entry (`digits-cnn`) or `module:function`, and the options it is called with.

    `file` and `key`: where the recipe names it.
    """

    name: str
    options: Mapping[str, Value] = field(default_factory=dict)
    file: Path | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """The network: a factory that returns a torch.nn.Module, and how its inputs lie.

    `channels_last`: positions of image inputs (NCHW in torch) that the artifact takes as NHWC.
    """

    factory: FunctionRef
    channels_last: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpec:
    """A path through the steps plus a conversion."""

    name: str
    steps: tuple[str, ...]
    precision: Precision
    format: FileFormat = "tflite"
    io: Io = "as made"
    budget: float | None = None
    """`mixed` only: what the file may lose on validation, in points of the metric (hundredths, where it is a share)."""
    exceptions: Kept = "float"
    recurrent: Form = "unrolled"
    form_of: str = ""
    """The variant with `recurrent = "auto"` that this one is a form of; it is itself one of them."""
    rewrite_for: RewriteGoal = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How each target is measured. `launches` fresh processes an artifact; inside one, `min_seconds` of samples."""

    launches: int = 7
    min_seconds: float = 10.0
    min_samples: int = 64
    threads: int = 1
    accuracy_samples: int = 500
    """Labelled test samples that the target itself runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Limits for one variant on every measured target; None is no limit."""

    variant: str
    max_metric_drop: float | None = None
    max_size_bytes: int | None = None
    min_speedup: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One TOML file, loaded. `folder` is where its own `module:function` names are looked up first."""

    name: str
    description: str
    file: Path
    folder: Path
    text_sha256: str
    seed: int
    model: ModelSpec
    data: FunctionRef
    loss: FunctionRef
    metric: FunctionRef
    steps: Mapping[str, Step]
    variants: tuple[VariantSpec, ...]
    baseline: str
    """Name of the float32 variant that every other one is compared with."""
    targets: tuple[str, ...]
    plan: Plan
    gates: tuple[Gate, ...] = ()
