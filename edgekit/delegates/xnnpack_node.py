"""One node as XNNPACK's delegate looks at it: checks of tensors that several operators share.

Names of checks are those of the runtime: tflite/delegates/xnnpack/xnnpack_delegate.cc.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from edgekit.delegates.coverage import Refusal, Unknown
from edgekit.tflite.structure import ModelFile, Operator, Subgraph, Tensor, integers

MAX_DIMS = 6
"""XNN_MAX_TENSOR_DIMS."""
_ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")
_SMALLEST_NORMAL = 2.0**-126

FLOAT = ("float32", "float16")
ANY_8BIT = ("int8", "uint8")
ASKED = "asked of the library with files of one operator"
"""Source of what TFLite 2.16.1 does otherwise: its answers, in place of a function's name."""

NEWER = ("COS", "EXP", "LOG", "RSQRT", "SIN", "GELU", "REDUCE_MAX", "REDUCE_MIN")
"""Operators that TFLite 2.16.1's XNNPACK does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One runtime's XNNPACK. `older`: as TFLite 2.16.1 answers when it is asked file by file."""

    runtime: str
    file: str
    older: bool = False


class Refused(Exception):
    """The rule that refuses a node."""

    def __init__(self, rule: str, function: str, mend: str) -> None:
        super().__init__(rule)
        self.rule, self.function, self.mend = rule, function, mend


class Undecided(Refused):
    """What the file's reader does not know decides about the node."""


@dataclass(slots=True, kw_only=True)
class Unpacked:
    """What the delegate knows of the graph's constants while it goes through the nodes, in the file's order."""

    tensors: set[int] = field(default_factory=set)
    """Outputs of DEQUANTIZE and DENSIFY over constants: as good as constants."""
    still_half: set[int] = field(default_factory=set)
    """Of those, the ones that layers read as float16: their DEQUANTIZE is left out."""
    early: set[int] = field(default_factory=set)
    """Tensors that the older library computes before the delegate is asked: RESHAPE takes its shape from them."""


class Node:
    """An operator with its tensors; every check raises Refused. `function`: the runtime's function for the operator."""

    def __init__(
        self, model: ModelFile, graph: Subgraph, operator: Operator, unpacked: Unpacked, release: Release
    ) -> None:
        self.model, self.graph, self.operator, self.unpacked = model, graph, operator, unpacked
        self.release, self.older = release, release.older
        self.function = ""
        self.breaks: list[str] = []
        """Why the runtime takes the node and then cannot build it: the file does not load."""

    # -- what the node has
    def need(self, holds: bool, rule: str, mend: str = "", function: str = "") -> None:
        if not holds:
            raise Refused(rule, function or self.function, mend)

    def counts(self, inputs: tuple[int, int], outputs: tuple[int, int] = (1, 1), mend: str = "") -> None:
        for what, found, (least, most) in (
            ("inputs", len(self.operator.inputs), inputs),
            ("outputs", len(self.operator.outputs), outputs),
        ):
            wanted = str(least) if least == most else f"{least} to {most}"
            self.need(
                least <= found <= most, f"{found} {what}; XNNPACK takes {wanted}", mend, "CheckNumInputsAndOutputs"
            )

    def has(self, number: int) -> bool:
        return number < len(self.operator.inputs) and self.operator.inputs[number] >= 0

    def input(self, number: int) -> Tensor:
        self.need(self.has(number), f"input {number} is not given")
        return self.graph.tensors[self.operator.inputs[number]]

    def output(self, number: int = 0) -> Tensor:
        self.need(number < len(self.operator.outputs), f"output {number} is not given")
        return self.graph.tensors[self.operator.outputs[number]]

    def option(self, name: str) -> int | float | bool | str | tuple[int, ...]:
        return self.operator.options[name]

    def number(self, name: str) -> int:
        value = self.operator.options[name]
        return value if isinstance(value, int) else 0

    def called(self, tensor: Tensor) -> str:
        """How a sentence names a tensor of this node."""
        for what, numbers in (("input", self.operator.inputs), ("output", self.operator.outputs)):
            if tensor.index in numbers:
                return f"{what} {numbers.index(tensor.index)}" if len(numbers) > 1 or what == "input" else what
        return f"tensor {tensor.index}"

    def known_here(self) -> None:
        """Whether the release has the operator at all."""
        name = self.operator.name
        missing = self.older and name in NEWER
        self.need(not missing, f"the older library's XNNPACK takes no {name}", "", ASKED)

    # -- types
    def typed(self, tensor: Tensor, kinds: Sequence[str], function: str, mend: str = "") -> None:
        """One of `kinds`; 8-bit ones with one scale for the whole tensor."""
        kinds = self._known(kinds)
        self.need(
            tensor.dtype in kinds,
            f"{self.called(tensor)} is {tensor.dtype}; XNNPACK takes {_listed(kinds)} here",
            mend or _mend_type(tensor, kinds),
            function,
        )
        if tensor.dtype in ANY_8BIT:
            self.one_scale(tensor, function)

    def _known(self, kinds: Sequence[str]) -> Sequence[str]:
        return [kind for kind in kinds if kind != "float16"] if self.older else kinds

    def one_scale(self, tensor: Tensor, function: str) -> None:
        quantization = tensor.quantization
        scales = len(quantization.scales) if quantization else 0
        self.need(
            quantization is not None and scales == 1 and quantization.axis == 0,
            f"{self.called(tensor)} is {tensor.dtype} with {scales} scales; XNNPACK takes one for the whole tensor",
            "quantize it with one scale a tensor",
            function,
        )

    def floats(self, *tensors: Tensor, mend: str = "") -> None:
        for tensor in tensors:
            self.typed(tensor, FLOAT, "CheckTensorFloatType", mend)

    def float_or_8bit(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            self.typed(tensor, (*FLOAT, *ANY_8BIT), "CheckTensorFloatOrQUInt8Type")

    def float32_or_8bit(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            self.typed(tensor, ("float32", *ANY_8BIT), "CheckTensorFloat32OrQUInt8Type")

    def weights(self, tensor: Tensor, axis: int) -> None:
        """Of convolutions and matrix products: float, or int8 with one scale or one a slice along `axis`."""
        function = "CheckTensorFloat32OrQCInt8Type"
        kinds = (*FLOAT, *ANY_8BIT)
        self.need(
            tensor.dtype in kinds, f"the weights are {tensor.dtype}; XNNPACK takes {_listed(kinds)}", "", function
        )
        if tensor.dtype == "uint8":
            self.one_scale(tensor, function)
            self.valid(tensor, 255, 0, function)
        elif tensor.dtype == "int8":
            self.along(tensor, axis, function)
            self.valid(tensor, 127, -128, function)

    def along(self, tensor: Tensor, axis: int, function: str) -> None:
        quantization = tensor.quantization
        self.need(quantization is not None, f"the {tensor.dtype} weights have no scale", "quantize them", function)
        if quantization and len(quantization.scales) > 1:
            self.need(
                quantization.axis == axis,
                f"the weights have a scale for each slice along axis {quantization.axis}; XNNPACK takes axis {axis}",
                "",
                function,
            )

    def valid(self, tensor: Tensor, high: int, low: int, function: str) -> None:
        """xnn_validate_quantized_tensor and xnn_validate_channelwise_quantized_tensor."""
        quantization = tensor.quantization
        if quantization is None:
            return
        several = len(quantization.scales) > 1
        zero = quantization.zero_points[0]
        self.need(
            zero == 0 if several else low <= zero <= high,
            f"{self.called(tensor)} has zero point {zero}"
            + ("; XNNPACK takes 0 where there are several scales" if several else f", outside {low} to {high}"),
            "quantize it symmetrically",
            function,
        )
        bad = next((scale for scale in quantization.scales if not (_SMALLEST_NORMAL <= scale < math.inf)), None)
        self.need(bad is None, f"{self.called(tensor)} has scale {bad}", "", function)

    def bias(self, tensor: Tensor) -> None:
        function = "CheckTensorFloat32OrFloat16OrQCInt32Type"
        kinds = (*FLOAT, "int32")
        self.need(tensor.dtype in kinds, f"the bias is {tensor.dtype}; XNNPACK takes {_listed(kinds)}", "", function)
        if tensor.dtype == "int32":
            found = tensor.quantization
            self.need(found is not None and found.axis == 0, "the int32 bias has no scales along axis 0", "", function)
            self.valid(tensor, 0, 0, function)

    def filter_and_bias(self, weights: Tensor, bias: Tensor) -> None:
        """Of float layers: both float32, or float16 weights with either."""
        kinds = tuple("float16" if t.index in self.unpacked.still_half else t.dtype for t in (weights, bias))
        self.need(
            self.older or kinds[0] not in FLOAT or kinds[1] == kinds[0] or kinds == ("float16", "float32"),
            f"the weights are {kinds[0]} and the bias is {kinds[1]}",
            "store both in the same type",
            "CheckFilterAndBiasTypes",
        )

    # -- shapes and constants
    def rank(self, tensor: Tensor, least: int, most: int | None = None) -> None:
        function, most = "CheckTensorShape", least if most is None else most
        found = len(tensor.shape)
        wanted = str(least) if least == most else f"{least} to {most}"
        self.need(
            least <= found <= most,
            f"{self.called(tensor)} has {found} dimensions; XNNPACK takes {wanted}",
            "reshape around it" if found > most else "",
            function,
        )
        self.need(0 not in tensor.shape, f"{self.called(tensor)} has a dimension of 0", "", function)

    def vector(self, tensor: Tensor, *, ones_before: bool = False) -> None:
        """A list of numbers: one dimension, or ones before the last one."""
        fits = len(tensor.shape) == 1 or (ones_before and all(size == 1 for size in tensor.shape[:-1]))
        self.need(
            fits,
            f"{self.called(tensor)} has shape {list(tensor.shape)}; XNNPACK takes a list",
            "",
            "CheckShapeTensorShape",
        )

    def constant(self, tensor: Tensor, *, unpacked: bool = False) -> None:
        """In the file; `unpacked`: or made from a constant by a DEQUANTIZE or DENSIFY."""
        if unpacked and tensor.index in self.unpacked.tensors:
            return
        self.need(
            tensor.is_constant,
            f"{self.called(tensor)} is computed at run time; XNNPACK takes a constant",
            "make it a constant of the graph",
            "CheckTensorStaticAllocation",
        )

    def list_of(
        self, number: int, kinds: Sequence[str] = ("int32",), function: str = "CheckTensorType"
    ) -> tuple[int, ...]:
        """A constant list of numbers, such as axes or a shape."""
        tensor = self.input(number)
        self.need(
            tensor.dtype in kinds,
            f"{self.called(tensor)} is {tensor.dtype}; XNNPACK takes {_listed(kinds)} here",
            f"store it as {kinds[0]}",
            function,
        )
        self.constant(tensor)
        found = integers(self.model, tensor)
        self.need(found is not None, f"{self.called(tensor)} is no list that can be read")
        return found or ()

    # -- options
    def activation(self) -> None:
        found = str(self.operator.options.get("fused_activation_function", "NONE"))
        self.need(
            found in _ACTIVATIONS,
            f"its fused activation is {found}; XNNPACK takes {_listed(_ACTIVATIONS)}",
            "put the activation into an operator of its own",
            "ConvertActivationToOutputRange",
        )

    def padding(self) -> None:
        found = self.option("padding")
        self.need(found in ("SAME", "VALID"), f"its padding is {found}", "", "CalculatePadding")

    def positive(self, names: Sequence[str], function: str) -> None:
        for name in names:
            self.need(self.number(name) > 0, f"{name} is {self.number(name)}", "", function)

    def scale_of(self, tensor: Tensor) -> float:
        """An 8-bit tensor's scale; NaN for others."""
        return tensor.quantization.scales[0] if tensor.quantization and tensor.dtype in ANY_8BIT else math.nan

    def ratio(self, above: float, below: float) -> float:
        """As the processor divides: by zero it gives infinity, or NaN."""
        return above / below if below else (math.nan if above == 0 or math.isnan(above) else math.inf)

    def refusal(self, error: Refused) -> Refusal:
        place = self.release.runtime if error.function == ASKED else self.release.file
        kind = Unknown if isinstance(error, Undecided) else Refusal
        return kind(rule=error.rule, source=f"{place}: {error.function}", mend=error.mend)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _mend_type(tensor: Tensor, kinds: Sequence[str]) -> str:
    if tensor.dtype == "int16":
        return "use int8 activations, or float"
    if tensor.dtype in ("int64", "int32", "bool"):
        return "compute it in float32, or outside the model"
    if tensor.dtype in ANY_8BIT and not set(ANY_8BIT) <= set(kinds):
        return "leave this operator in float"
    return ""
