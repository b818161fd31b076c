"""ai-edge-litert, tflite-runtime and tensorflow: three packages, one Interpreter.

The only file that imports any of them. `cpu` is the XNNPACK delegate with the threads asked for; `cpu-default` is what
a program gets that sets nothing. Both are the interpreter's own default delegate, applied while it allocates: its
creation and application are not separated from allocation (null in the phases).
"""

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from edgekit.runner.engine import Engine, Refused, Tensor, Unsupported
from edgekit.runner.protocol import DType, Nodes, Phases
from edgekit.runner.quiet import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray


def open_litert(path: Path, delegate: str, threads: int) -> Engine:
    """ai-edge-litert."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise Unsupported("ai-edge-litert is not installed: pip install 'edgekit-toolkit[desktop]'") from error
    return _Interpreter(Interpreter, "ai-edge-litert", path, delegate, threads)


def open_tflite_runtime(path: Path, delegate: str, threads: int) -> Engine:
    """tflite-runtime, the name of the same package until 2023; it needs numpy < 2."""
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError as error:
        raise Unsupported("tflite-runtime is not installed in this Python (it needs numpy < 2)") from error
    return _Interpreter(Interpreter, "tflite-runtime", path, delegate, threads)


def open_tensorflow(path: Path, delegate: str, threads: int) -> Engine:
    """tensorflow's own interpreter."""
    try:
        import tensorflow
    except ImportError as error:
        raise Unsupported("tensorflow is not installed: pip install 'edgekit-toolkit[tensorflow]'") from error
    return _Interpreter(tensorflow.lite.Interpreter, "tensorflow", path, delegate, threads)


class _Interpreter:
    """Engine over any of the three Interpreter classes."""

    def __init__(self, kind: Callable[..., Any], package: str, path: Path, delegate: str, threads: int) -> None:
        if delegate not in ("cpu", "cpu-default"):
            raise Unsupported(f"{package} on this computer has no delegate {delegate}")
        self.runtime_version = importlib.metadata.version(package)
        chosen = {"num_threads": threads} if delegate == "cpu" else {}
        started = time.perf_counter_ns()
        try:
            self._interpreter = kind(model_path=str(path), **chosen)
            built = time.perf_counter_ns()
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise Refused(f"{package} {self.runtime_version}: {_one_line(error)}") from error
        self.phases = Phases(model_build_ns=built - started, allocate_ns=time.perf_counter_ns() - built)
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self.inputs = tuple(_tensor(detail) for detail in inputs)
        self.outputs = tuple(_tensor(detail) for detail in outputs)
        self._input_ids = [int(detail["index"]) for detail in inputs]
        self._output_ids = [int(detail["index"]) for detail in outputs]

    def copy_in(self, arrays: "tuple[NDArray[Any], ...]") -> None:
        for index, array in zip(self._input_ids, arrays, strict=True):
            self._interpreter.set_tensor(index, array)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def read_out(self) -> "tuple[NDArray[Any], ...]":
        return tuple(self._interpreter.get_tensor(index) for index in self._output_ids)

    def nodes(self) -> Nodes:
        try:
            operators = self._interpreter._get_ops_details()
            return count_nodes(
                [(item["op_name"], [*map(int, item["inputs"])], [*map(int, item["outputs"])]) for item in operators]
            )
        except (AttributeError, KeyError, TypeError):  # a private method: another version may lack it
            return Nodes()


def count_nodes(operators: list[tuple[str, list[int], list[int]]]) -> Nodes:
    """Nodes by walking back from each DELEGATE node of a prepared interpreter.

    `operators`: (name, input tensors, output tensors). The nodes a delegate kernel replaced still stand in the list; a
    kernel took those that are reached from its outputs without crossing its own inputs. It also took what reads a
    tensor that only it knows: a node that writes a variable has no output to walk back from.
    """
    kernels = [(inputs, outputs) for name, inputs, outputs in operators if name == "DELEGATE"]
    plain = [(inputs, outputs) for name, inputs, outputs in operators if name != "DELEGATE"]
    producer = {tensor: index for index, (_, outputs) in enumerate(plain) for tensor in outputs}
    owner: dict[int, int] = {}

    def walk_back(open_tensors: list[int], kernel: int) -> None:
        border = set(kernels[kernel][0])
        while open_tensors:
            tensor = open_tensors.pop()
            node = producer.get(tensor)
            if tensor in border or node is None or node in owner:
                continue
            owner[node] = kernel
            open_tensors += plain[node][0]

    for kernel, (_, outputs) in enumerate(kernels):
        walk_back(list(outputs), kernel)
    given = {tensor for _, outputs in kernels for tensor in outputs}
    for index, (inputs, _) in enumerate(plain):  # a reader stands behind what it reads
        inside = [producer[tensor] for tensor in inputs if tensor not in given and producer.get(tensor) in owner]
        if inside and index not in owner:
            owner[index] = owner[inside[0]]
            walk_back(list(inputs), owner[index])
    plan = len(plain) - len(owner) + len(kernels)
    return Nodes(total=len(plain), delegated=len(owner), partitions=len(kernels), plan_length=plan)


def _tensor(detail: dict[str, Any]) -> Tensor:
    import numpy as np

    scales = detail["quantization_parameters"]["scales"]
    zero_points = detail["quantization_parameters"]["zero_points"]
    if len(scales) and not (np.isfinite(scales[0]) and scales[0] > 0):
        raise Refused(f"tensor {detail['name']} is quantized with scale {scales[0]}")
    return Tensor(
        name=str(detail["name"]),
        shape=tuple(int(size) for size in detail["shape"]),
        dtype=cast(DType, np.dtype(detail["dtype"]).name),
        scale=float(scales[0]) if len(scales) else None,
        zero_point=int(zero_points[0]) if len(scales) else None,
    )


def _one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines)[:300] or type(error).__name__


class Undelegated:
    """An interpreter in this process that keeps every tensor: to look inside a graph, never for timing.

    `wanted`: shape and numpy dtype of each input; `outputs`: the tensors that are the graph's outputs.
    """

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        with quiet():
            self._interpreter = Interpreter(
                model_content=content,
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
        self._interpreter.allocate_tensors()
        details = self._interpreter.get_input_details()
        self._inputs = [(detail["index"], detail["shape"]) for detail in details]
        self.wanted = tuple((tuple(map(int, detail["shape"])), detail["dtype"]) for detail in details)
        self.outputs = tuple(int(detail["index"]) for detail in self._interpreter.get_output_details())

    def values(self, inputs: "Sequence[NDArray[Any]]", wanted: Sequence[int]) -> "dict[int, NDArray[Any]]":
        """The tensors `wanted` after one invocation."""
        for (index, shape), array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array.reshape(shape))
        self._interpreter.reset_all_variables()  # a recurrent operator would go on from the sample before
        self._interpreter.invoke()
        return {index: self._interpreter.get_tensor(index) for index in wanted}
