"""A whole batch through a file in this process: for parity and evaluation, never for timing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.runner import quantize
from edgekit.runner.engine import Refused, Tensor, open_engine
from edgekit.runner.quiet import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutputs:
    """`raw[i]` is output i of all samples, (N, ...), in the file's dtype; `tensors[i]` says how it is quantized."""

    raw: "tuple[NDArray[Any], ...]"
    tensors: tuple[Tensor, ...]

    def floats(self) -> "tuple[NDArray[Any], ...]":
        """The outputs as float32."""
        return tuple(quantize.to_real(array, tensor) for array, tensor in zip(self.raw, self.tensors, strict=True))


def run_batch(
    path: Path, inputs: "Sequence[NDArray[Any]]", *, runtime: str = "litert", delegate: str = "cpu", threads: int = 1
) -> BatchOutputs:
    """Run `inputs` (one array (N, ...) an input, in the file's own layout) sample by sample; raises Refused."""
    import numpy as np

    with quiet():  # the native runtime announces its delegate on descriptor 2
        engine = open_engine(runtime, path, delegate=delegate, threads=threads)
    if len(inputs) != len(engine.inputs):
        raise Refused(f"the model takes {len(engine.inputs)} inputs, {len(inputs)} were given")
    ready = [quantize.to_tensor(array, tensor) for array, tensor in zip(inputs, engine.inputs, strict=True)]
    gathered: list[list[NDArray[Any]]] = [[] for _ in engine.outputs]
    for sample in range(len(ready[0])):
        engine.copy_in(
            tuple(
                array[sample : sample + 1].reshape(tensor.shape)
                for array, tensor in zip(ready, engine.inputs, strict=True)
            )
        )
        engine.invoke()
        for kept, array in zip(gathered, engine.read_out(), strict=True):
            kept.append(np.atleast_1d(array))
    return BatchOutputs(raw=tuple(np.concatenate(arrays) for arrays in gathered), tensors=engine.outputs)
