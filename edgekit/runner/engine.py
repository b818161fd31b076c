"""What a runtime must offer so that a case can be timed on it, and which file holds which runtime."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from edgekit.runner.protocol import DType, Nodes, Phases

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENGINES: dict[str, str] = {
    "litert": "edgekit.runner.engine_litert:open_litert",
    "tflite-runtime": "edgekit.runner.engine_litert:open_tflite_runtime",
    "tensorflow": "edgekit.runner.engine_litert:open_tensorflow",
    "torch": "edgekit.runner.engine_torch:open_torch",
}
"""Runtime -> module:function(path, delegate, threads, options) -> Engine."""


class Unsupported(Exception):
    """This runtime has no such delegate or option here; the text is the row's reason."""


class Refused(Exception):
    """The runtime does not take the file or its inputs; the text is the runtime's own, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """An input or output of the model. `shape` of one invocation, batch included; scale None: not quantized."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    scale: float | None = None
    zero_point: int | None = None


class Engine(Protocol):
    """One model, built and allocated. Arrays are in the model's own dtypes."""

    runtime_version: str
    phases: Phases
    """What building took, as far as the runtime separates it."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def copy_in(self, arrays: "tuple[NDArray[Any], ...]") -> None:
        """Copy one sample's inputs to where the model reads them."""

    def invoke(self) -> None:
        """Run the model once, to the end (asynchronous devices are waited for)."""

    def read_out(self) -> "tuple[NDArray[Any], ...]":
        """Copies of the outputs."""

    def nodes(self) -> Nodes:
        """Counted in the prepared graph; null where that cannot be counted."""


def open_engine(
    runtime: str, path: Path, *, delegate: str, threads: int, options: Mapping[str, object] | None = None
) -> Engine:
    """Build and allocate the model; raises Unsupported or Refused."""
    if runtime not in ENGINES:
        raise Unsupported(f"this runner has no runtime {runtime}")
    module, _, function = ENGINES[runtime].partition(":")
    if options:
        raise Unsupported(f"delegate {delegate} takes no option {next(iter(options))!r} in this runner")
    if delegate == "coreml" and runtime == "litert":  # the desktop's way to Core ML: its own packages
        from edgekit.runner.engine_coreml import open_coreml

        return open_coreml(path, delegate, threads)
    engine: Engine = getattr(importlib.import_module(module), function)(path, delegate, threads)
    return engine
