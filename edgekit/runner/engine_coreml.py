"""Core ML: a package in a zip, run by coremltools on macOS. The only file of the runner that names coremltools.

Written to coremltools 9's MLModel; no Mac has run it yet. Core ML chooses between the CPU, the GPU and the Neural
Engine itself, and says neither what it took nor how many threads it used: nodes are null, `threads` has no effect.
"""

import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from edgekit.runner.engine import Engine, Refused, Tensor, Unsupported
from edgekit.runner.protocol import DType, Nodes, Phases
from edgekit.runner.quiet import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DTYPES = {65568: "float32", 65552: "float16", 131104: "int32"}
"""ArrayDataType of Core ML's Model.proto."""


def open_coreml(path: Path, delegate: str, threads: int) -> Engine:
    """Load the package; raises Unsupported away from macOS, without coremltools, and for .tflite files."""
    if sys.platform != "darwin":
        raise Unsupported(f"Core ML runs on macOS only, and this computer runs {sys.platform}")
    if not path.name.endswith(".mlpackage.zip"):
        raise Unsupported('Core ML runs its own packages only: variants with format = "coreml"')
    try:
        with quiet():
            import coremltools
    except ImportError as error:
        raise Unsupported("coremltools is not installed: pip install 'edgekit-toolkit[coreml]'") from error
    return _Package(coremltools, path)


class _Package:
    """Engine over coremltools.models.MLModel."""

    def __init__(self, coremltools: Any, path: Path) -> None:
        self.runtime_version = f"coremltools {coremltools.__version__}"
        self._folder = tempfile.TemporaryDirectory(prefix="edgekit-coreml-")
        package = Path(self._folder.name) / "model.mlpackage"
        started = time.perf_counter_ns()
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(package)
            self._model = coremltools.models.MLModel(str(package))
        except Exception as error:  # Core ML's own errors have no common class
            raise Refused(f"{self.runtime_version}: {' '.join(str(error).split())[:300]}") from error
        self.phases = Phases(model_build_ns=time.perf_counter_ns() - started)
        description = self._model.get_spec().description
        self.inputs = tuple(_tensor(port) for port in description.input)
        self.outputs = tuple(_tensor(port) for port in description.output)
        self._given: dict[str, Any] = {}
        self._found: dict[str, Any] = {}

    def copy_in(self, arrays: "tuple[NDArray[Any], ...]") -> None:
        self._given = {tensor.name: array.copy() for tensor, array in zip(self.inputs, arrays, strict=True)}

    def invoke(self) -> None:
        self._found = self._model.predict(self._given)

    def read_out(self) -> "tuple[NDArray[Any], ...]":
        import numpy as np

        return tuple(np.array(self._found[tensor.name], dtype=tensor.dtype) for tensor in self.outputs)

    def nodes(self) -> Nodes:
        return Nodes()


def _tensor(port: Any) -> Tensor:
    held = port.type.multiArrayType
    return Tensor(
        name=str(port.name),
        shape=tuple(int(size) for size in held.shape),
        dtype=cast(DType, _DTYPES.get(held.dataType, "float32")),
    )
