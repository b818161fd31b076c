"""No dead weight: the same network in fewer bytes. What a runtime computes stays, bit for bit.

Tensor names become short; equal constants, shapes, zero points and options are stored once; what nobody needs goes.
A shrunk file is final: `edgekit.tflite.patch` would change everything that shares what it writes over.
"""

from collections.abc import Hashable
from typing import Any

from edgekit.convert.schema import Unknown, key, pack, unpack
from edgekit.tflite import ModelFile, read

CONVERTERS_ONLY = "keep_stablehlo_constant"
"""A metadata entry that only the importer of TensorFlow's converter reads (kModelUseStablehloTensorKey in
compiler/mlir/lite/experimental/remat/metadata_util.h), and only StableHLO operators need; runtimes do not."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_Constant = tuple[bytes | None, frozenset[tuple[bytes, bytes]]]


def shrink(content: bytes) -> tuple[bytes, dict[str, str]]:
    """The file without dead weight, and {new tensor name: old one} of those that changed.

    Names of the main graph's inputs and outputs, of signatures and of everything that is no tensor stay. The content
    comes back as it is, with no names, where it holds what the schema known here would lose, and where nothing would be
    gained. Raises ModelFileError for bytes that are no whole .tflite file.
    """
    before = read(content)
    try:
        model = unpack(content)
        names = _short_names(model, before)
        _drop_metadata(model, before)
        _merge_buffers(model)
        _merge_operator_codes(model)
        _drop_empty_quantization(model)
        wanted = key(model)
        shrunk = pack(model)
        sound = len(shrunk) < len(content) and _same(before, content, shrunk) and key(unpack(shrunk)) == wanted
    except Unknown:
        sound = False
    return (shrunk, names) if sound else (content, {})


def _short_names(model: Any, file: ModelFile) -> dict[str, str]:
    """Number all tensors but those that a caller may ask for by name; over all graphs, so that a name says which."""
    kept = {(0, index) for index in (*file.main.inputs, *file.main.outputs)}
    for signature in file.signatures:
        kept |= {(signature.subgraph, index) for index in (*signature.inputs.values(), *signature.outputs.values())}
    taken = {file.subgraphs[graph].tensors[index].name for graph, index in kept}
    renamed: dict[str, str] = {}
    number = 0
    for place, graph in enumerate(model.subgraphs):
        for index, tensor in enumerate(graph.tensors or []):
            if (place, index) in kept:
                continue
            while (name := _base36(number)) in taken:
                number += 1
            number += 1
            old = (tensor.name or b"").decode(errors="replace")
            tensor.name = name.encode()
            if old != name:
                renamed[name] = old
    return renamed


def _base36(number: int) -> str:
    text = _DIGITS[number % 36]
    while number := number // 36:
        text = _DIGITS[number % 36] + text
    return text


def _drop_metadata(model: Any, file: ModelFile) -> None:
    stablehlo = any(operator.name.startswith("STABLEHLO_") for graph in file.subgraphs for operator in graph.operators)
    if model.metadata and not stablehlo:
        model.metadata = [entry for entry in model.metadata if entry.name != CONVERTERS_ONLY.encode()]


def _merge_buffers(model: Any) -> None:
    """Equal bytes once, unused ones never. Buffer 0 stays: it stands for `computed at run time`.

    Two constants of the same bytes and different scales stay apart: XNNPACK packs weights with their scales, and finds
    them again in an app's cache by where the bytes lie.
    """
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors or []]
    scales: dict[int, set[tuple[bytes, bytes]]] = {}
    for tensor in tensors:
        scales.setdefault(tensor.buffer, set()).add(_scales(tensor.quantization))
    used = scales.keys() | {entry.buffer for entry in model.metadata or []}
    if model.metadataBuffer is not None:
        used |= {int(index) for index in model.metadataBuffer}
    merged, places, first = [model.buffers[0]], {0: 0}, dict[_Constant, int]()
    if model.buffers[0].data is None:
        first[None, frozenset()] = 0
    for index in sorted(used - {0}):
        buffer = model.buffers[index]
        data = None if buffer.data is None else buffer.data.tobytes()
        constant = (data, frozenset(scales.get(index, ())) if data is not None else frozenset[tuple[bytes, bytes]]())
        if constant not in first:
            first[constant] = len(merged)
            merged.append(buffer)
        places[index] = first[constant]
    for holder in (*tensors, *(model.metadata or [])):
        holder.buffer = places[holder.buffer]
    if model.metadataBuffer is not None:
        for place, index in enumerate(renumbered := model.metadataBuffer.copy()):
            renumbered[place] = places[int(index)]
        model.metadataBuffer = renumbered
    model.buffers = merged


def _scales(quantization: Any) -> tuple[bytes, bytes]:
    found = (getattr(quantization, "scale", None), getattr(quantization, "zeroPoint", None))
    scale, zero_point = (b"" if values is None else values.tobytes() for values in found)
    return scale, zero_point


def _merge_operator_codes(model: Any) -> None:
    used = sorted({operator.opcodeIndex for graph in model.subgraphs for operator in graph.operators or []})
    first: dict[Hashable, int] = {}
    places = {index: first.setdefault(key(model.operatorCodes[index]), len(first)) for index in used}
    kept = [next(index for index in used if places[index] == place) for place in range(len(first))]
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            operator.opcodeIndex = places[operator.opcodeIndex]
    model.operatorCodes = [model.operatorCodes[index] for index in kept]


def _drop_empty_quantization(model: Any) -> None:
    """Float tensors may carry a table without scale, range or detail: a runtime reads it as none."""
    for graph in model.subgraphs:
        for tensor in graph.tensors or []:
            held = tensor.quantization
            if held is not None and not any(_holds(value) for value in vars(held).values()):
                tensor.quantization = None


def _holds(value: Any) -> bool:
    return value is not None and (len(value) > 0 if hasattr(value, "__len__") else value != 0)


def _same(before: ModelFile, content: bytes, shrunk: bytes) -> bool:
    """By our own reader: the same graphs, constants and quantization."""

    def held(file: ModelFile, data: bytes) -> Any:
        tensors = [
            (
                *(tensor.shape, tensor.shape_signature, tensor.dtype, tensor.is_variable, tensor.is_sparse),
                data[tensor.buffer_offset : tensor.buffer_offset + tensor.buffer_bytes],
                None if (q := tensor.quantization) is None else (q.scales, q.zero_points, q.axis),
            )
            for graph in file.subgraphs
            for tensor in graph.tensors
        ]
        graphs = [(graph.name, graph.inputs, graph.outputs, graph.operators) for graph in file.subgraphs]
        return file.version, tensors, graphs, file.signatures

    return bool(held(before, content) == held(read(shrunk), shrunk))
