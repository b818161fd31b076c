"""Files of one network in which some layers are int8 and others are not, each made from what one calibration saw."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from edgekit.convert import quantize
from edgekit.convert.post_training import Rounded, observed, with_rounded_weights
from edgekit.convert.precision_layers import Layer, layers
from edgekit.recipe.spec import Kept
from edgekit.tflite import read

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Mixer:
    """Of a float file and calibration samples (one tuple of inputs each, in the file's layout).

    `ends_are_integers`: the graph's inputs and outputs are int8 even where a layer there is an exception.
    """

    def __init__(
        self, content: bytes, samples: "Sequence[Sequence[NDArray[Any]]]", *, ends_are_integers: bool = False
    ) -> None:
        self.content = content
        self.file = read(content)
        self.layers: tuple[Layer, ...] = layers(self.file)
        self._ranges, self._moments = observed(content, self.file, samples)
        self._ends_are_integers = ends_are_integers
        self._rounded: Rounded = {}

    def mixed(self, exceptions: Mapping[int, Kept]) -> bytes:
        """int8, but for the layers at these positions. Weights are rounded as in `to_static_int8`."""
        kinds = sorted(set(exceptions.values()))
        parts = [self._exempt({place for place, kept in exceptions.items() if kept == kind}, kind) for kind in kinds]
        ends = self._ends_are_integers
        quantized = quantize.to_ranged_int8(self.content, self._ranges, parts, integer_ends=ends)
        return with_rounded_weights(self.content, self.file, quantized, self._moments, self._rounded)

    def _exempt(self, places: set[int], kept: Kept) -> quantize.Exempt:
        graph = self.file.main
        inside = {index for place in places for index in self.layers[place].operators}
        names = [tensor.name for tensor in graph.tensors]
        outputs = tuple(tuple(names[index] for index in graph.operators[place].outputs) for place in sorted(inside))
        users = {index: set[int]() for index in (*graph.inputs, *graph.outputs)}
        makers: dict[int, int] = {}
        for place, operator in enumerate(graph.operators):
            makers |= dict.fromkeys(operator.outputs, place)
            for index in operator.inputs:
                users.setdefault(index, set()).add(place)
        free_inputs = all(users[index] <= inside for index in graph.inputs)
        free_results = all(makers.get(index) in inside for index in graph.outputs)
        return quantize.Exempt(
            outputs=outputs,
            kept=kept,
            inputs=tuple(names[index] for index in graph.inputs) if free_inputs else (),
            results=tuple(names[index] for index in graph.outputs) if free_results else (),
        )
