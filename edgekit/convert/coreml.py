"""PyTorch -> a Core ML package with half-precision or 8-bit palettized weights, and what can be read back of it.

coremltools converts on every computer; Core ML itself runs on macOS and iOS only. So elsewhere nothing is said about
what the package computes: its inputs, outputs, operators and every weight are read back from the file and compared
with the torch network's.
"""

import gc
import itertools
import json
import re
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.fusion import fuse_conv_bn_weights

from edgekit.artifact import Parity, TensorInfo
from edgekit.convert.package import files_of, packed
from edgekit.errors import ConvertError
from edgekit.model import Model
from edgekit.optional import need
from edgekit.runner.quiet import quiet

PALETTE_BITS = 8
SMALLEST_WEIGHT = 512
"""Elements from which a weight is palettized: a palette of 256 halves takes 512 bytes itself."""
SMALLEST_COMPARED = 64
"""Elements of a torch weight from which it must be found again: smaller constants may lie in the program's text."""
HALF_STEP = 2.0**-10
"""Largest relative difference of a half from the float that it was rounded from, folded in another order."""
TINY = 2.0**-24
_CALM = uuid.UUID("5e1f0b3c-6f3e-4b7e-9c61-1d2a9a1f0c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """`content`: the .mlpackage as a zip, stored. `found`: what was read back and compared.

    It does not say that Core ML computes what torch computes.
    """

    content: bytes
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    operators: Mapping[str, int]
    found: Parity


def to_coreml(model: Model, precision: str) -> Package:
    """Convert the network; `precision` is `fp16` or `palettized8`; inputs as torch has them. Raises ConvertError."""
    with quiet():
        coremltools = need("coremltools", "converting to Core ML")
    # cloned: of a dimension of 1 any stride is contiguous to numpy and torch, and coremltools takes the usual one only
    example = tuple(torch.from_numpy(a).clone(memory_format=torch.contiguous_format) for a in model.example)
    failure: Exception | None = None
    program: Any = None
    with quiet():
        try:
            program = torch.export.export(model.network.eval(), example)
            names = [*_names(model)]
            package = coremltools.convert(
                program.run_decompositions({}),
                convert_to="mlprogram",
                compute_precision=coremltools.precision.FLOAT16,
                minimum_deployment_target=coremltools.target.iOS16,
                inputs=[
                    coremltools.TensorType(name=name, shape=tuple(array.shape), dtype=_dtype(array))
                    for name, array in zip(names, example, strict=True)
                ],
                outputs=_outputs(coremltools, model, example),
                skip_model_load=True,
            )
            if precision == "palettized8":
                optimize = need("coremltools.optimize.coreml", "palettizing weights")
                options = optimize.OpPalettizerConfig(
                    mode="kmeans", nbits=PALETTE_BITS, weight_threshold=SMALLEST_WEIGHT
                )
                package = optimize.palettize_weights(package, optimize.OptimizationConfig(global_config=options))
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.mlpackage"
                package.user_defined_metadata.pop("com.github.apple.coremltools.conversion_date", None)
                package.save(str(path))
                content = packed(_calm(files_of(path)))
            del package
            gc.collect()  # it leaves folders of its own, which go with its last reference and not without a warning
        except Exception as error:  # the converter raises whatever its stack does: this file is where it ends
            failure = error
    if failure is not None:
        text = " ".join(str(failure).split())[:400]
        raise ConvertError(
            f"coremltools does not convert the network ({type(failure).__name__}): {text}",
            "write that part with other layers (an LSTM as linear gates, as edgekit's own networks do), or --debug",
        ) from failure
    return _read_back(content, program, precision)


def _names(model: Model) -> Iterator[str]:
    """Input names as Core ML takes them: letters, digits and `_`, each once."""
    taken: set[str] = set()
    for place, name in enumerate(model.input_names):
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = plain if re.match(r"[A-Za-z]", plain) and plain not in taken else f"input_{place}"
        taken.add(plain)
        yield plain


def _dtype(array: torch.Tensor) -> Any:
    return np.float32 if array.is_floating_point() else np.int32


def _outputs(coremltools: Any, model: Model, example: tuple[torch.Tensor, ...]) -> list[Any]:
    with torch.no_grad():
        leaves = torch.utils._pytree.tree_leaves(model.network(*example))
    return [coremltools.TensorType(name=f"output_{place}", dtype=_dtype(leaf)) for place, leaf in enumerate(leaves)]


def _calm(files: dict[str, bytes]) -> dict[str, bytes]:
    """The package's own files under identifiers that do not change from one conversion to the next."""
    manifest = json.loads(files["Manifest.json"])
    entries, calm = manifest["itemInfoEntries"], {}
    fresh = {old: str(uuid.uuid5(_CALM, entry["path"])).upper() for old, entry in entries.items()}
    for old in sorted(entries, key=lambda item: str(entries[item]["path"])):
        calm[fresh[old]] = entries[old]
    manifest["itemInfoEntries"] = calm
    manifest["rootModelIdentifier"] = fresh[manifest["rootModelIdentifier"]]
    text = json.dumps(manifest, indent=4, sort_keys=True)
    own = {name: content for name, content in files.items() if name.startswith("Data/")}
    return {**own, "Manifest.json": text.encode()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weight:
    """A constant of the program: its values, float64; `palette`: the entries it may choose from, None without one."""

    name: str
    values: NDArray[Any]
    bytes: int
    palette: NDArray[Any] | None = None


def _read_back(content: bytes, program: Any, precision: str) -> Package:
    from edgekit.convert.package import unpack_to

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.mlpackage"
        unpack_to(content, path)
        with quiet():
            spec = need("coremltools").models.MLModel(str(path), skip_model_load=True).get_spec()
        function = spec.mlProgram.functions["main"]
        operations = function.block_specializations[function.opset].operations
        weights_file = path / "Data/com.apple.CoreML/weights/weight.bin"
        weights = list(_weights(operations, weights_file))
        file_bytes = weights_file.stat().st_size if weights_file.exists() else 0
    counts = Counter(operation.type for operation in operations if operation.type not in ("const", "cast"))
    missing: list[str] = []
    error = 0.0
    expected = torch_weights(program)
    for name, values in expected.items():
        apart = min((_apart(values, weight) for weight in weights), default=np.inf)
        if apart > 1:
            missing.append(name)
        error = max(error, min(apart, 1.0) * HALF_STEP)
    share = 1 - len(missing) / len(expected) if expected else 1.0
    elements = sum(weight.values.size for weight in weights)
    found = Parity(
        rule="coreml-weights",
        passed=not missing,
        measure="share of the network's weights read back equal (nothing was run)",
        value=share,
        limit=1.0,
        samples=0,
        figures={
            "weight_tensors": float(len(expected)),
            "palettized_tensors": float(sum(weight.palette is not None for weight in weights)),
            "operators": float(sum(counts.values())),
            "weight_file_bytes": float(file_bytes),
            "weight_payload_bytes": float(sum(weight.bytes for weight in weights)),
            "half_precision_bytes": float(2 * elements),
        },
        reason=f"{len(missing)} weights are not in the package, e.g. {missing[0]}" if missing else "",
    )
    sides = [
        tuple(
            TensorInfo(
                name=port.name,
                shape=tuple(int(size) for size in port.type.multiArrayType.shape),
                dtype=_port_dtype(port),
            )
            for port in side
        )
        for side in (spec.description.input, spec.description.output)
    ]
    return Package(content=content, inputs=sides[0], outputs=sides[1], operators=dict(counts), found=found)


def _port_dtype(port: Any) -> Any:
    number = port.type.multiArrayType.dataType
    names = {65568: "float32", 65552: "float16", 131104: "int32", 65600: "float64"}  # ArrayDataType in Model.proto
    if number not in names:
        raise ConvertError(f"the package's {port.name} has the unknown type {number}")
    return names[number]


def _weights(operations: Any, file: Path) -> Iterator[_Weight]:
    """Every constant that lies in weight.bin, palettes applied."""
    storage = need("coremltools.libmilstoragepython", "reading a Core ML package")
    reader = storage._BlobStorageReader(str(file)) if file.exists() else None
    for operation in operations:
        name = operation.outputs[0].name
        held = operation.attributes
        if operation.type == "constexpr_lut_to_dense":
            indices, palette = _blob(reader, held["indices"]), _blob(reader, held["lut"])
            shape = tuple(_immediate(held["shape"]))
            count = int(np.prod(shape))
            yield _Weight(
                name=name,
                values=palette[indices[:count].astype(np.intp)].reshape(shape),
                bytes=indices.size + 2 * palette.size,
                palette=np.unique(palette),
            )
        elif operation.type == "const" and held["val"].WhichOneof("value") == "blobFileValue":
            value = held["val"]
            shape = tuple(int(size.constant.size) for size in value.type.tensorType.dimensions)
            values = _blob(reader, value)
            yield _Weight(name=name, values=values.reshape(shape), bytes=2 * values.size)


def _immediate(value: Any) -> list[int]:
    tensor = value.immediateValue.tensor
    kind = tensor.WhichOneof("value")
    if kind == "bytes":
        return [int(size) for size in np.frombuffer(tensor.bytes.values, dtype="<u4")]
    return [int(size) for size in getattr(tensor, kind).values]


def _blob(reader: Any, value: Any) -> NDArray[Any]:
    """float64 values (indices as they are) of a constant in weight.bin."""
    offset, kind = value.blobFileValue.offset, value.type.tensorType.dataType
    if kind == 10:  # FLOAT16 in MIL.proto
        halves = np.array(reader.read_fp16_data(offset), dtype=np.uint16)
        return halves.view(np.float16).astype(np.float64)
    readers = {11: reader.read_float_data, 23: reader.read_int32_data, 31: reader.read_uint8_data}
    readers |= {21: reader.read_int8_data}
    if kind not in readers:
        raise ConvertError(f"the package holds a constant of the unknown type {kind}")
    return np.array(readers[kind](offset)).astype(np.float64)


def _apart(wanted: NDArray[Any], weight: _Weight) -> float:
    """Largest difference in units of what is allowed; infinite for other sizes. At most 1: the same weight.

    Halves: HALF_STEP of the value. Palettes: no entry may be nearer, but for as much.
    """
    if weight.values.size != wanted.size:
        return float("inf")
    best = float("inf")
    for values in _orders(wanted, weight.values.shape):
        slack = HALF_STEP * np.maximum(np.abs(values), np.abs(weight.values)) + TINY
        error = np.abs(values - weight.values)
        if weight.palette is not None:
            error = error - _to_nearest(values, weight.palette)
        best = min(best, float(np.max(error / slack)))
    return best


def _to_nearest(values: NDArray[Any], palette: NDArray[Any]) -> NDArray[Any]:
    """Distance of each value to the nearest entry of the sorted palette."""
    place = np.clip(np.searchsorted(palette, values), 1, max(1, palette.size - 1))
    below, above = palette[place - 1], palette[np.minimum(place, palette.size - 1)]
    nearest: NDArray[Any] = np.minimum(np.abs(values - below), np.abs(values - above))
    return nearest


def _orders(values: NDArray[Any], shape: tuple[int, ...]) -> Iterator[NDArray[Any]]:
    """`values` under every order of its dimensions that gives `shape`, dimensions of 1 aside."""
    squeezed = values.squeeze()
    wanted = [size for size in shape if size != 1]
    for order in itertools.permutations(range(squeezed.ndim)):
        if [squeezed.shape[axis] for axis in order] == wanted:
            yield squeezed.transpose(order).reshape(shape)


def torch_weights(program: Any) -> dict[str, NDArray[Any]]:
    """Name -> float64 weights of two and more dimensions, normalizations that follow a convolution folded into it.

    `program`: a torch exported program that was not decomposed.
    """
    signature = program.graph_signature
    names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    held = {name: program.state_dict.get(target, program.constants.get(target)) for name, target in names.items()}
    found: dict[str, NDArray[Any]] = {}
    folded: set[str] = set()

    def value(node: Any) -> Any:
        return None if node is None else held[node.name].double()

    nodes: list[Any] = list(program.graph.nodes)
    for node in nodes:
        before: Any = node.args[0] if node.args and isinstance(node.args[0], torch.fx.Node) else None
        if "aten.batch_norm" not in str(node.target) or before is None or "conv" not in str(before.target):
            continue
        weight, bias = before.args[1], before.args[2] if len(before.args) > 2 else None
        _, scale, shift, mean, variance = node.args[:5]
        eps = node.args[7]  # aten.batch_norm(input, weight, bias, mean, var, training, momentum, eps, cudnn)
        fused, _ = fuse_conv_bn_weights(
            value(weight), value(bias), value(mean), value(variance), eps, value(scale), value(shift)
        )
        found[names[weight.name]] = fused.detach().numpy()
        folded.add(weight.name)
    users = {node.name: len(node.users) for node in nodes}
    for name, target in names.items():
        tensor = held[name]
        if name in folded or tensor is None or not tensor.is_floating_point() or not users.get(name):
            continue
        if tensor.ndim >= 2 and tensor.numel() >= SMALLEST_COMPARED:
            found[target] = tensor.detach().double().numpy()
    return {name: values for name, values in found.items() if values.size >= SMALLEST_COMPARED}
