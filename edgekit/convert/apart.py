"""A graph taken apart: each operator on its own, fed from outside with what it would have got from the others.

One file, one interpreter: every known value that an operator takes becomes an input of the graph, every value that one
makes an output. Constants, what is computed from constants alone (a weight's DEQUANTIZE), and values that are not known
stay as they are: an operator behind those runs together with what computes them.
"""

import copy
from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from edgekit.convert.schema import pack, unpack
from edgekit.tflite import ModelFile, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """`fed`: tensors of the original whose values the new graph's inputs take, in order; `made`: its outputs."""

    content: bytes
    fed: tuple[int, ...]
    made: tuple[int, ...]


def take_apart(content: bytes, known: Container[int]) -> Apart:
    """`known`: tensors whose values can be given.

    Raises `schema.Unknown` for a file that the generated code would change, ModelFileError for no .tflite file.
    """
    file = read(content)
    fixed = fixed_tensors(file)
    model = unpack(content)
    graph = model.subgraphs[0]
    fed: dict[int, int] = {}  # tensor of the original -> the input that stands for it
    for operator, plain in zip(graph.operators, file.main.operators, strict=True):
        places = []
        for index in plain.inputs:
            if index in known and index not in fixed:
                if index not in fed:
                    fed[index] = len(graph.tensors)
                    stand_in = copy.copy(graph.tensors[index])
                    stand_in.name, stand_in.buffer = b"fed/" + (stand_in.name or b""), 0
                    graph.tensors.append(stand_in)
                index = fed[index]
            places.append(index)
        operator.inputs = np.array(places, dtype=np.int32)
    made = tuple(index for op in file.main.operators for index in op.outputs if index >= 0 and index not in fixed)
    loose = [index for index in file.main.inputs if index not in fed]  # that no operator takes, or that is not known
    graph.inputs = np.array([*fed.values(), *loose], dtype=np.int32)
    graph.outputs = np.array(made, dtype=np.int32)
    model.signatureDefs, model.metadata, model.metadataBuffer = None, None, None
    return Apart(content=pack(model), fed=(*fed, *loose), made=made)


def fixed_tensors(file: ModelFile) -> set[int]:
    """Tensors of the main graph whose values no input changes: constants, states, and what is made of those alone."""
    fixed = {tensor.index for tensor in file.main.tensors if tensor.is_constant or tensor.is_variable}
    for operator in file.main.operators:
        if operator.inputs and all(index < 0 or index in fixed for index in operator.inputs):
            fixed |= set(operator.outputs)
    return fixed
