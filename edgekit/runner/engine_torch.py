"""torch: an exported program (.pt2) in eager mode on the CPU or a CUDA device, the reference beside the .tflite file.

The only file of the runner that imports torch. delegate `cpu` and `cpu-default`: the CPU; `cuda`: waited for inside
the timed region.
"""

import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from edgekit.runner.engine import Engine, Refused, Tensor, Unsupported
from edgekit.runner.protocol import DType, Nodes, Phases

if TYPE_CHECKING:
    from numpy.typing import NDArray


def open_torch(path: Path, delegate: str, threads: int) -> Engine:
    """Load the program; raises Unsupported without torch, without CUDA where asked, and for .tflite files."""
    if path.suffix != ".pt2":
        raise Unsupported("torch runs float32 variants only (an exported program, not a .tflite file)")
    try:
        import torch
    except ImportError as error:
        raise Unsupported("torch is not installed: pip install 'edgekit-toolkit[torch]'") from error
    if delegate not in ("cpu", "cpu-default", "cuda"):
        raise Unsupported(f"torch on this computer has no delegate {delegate}")
    if delegate == "cuda" and not torch.cuda.is_available():
        raise Unsupported("torch sees no CUDA device on this computer")
    return _Program(path, delegate, threads)


class _Program:
    """Engine over torch.export.load."""

    def __init__(self, path: Path, delegate: str, threads: int) -> None:
        import torch

        self._torch = torch
        self.runtime_version = str(torch.__version__)
        self._device = torch.device("cuda" if delegate == "cuda" else "cpu")
        if delegate == "cpu":
            torch.set_num_threads(threads)
        started = time.perf_counter_ns()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch.export's notes on its own format
                program = torch.export.load(path)
        except (RuntimeError, ValueError, OSError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise Refused(f"torch {torch.__version__}: {said[:300]}") from error
        self._module = program.module().to(self._device)
        self.phases = Phases(model_build_ns=time.perf_counter_ns() - started)
        names = list(program.graph_signature.user_inputs)
        values = {node.name: node.meta["val"] for node in program.graph.nodes if "val" in node.meta}
        results = [value for value in program.graph_signature.user_outputs if isinstance(value, str)]
        self.inputs = tuple(_tensor(str(name), values[str(name)]) for name in names)
        self.outputs = tuple(_tensor(name, values[name]) for name in results)
        self._arguments: list[Any] = [torch.zeros(item.shape, device=self._device) for item in self.inputs]
        self._results: tuple[Any, ...] = ()

    def copy_in(self, arrays: "tuple[NDArray[Any], ...]") -> None:
        # copied on the CPU too: the latency holds the copy, and a program may write into its inputs
        self._arguments = [self._torch.from_numpy(array).to(self._device, copy=True) for array in arrays]

    def invoke(self) -> None:
        with self._torch.inference_mode():
            results = self._module(*self._arguments)
        self._results = results if isinstance(results, tuple) else (results,)
        if self._device.type == "cuda":
            self._torch.cuda.synchronize()

    def read_out(self) -> "tuple[NDArray[Any], ...]":
        return tuple(result.cpu().numpy() for result in self._results)

    def nodes(self) -> Nodes:
        return Nodes()  # eager torch has no delegation to count


def _tensor(name: str, value: Any) -> Tensor:
    dtype = cast(DType, str(value.dtype).removeprefix("torch."))
    return Tensor(name=name, shape=tuple(int(size) for size in value.shape), dtype=dtype)
