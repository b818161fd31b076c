"""Options of operators: values from bytes written by hand, defaults, and files that lie about them."""

import random

import pytest
from unit.tflite import built

from edgekit.errors import ModelFileError
from edgekit.tflite import options, read

CONV = {"padding": "SAME", "stride_w": 0, "stride_h": 0, "fused_activation_function": "NONE"}
CONV |= {"dilation_w_factor": 1, "dilation_h_factor": 1, "quantized_bias_type": "float32"}


def with_options(kind, fields, code="CONV_2D"):
    """A file of one operator whose table of options is `fields`."""
    operator = built.operator(0, [0], [1]) | {3: ("B", kind)}
    if fields is not None:
        operator[4] = fields
    return built.model(
        built.graph(tensors=[built.tensor(), built.tensor()], operators=[operator], inputs=[0], outputs=[1]),
        codes=(code,),
    )


def options_of(kind, fields, code="CONV_2D"):
    return read(built.file(with_options(kind, fields, code))).main.operators[0].options


def test_what_a_file_gives_and_what_it_leaves_out():
    given = {0: ("b", 1), 1: ("i", 2), 2: ("i", 3), 3: ("b", 3), 5: ("i", 4)}
    assert options_of(1, given) == {
        "padding": "VALID",
        "stride_w": 2,
        "stride_h": 3,
        "fused_activation_function": "RELU6",
        "dilation_w_factor": 1,
        "dilation_h_factor": 4,
        "quantized_bias_type": "float32",
    }


@pytest.mark.parametrize(("kind", "fields"), [(1, {}), (1, None), (0, None), (2, {1: ("i", 7)})])
def test_no_options_and_another_operators_options_are_the_defaults(kind, fields):
    assert options_of(kind, fields) == CONV


def test_kinds_of_values():
    assert options_of(8, {1: ("b", 1), 2: ("B", 1)}, "FULLY_CONNECTED") == {
        "fused_activation_function": "NONE",
        "weights_format": "SHUFFLED4x16INT8",
        "keep_num_dims": True,
        "asymmetric_quantize_inputs": False,
        "quantized_bias_type": "float32",
        "quant_spec": (),
    }
    assert options_of(8, {5: ("B", [3, 200])}, "FULLY_CONNECTED")["quant_spec"] == (3, 200)
    assert options_of(11, {}, "ADD") == {"fused_activation_function": "NONE", "pot_scale_int16": True}
    assert options_of(101, {0: ("B", 1)}, "BATCH_MATMUL")["adj_x"] is True


def test_a_name_that_the_schema_does_not_have_stays_a_number():
    assert options_of(1, {3: ("b", 77), 0: ("b", -5)})["fused_activation_function"] == "77"
    assert options_of(1, {3: ("b", 77), 0: ("b", -5)})["padding"] == "-5"


def test_every_operator_of_the_table_has_its_defaults():
    assert options.defaults("SOFTMAX") == {"beta": 0.0}
    assert options.defaults("RESHAPE") == {"new_shape": ()}
    assert options.defaults("VAR_HANDLE") == {"container": "", "shared_name": ""}
    assert options.defaults("CUMSUM") == {"exclusive": False, "reverse": False}
    assert options.defaults("RESIZE_BILINEAR") == {"align_corners": False, "half_pixel_centers": False}
    assert [field.number for field in options.KINDS["RESIZE_BILINEAR"].fields] == [2, 3]
    assert options.defaults("SIN") == {}


def test_a_long_list_is_cut():
    content = built.file(
        built.model(
            built.graph(
                tensors=[built.tensor()],
                operators=[built.operator(0, [0], [0]) | {3: ("B", 17), 4: {0: ("i", list(range(500)))}}],
            ),
            codes=("RESHAPE",),
        )
    )
    assert read(content).main.operators[0].options["new_shape"] == tuple(range(64))


def test_offsets_that_lead_out_of_the_file():
    content = bytearray(built.file(with_options(1, {1: ("i", 2)})))
    table = read(bytes(content)).main.operators[0]
    assert table.options["stride_w"] == 2
    refused = 0
    for at in range(8, len(content) - 4):
        bent = bytearray(content)
        bent[at : at + 4] = b"\xff\xff\xff\x7f"
        try:
            read(bytes(bent))
        except ModelFileError:
            refused += 1
    assert refused > 60


def test_shared_options_are_read_once():
    """Many operators with one table, as edgekit writes them, stay within the reader's budget."""
    shared = {1: ("i", 2), 2: ("i", 2), 5: ("i", 1)}
    operator = built.operator(0, [0], [0]) | {3: ("B", 1), 4: shared}
    content = built.file(
        built.model(built.graph(tensors=[built.tensor()], operators=[operator] * 5000), codes=("CONV_2D",))
    )
    found = read(content).main.operators
    assert len({id(operator.options) for operator in found}) == 1


def test_random_bytes_in_options_end_in_a_sentence_or_a_model():
    chance = random.Random(11)
    content = built.file(with_options(1, {0: ("b", 1), 1: ("i", 2), 2: ("i", 3)}))
    for _ in range(2000):
        bent = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            bent[chance.randrange(8, len(bent))] = chance.randrange(256)
        try:
            read(bytes(bent))
        except ModelFileError as error:
            assert len(str(error)) < 1000
