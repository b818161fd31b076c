"""The frozen recipe: what a TOML file says, checked. docs/recipes.md"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edgekit.recipe.steps import Step, Value

Precision = Literal["float32", "fp16", "int8", "int8-dynamic"]
"""`int8` is full-integer static; calibrated on train samples, or by the trained ranges where the last step is qat."""


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
