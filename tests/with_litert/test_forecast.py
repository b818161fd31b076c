"""XNNPACK's forecast against the prepared interpreter: 1800 files of an operator or a few, and the golden ones."""

import re

import operator_files
import pytest
from operator_files.counting import counted, visible
from operator_files.writer import camel
from with_litert.golden_job import GOLDEN

from edgekit.delegates import predict
from edgekit.tflite import options, read
from edgekit.tflite.operators import TENSOR_TYPES

UNSEEN = {"variable read and written", "variables beside each other"}
"""Kernels whose nodes only write variables: the interpreter's list of nodes does not show them."""


@pytest.fixture(scope="module")
def files():
    return list(operator_files.cases())


def test_the_files_have_names_of_their_own(files):
    assert len(dict(files)) == len(files) > 1800


def test_nodes_and_partitions_are_the_counted_ones(files, tmp_path):
    different, prepared = {}, 0
    for name, content in files:
        got = counted(content, tmp_path)
        if got is None:
            continue
        prepared += 1
        model = read(content)
        found = predict(model, "cpu")
        assert visible(model, found) == got, name
        if (found.taken, found.partitions) != got:
            different[name] = (found.taken, found.partitions), got
    assert set(different) == UNSEEN
    assert prepared > 1400


@pytest.mark.parametrize("name", ["float", "int8"])
def test_the_golden_files(tmp_path, name):
    content = (GOLDEN / f"{name}.tflite").read_bytes()
    found = predict(read(content), "cpu")
    assert counted(content, tmp_path) == (found.taken, found.partitions)


def test_what_cannot_be_built_is_said(files, tmp_path):
    name = "FULLY_CONNECTED dynamic weights zero point"
    content = dict(files)[name]
    assert counted(content, tmp_path) is None
    (note,) = predict(read(content), "cpu").notes
    assert note == "it does not load: node 0 FULLY_CONNECTED is taken, and its int8 weights have zero point 3"


def test_options_are_the_schemas():
    """Kind, names, order and defaults of every table of options, against the runtime's own generated code."""
    from ai_edge_litert import schema_py_generated as schema

    names = {number: name for name, number in vars(schema.BuiltinOptions).items() if isinstance(number, int)}
    second = {number: name for name, number in vars(schema.BuiltinOptions2).items() if isinstance(number, int)}
    for operator, kind in options.KINDS.items():
        table = getattr(schema, f"{(second if kind.second else names)[kind.number]}T")()
        given = list(vars(table).items())
        skipped = 2 if operator == "RESIZE_BILINEAR" else 0  # its two old fields are not generated
        for field in kind.fields:
            name, default = given[field.number - skipped]
            assert name == camel(field.name), operator
            if field.kind in ("int", "bool", "float"):
                assert default == field.default, (operator, name)
            elif field.kind == "type":
                assert TENSOR_TYPES[default] == field.default, (operator, name)
        listed = len(kind.fields) == len(given) or operator == "STABLEHLO_COMPOSITE"
        assert listed, (operator, [name for name, _ in given])


def test_a_field_that_is_newer_than_the_writers_schema(tmp_path, monkeypatch):
    """FULLY_CONNECTED's quant_spec, written with the runtime's own generated code."""
    from ai_edge_litert import schema_py_generated as schema
    from operator_files import writer

    monkeypatch.setattr(writer, "generated", lambda: schema)
    tensors = [writer.T((2, 4)), writer.T((3, 4), data=True)]
    for spec, taken in (([], 1), ([0], 0), ([1, 2], 0)):
        content = writer.one(
            "FULLY_CONNECTED", tensors, [writer.T((2, 3))], quant_spec=writer.np.array(spec, writer.np.uint8)
        )
        model = read(content)
        assert model.main.operators[0].options["quant_spec"] == tuple(spec)
        found = predict(model, "cpu")
        assert counted(content, tmp_path) == (found.taken, found.partitions) == (taken, taken)


def test_operators_of_the_schema_that_have_options_are_known():
    from ai_edge_litert import schema_py_generated as schema

    numbers = {kind.number for kind in options.KINDS.values() if not kind.second}
    unread = {
        name
        for name, number in vars(schema.BuiltinOptions).items()
        if isinstance(number, int) and number and number not in numbers and vars(getattr(schema, f"{name}T")())
    }
    assert unread == {
        *("ConcatEmbeddingsOptions", "LSHProjectionOptions", "SkipGramOptions", "EmbeddingLookupSparseOptions"),
        *("HashtableOptions", "RandomOptions", "BucketizeOptions"),
    }
    assert all(re.fullmatch(r"[a-z0-9_]+", field.name) for kind in options.KINDS.values() for field in kind.fields)
