"""ModelFile -> what `edgekit inspect` shows, as data and as text."""

from collections.abc import Mapping
from dataclasses import dataclass

from edgekit import units
from edgekit.artifact import compressed_size
from edgekit.tflite.structure import ModelFile, Sections, Tensor, constant_elements, macs, operator_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorLine:
    """One tensor. `scales` holds at most the first; `scale_count` says how many there are."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    constant: bool
    scale_count: int
    scale: float | None
    zero_point: int | None
    axis: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A file in short. `operators` counts by name; `operator_versions` has the highest version of each."""

    size_bytes: int
    compressed_bytes: int
    parameters: int
    macs: int
    description: str
    operators: Mapping[str, int]
    operator_versions: Mapping[str, int]
    quantized_tensors: int
    sections: Sections
    inputs: tuple[TensorLine, ...]
    outputs: tuple[TensorLine, ...]
    signatures: tuple[str, ...]
    metadata: tuple[str, ...]
    tensors: tuple[TensorLine, ...]


def summary(model: ModelFile, content: bytes) -> Summary:
    """Describe the main graph (operators: of all graphs)."""
    lines = tuple(_line(tensor) for tensor in model.main.tensors)
    versions: dict[str, int] = {}
    for subgraph in model.subgraphs:
        for operator in subgraph.operators:
            versions[operator.name] = max(operator.version, versions.get(operator.name, 0))
    return Summary(
        size_bytes=len(content),
        compressed_bytes=compressed_size(content),
        parameters=constant_elements(model),
        macs=macs(model),
        description=model.description,
        operators=operator_counts(model),
        operator_versions=dict(sorted(versions.items())),
        quantized_tensors=sum(tensor.quantization is not None for tensor in model.main.tensors),
        sections=model.sections,
        inputs=tuple(lines[index] for index in model.main.inputs),
        outputs=tuple(lines[index] for index in model.main.outputs),
        signatures=tuple(signature.key for signature in model.signatures),
        metadata=model.metadata,
        tensors=lines,
    )


def _line(tensor: Tensor) -> TensorLine:
    quantization = tensor.quantization
    return TensorLine(
        index=tensor.index,
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        constant=tensor.is_constant,
        scale_count=len(quantization.scales) if quantization else 0,
        scale=quantization.scales[0] if quantization else None,
        zero_point=quantization.zero_points[0] if quantization else None,
        axis=quantization.axis if quantization and len(quantization.scales) > 1 else None,
    )


def render(found: Summary, *, tensors: bool = False) -> str:
    """Text for a terminal; names come from the file."""
    sections = found.sections
    lines = [
        f"{units.size(found.size_bytes)} ({units.size(found.compressed_bytes)} after zlib 9), "
        f"{units.count(found.parameters)} parameters, {units.count(found.macs)} MACs, "
        f"{found.quantized_tensors} quantized tensors",
        "",
        "inputs",
        *(f"  {_tensor_text(line)}" for line in found.inputs),
        "outputs",
        *(f"  {_tensor_text(line)}" for line in found.outputs),
        "",
        f"operators ({sum(found.operators.values())})",
        *(f"  {count:>5}  {name} v{found.operator_versions[name]}" for name, count in found.operators.items()),
        "",
        "bytes",
        f"  {sections.weights_bytes:>10}  weights and other constants",
        f"  {sections.names_bytes:>10}  tensor names",
        f"  {sections.metadata_bytes:>10}  metadata ({', '.join(found.metadata) or 'none'})",
        f"  {sections.unused_buffers_bytes:>10}  buffers that nothing uses",
        f"  {sections.structure_bytes:>10}  operators, shapes, scales, offsets",
    ]
    if tensors:
        lines += ["", "tensors", *(f"  {line.index:>4} {_tensor_text(line)}" for line in found.tensors)]
    return "\n".join(units.printable(line) for line in lines)


def _tensor_text(line: TensorLine) -> str:
    shape = "x".join(str(size) for size in line.shape) or "scalar"
    scales = ""
    if line.scale_count == 1:
        scales = f"  scale {line.scale:.6g}, zero point {line.zero_point}"
    elif line.scale_count > 1:
        scales = f"  {line.scale_count} scales along axis {line.axis}"
    name = line.name if len(line.name) <= 60 else f"...{line.name[-57:]}"
    return f"{line.dtype} {shape}{'  constant' if line.constant else ''}{scales}  {name}"
