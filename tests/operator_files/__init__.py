"""Small .tflite files, each of one operator (a few of several), over types, shapes, options and quantization.

What a delegate takes of them is forecast and counted. Not every file can be prepared by a runtime: those are left out.
"""

from operator_files import elements, graphs, layers, shapes
from operator_files.layers import CONV
from operator_files.writer import Op, T, file, i32, one, q

__all__ = ["CONV", "Op", "T", "cases", "file", "i32", "one", "q"]


def cases():
    """(name, bytes) of every file."""
    for family in (layers.convolutions, layers.products, layers.pools, elements.elementwise, shapes.shapes):
        yield from family()
    for family in (graphs.chains, graphs.variables, graphs.sizes):
        yield from family()
