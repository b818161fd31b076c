"""What a bundle is made from: one artifact, its inputs and outputs in an app's words, and how it is to be run."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgekit.artifact import Artifact, TensorInfo
from edgekit.datasets import Normalization
from edgekit.errors import DataError
from edgekit.units import printable

_KEYWORDS = frozenset(
    "as break class continue do else false for fun if in interface is null object package return super this throw true "
    "try typealias typeof val var when while func let init self Self guard switch case import repeat where struct enum "
    "extension protocol static defer default operator private public internal throws rethrows catch Any nil inout "
    "subscript deinit associatedtype fileprivate".split()
)
"""Of Kotlin and of Swift: no parameter of the code that is written may be called so."""
_OWN_WORDS = frozenset(("run", "labels", "interpreter", "accelerator", "delegate", "ranked", "i", "it"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One input or output. `name`: in the file; `word`: in the code. `scale` None: nothing is quantized.

    `layout`: `NHWC`, or empty where the values lie as torch has them. `normalization`: of an input; None: as it is.
    """

    name: str
    word: str
    shape: tuple[int, ...]
    dtype: str
    layout: str = ""
    scale: float | None = None
    zero_point: int | None = None
    normalization: Normalization | None = None

    @property
    def elements(self) -> int:
        """Values of one invocation."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A row of the report that is about this very file. `latency_ns` None: none, `status` says why."""

    target: str
    status: str
    latency_ns: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How the app is to run the model, and why. `delegate`: cpu, cpu-default, gpu or nnapi."""

    delegate: str
    threads: int
    why: str
    on_a_phone: bool
    rows: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that the texts say. `why`: why this variant."""

    edgekit: str
    recipe: str
    why: str
    artifact: Artifact
    model: bytes
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    labels: tuple[str, ...]
    running: Running
    plan: Mapping[str, float]
    coreml: Mapping[str, bytes] = field(default_factory=dict)
    """iOS: files of the Core ML package of the same steps, by name inside it; nothing where the recipe makes none."""
    coreml_artifact: Artifact | None = None

    @property
    def class_name(self) -> str:
        """Of the code that is written."""
        return "Classifier" if self.labels else "Predictor"

    @property
    def labelled(self) -> bool:
        """Whether the only output has one value a label."""
        return len(self.outputs) == 1 and self.outputs[0].elements == len(self.labels) > 0


def ports(
    artifact: Artifact,
    *,
    input_names: Sequence[str],
    normalization: Sequence[Normalization | None],
    channels_last: Sequence[int],
    labelled: bool,
) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Inputs and outputs of the file, in its order; raises DataError for a normalization that does not fit."""
    if normalization and len(normalization) != len(artifact.inputs):
        raise DataError(
            f"the data source has a normalization for {len(normalization)} inputs, the file has {len(artifact.inputs)}",
            "give one an input, None where its values are raw",
        )
    named = list(input_names) if len(input_names) == len(artifact.inputs) else [""] * len(artifact.inputs)
    words = _words([name or f"input{index}" for index, name in enumerate(named)])
    inputs = []
    for index, (info, word) in enumerate(zip(artifact.inputs, words, strict=True)):
        layout = ("NHWC" if len(info.shape) == 4 else "channels last") if index in channels_last else ""
        port = _port(info, word, layout, normalization[index] if normalization else None)
        _check(port)
        inputs.append(port)
    single = len(artifact.outputs) == 1
    names = ["scores" if labelled and single else f"output{index}" for index in range(len(artifact.outputs))]
    outputs = (_port(info, name, "", None) for info, name in zip(artifact.outputs, names, strict=True))
    return tuple(inputs), tuple(outputs)


def _port(info: TensorInfo, word: str, layout: str, normalization: Normalization | None) -> Port:
    return Port(
        name=printable(info.name),
        word=word,
        shape=info.shape,
        dtype=info.dtype,
        layout=layout,
        scale=info.scale,
        zero_point=info.zero_point,
        normalization=normalization,
    )


def _words(names: Sequence[str]) -> list[str]:
    """Names that Kotlin and Swift take, no two alike."""
    words: list[str] = []
    for index, name in enumerate(names):
        word = re.sub(r"[^A-Za-z0-9_]", "_", name)
        if not re.match(r"[A-Za-z]", word):
            word = f"input{index}_{word}".rstrip("_")
        if word in _KEYWORDS or word in _OWN_WORDS or re.fullmatch(r"(input|output)\d+(Buffer|Mean|Std)?", word):
            word += "_"
        while word in words:
            word += "_"
        words.append(word)
    return words


def _check(port: Port) -> None:
    found = port.normalization
    if found is None:
        return
    channels = port.shape[-1] if port.layout else port.elements
    for key, values in (("mean", found.mean), ("std", found.std)):
        if len(values) not in (1, channels) or (port.layout == "" and len(values) != 1):
            wanted = f"1 or {channels} (one a channel)" if port.layout else "1"
            raise DataError(
                f"normalization of input {port.word}: {key} has {len(values)} numbers", f"it takes {wanted}"
            )
        if not all(math.isfinite(value) for value in values) or (key == "std" and 0 in values):
            raise DataError(
                f"normalization of input {port.word}: {key} {list(values)} divides by zero or is not finite",
                "(raw - mean) / std is what the network takes",
            )
