"""Where XNNPACK may switch to its sparse kernels: the shape of the graph alone, whatever zeros its weights hold.

Source: XNNPACK src/subgraph.c, xnn_check_nchw_compatibility and xnn_subgraph_rewrite_for_nchw. Besides this shape it
asks for weights that the file stores sparse, zeros in more than two thirds of the 1x1 convolutions' weights, and a
processor without AVX.
"""

from dataclasses import dataclass, field

from edgekit.delegates.coverage import Coverage, Refusal, conclude
from edgekit.tflite.structure import ModelFile, Operator, Subgraph, integers

SOURCE = "XNNPACK src/subgraph.c: xnn_check_nchw_compatibility"
CLUSTERS = "XNNPACK src/subgraph.c: xnn_subgraph_rewrite_for_nchw"
NOTE = "also asked for: sparse weights in the file, over two thirds zeros in the 1x1 convolutions, no AVX"
UNARY = (
    *("ABS", "CEIL", "ELU", "FLOOR", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "NEG", "RELU", "RELU6", "RELU_N1_TO_1"),
    *("ROUND", "SQUARE"),
)
UNPACKS = ("DEQUANTIZE", "DENSIFY")
"""Operators that a delegate applies to stored weights while it is built."""
BEGIN, BODY, END = "begin", "body", "end"

Pads = tuple[int, int, int, int]
"""Top, bottom, left, right."""


def predict(model: ModelFile) -> Coverage:
    """Nodes that would run in a sparse part; refusals say which shape is asked for."""
    judge = _Judge(model)
    return conclude(
        model, judge.verdicts(), delegate="cpu, sparse", runtime="XNNPACK of ai-edge-litert 2.3.0", notes=(NOTE,)
    )


@dataclass(slots=True)
class _Judge:
    """One graph: what each node could be in a sparse part, then which parts are whole."""

    model: ModelFile
    graph: Subgraph = field(init=False)
    maker: dict[int, int] = field(default_factory=dict)
    readers: dict[int, list[int]] = field(default_factory=dict)
    role: dict[int, str] = field(default_factory=dict)
    why: dict[int, Refusal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = self.model.main
        for index, operator in enumerate(self.graph.operators):
            self.maker |= dict.fromkeys(operator.outputs, index)
            for tensor in dict.fromkeys(operator.inputs):
                self.readers.setdefault(tensor, []).append(index)

    def verdicts(self) -> list[Refusal | None]:
        operators = self.graph.operators
        for index, operator in enumerate(operators):
            found = self._role(operator)
            if isinstance(found, Refusal):
                self.why[index] = found
            elif found:
                self.role[index] = found
        whole = self._whole()
        return [None if self._heir(index) in whole else self._refusal(index) for index in range(len(operators))]

    def _heir(self, index: int) -> int:
        """The node that a PAD, or the unpacking of weights, becomes part of; itself for others."""
        padded, operator = self._padded(index), self.graph.operators[index]
        if padded is not None:
            return padded
        readers = self.readers.get(operator.outputs[0], []) if operator.outputs else []
        if operator.name in UNPACKS and self._stored(operator.outputs[0]) and readers:
            return self._heir(readers[0])
        return index

    def _stored(self, tensor: int) -> bool:
        """Whether a tensor is a constant, or unpacked from one."""
        if tensor < 0 or self.graph.tensors[tensor].is_constant:
            return True
        maker = self.maker.get(tensor)
        operator = None if maker is None else self.graph.operators[maker]
        return operator is not None and operator.name in UNPACKS and self._stored(operator.inputs[0])

    def _refusal(self, index: int) -> Refusal:
        cut = "it lies in no part from a 3x3 convolution of stride 2 on 3 channels to a MEAN, all of whose nodes fit"
        return self.why.get(self._heir(index)) or Refusal(rule=cut, source=CLUSTERS)

    def _role(self, operator: Operator) -> str | Refusal:
        tensors = self.graph.tensors
        kinds = {tensors[index].dtype for index in (*operator.inputs[:1], *operator.outputs)}
        if not kinds <= {"float32", "float16"}:
            return Refusal(rule=f"it computes on {', '.join(sorted(kinds))}; sparse parts on floats", source=SOURCE)
        if operator.name == "CONV_2D":
            return self._convolution(operator)
        if operator.name == "DEPTHWISE_CONV_2D":
            return self._depthwise(operator)
        rank = len(tensors[operator.inputs[0]].shape) if operator.inputs else 0
        if operator.name in UNARY and rank == 4:
            return BODY
        if operator.name in ("ADD", "MUL"):
            return self._binary(operator)
        if operator.name == "RESIZE_BILINEAR" and min(tensors[operator.inputs[0]].shape[1:3], default=0) > 1:
            return BODY
        if operator.name == "MEAN" and rank == 4:
            axes = integers(self.model, tensors[operator.inputs[1]])
            if axes is not None and {axis % 4 for axis in axes} == {1, 2}:
                return END
            return Refusal(rule=f"it reduces axes {axes}; a sparse part ends with rows and columns", source=SOURCE)
        if operator.name == "DEPTH_TO_SPACE":
            return END
        if operator.name == "PAD":
            return ""
        mend = "write it as MEAN over rows and columns" if operator.name == "AVERAGE_POOL_2D" else ""
        return Refusal(rule=f"sparse parts have no {operator.name} on {rank} axes", source=SOURCE, mend=mend)

    def _convolution(self, operator: Operator) -> str | Refusal:
        height, width = self.graph.tensors[operator.inputs[1]].shape[1:3]
        depth = self.graph.tensors[operator.inputs[1]].shape[3]
        strides, pads = self._strides(operator), self._pads(operator)
        if self._dilated(operator) or depth != self.graph.tensors[operator.inputs[0]].shape[3]:
            return Refusal(rule="it is dilated or has groups", source=SOURCE)
        if (height, width) == (1, 1):
            if strides != (1, 1) or pads != (0, 0, 0, 0):
                return Refusal(rule=f"a 1x1 convolution of strides {strides} and padding {pads}", source=SOURCE)
            return BODY
        said = f"a {height}x{width} convolution of strides {strides} on {depth} channels, padding {pads or 'SAME'}"
        if (height, width, depth, strides, pads) != (3, 3, 3, (2, 2), (1, 1, 1, 1)):
            mend = "pad 1 on each side by PAD, where that is equal" if pads is None else ""
            asked = "sparse parts have 1x1 ones, and begin with a 3x3 of stride 2 on 3 channels padded by 1"
            return Refusal(rule=f"{said}: {asked}", source=SOURCE, mend=mend)
        return BEGIN

    def _depthwise(self, operator: Operator) -> str | Refusal:
        height, width = self.graph.tensors[operator.inputs[1]].shape[1:3]
        strides, pads = self._strides(operator), self._pads(operator)
        multiplier = operator.options.get("depth_multiplier")
        half = height // 2
        fits = height == width and height in (3, 5) and multiplier == 1 and strides in ((1, 1), (2, 2))
        if fits and not self._dilated(operator) and pads == (half,) * 4:
            return BODY
        rule = f"a {height}x{width} depthwise convolution of strides {strides}, multiplier {multiplier}, padding {pads}"
        mend = f"pad {half} on each side by PAD, where that is equal" if fits and pads is None else ""
        return Refusal(rule=f"{rule}; asked for: 3x3 or 5x5, padded by half of it", source=SOURCE, mend=mend)

    def _binary(self, operator: Operator) -> str | Refusal:
        tensors = [self.graph.tensors[index] for index in operator.inputs]
        if any(len(tensor.shape) != 4 for tensor in tensors):
            shapes = " and ".join("x".join(map(str, tensor.shape)) for tensor in tensors)
            return Refusal(rule=f"its inputs are {shapes}; asked for: four axes", source=SOURCE, mend="four axes each")
        if any(tensor.is_constant and sum(size != 1 for size in tensor.shape) > 1 for tensor in tensors):
            return Refusal(rule="it reads a constant of several axes", source=SOURCE)
        return BODY

    def _strides(self, operator: Operator) -> tuple[int, int]:
        return int(str(operator.options["stride_h"])), int(str(operator.options["stride_w"]))

    def _dilated(self, operator: Operator) -> bool:
        return any(operator.options.get(f"dilation_{side}_factor", 1) != 1 for side in "hw")

    def _pads(self, operator: Operator) -> Pads | None:
        """Padding that XNNPACK knows by numbers; None: SAME at another stride than 1."""
        height, width = self.graph.tensors[operator.inputs[1]].shape[1:3]
        if operator.options["padding"] == "SAME":
            if self._strides(operator) != (1, 1):
                return (0, 0, 0, 0) if (height, width) == (1, 1) else None
            return ((height - 1) // 2, height // 2, (width - 1) // 2, width // 2)
        pad = self.maker.get(operator.inputs[0])
        if pad is None or self._padded(pad) is None:
            return (0, 0, 0, 0)
        table = integers(self.model, self.graph.tensors[self.graph.operators[pad].inputs[1]]) or (0,) * 8
        return (table[2], table[3], table[4], table[5])

    def _padded(self, index: int) -> int | None:
        """The VALID convolution that a PAD becomes part of."""
        pad = self.graph.operators[index]
        readers = self.readers.get(pad.outputs[0], []) if pad.outputs else []
        if pad.name != "PAD" or len(readers) != 1 or pad.outputs[0] in self.graph.outputs:
            return None
        reader = self.graph.operators[readers[0]]
        table = integers(self.model, self.graph.tensors[pad.inputs[1]])
        valid = reader.name in ("CONV_2D", "DEPTHWISE_CONV_2D") and reader.options["padding"] == "VALID"
        if not valid or table is None or len(table) != 8 or table[:2] + table[6:] != (0, 0, 0, 0):
            return None
        return readers[0]

    def _whole(self) -> set[int]:
        """Nodes of parts that begin and end as asked, and in between read from and write to each other alone."""
        leader = {index: index for index in self.role}

        def root(index: int) -> int:
            while leader[index] != index:
                index = leader[index]
            return index

        broken: set[int] = set()
        for index, role in self.role.items():
            operator = self.graph.operators[index]
            for tensor in operator.inputs if role != BEGIN else ():
                if self._stored(tensor):
                    continue
                source = self._source(tensor)
                if self.role.get(source, "") in (BEGIN, BODY):
                    leader[root(index)] = root(source)
                else:
                    broken.add(index)
            if role != END and not self._read_inside(operator.outputs[0]):
                broken.add(index)
        lost = {root(index) for index in broken}
        parts: dict[int, set[int]] = {}
        for index in self.role:
            parts.setdefault(root(index), set()).add(index)
        return {
            index
            for place, part in parts.items()
            if place not in lost and any(self.role[index] == END for index in part) and self._has_pointwise(part)
            for index in part
        }

    def _source(self, tensor: int) -> int:
        """The node that makes a tensor, a PAD that becomes part of its reader skipped."""
        index = self.maker.get(tensor, -1)
        if index >= 0 and self._padded(index) is not None:
            return self.maker.get(self.graph.operators[index].inputs[0], -1)
        return index

    def _read_inside(self, tensor: int) -> bool:
        readers = self.readers.get(tensor, [])
        inside = all(self.role.get(self._heir(index), "") in (BODY, END) for index in readers)
        return bool(readers) and inside and tensor not in self.graph.outputs

    def _has_pointwise(self, part: set[int]) -> bool:
        return any(self.graph.operators[index].name == "CONV_2D" and self.role[index] == BODY for index in part)
