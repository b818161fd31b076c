"""What goes into the child and comes out of it: request.json and answer.json in one folder. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

REQUEST, ANSWER, LOG = "request.json", "answer.json", "log.txt"
MODEL, INPUTS, OUTPUTS = "float32.tflite", "inputs.npz", "outputs.npz"
Road = Literal["onnx", "keras", "saved-model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`source`: the model. `samples`: an .npz of (N, ...) arrays in the source's own layout, or "" for random ones."""

    road: Road
    source: str
    shapes: tuple[tuple[int, ...], ...] = ()
    """One an input where the source leaves sizes open; empty: open batches become 1."""
    samples: str = ""
    count: int = 8
    seed: int = 0
    images: Literal["auto", "as they are"] = "auto"
    """`auto`: inputs (N, C, H, W) with at most 4 channels become (N, H, W, C)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output of the source; `axes` is the permutation that its values take into the file, or nothing."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why it does not convert: one sentence, what would mend it, and the operators that stop it."""

    message: str
    hint: str = ""
    ops: tuple[str, ...] = ()
    broken: bool = False
    """The file is not what its name says."""
    missing: str = ""
    """A package that this interpreter lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Either `refusal`, or the file (MODEL), INPUTS and OUTPUTS in its own order and layout beside it."""

    refusal: Refusal | None = None
    inputs: tuple[Port, ...] = ()
    input_order: tuple[int, ...] = ()
    """Of every input of the file, its position in the source."""
    outputs: tuple[Port, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Refused(Exception):
    """Carries a Refusal out of any depth."""

    def __init__(self, message: str, hint: str = "", *, ops: tuple[str, ...] = (), broken: bool = False) -> None:
        super().__init__(message)
        self.refusal = Refusal(message=message, hint=hint, ops=ops, broken=broken)
