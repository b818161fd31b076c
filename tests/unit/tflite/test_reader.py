"""The bounded reader and the patcher, on two real files and on files built by hand."""

import random
import time
from pathlib import Path

import pytest
from unit.tflite import built

from edgekit.errors import ModelFileError
from edgekit.runner import codec
from edgekit.tflite import describe, read, read_file
from edgekit.tflite.patch import Patch
from edgekit.tflite.structure import macs, operator_counts

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "runner"
FLOAT = (GOLDEN / "float.tflite").read_bytes()
INT8 = (GOLDEN / "int8.tflite").read_bytes()


def test_what_a_file_holds():
    model = read(INT8)
    assert operator_counts(model) == {"FULLY_CONNECTED": 1, "MAX_POOL_2D": 1, "DEPTHWISE_CONV_2D": 1} | {
        name: 1 for name in operator_counts(model) if name == "RESHAPE"
    }
    first = model.main.tensors[model.main.inputs[0]]
    assert (first.shape, first.dtype, first.is_constant) == ((1, 4, 4, 1), "int8", False)
    assert first.quantization.zero_points == (-128,)
    weights = model.main.tensors[model.main.operators[0].inputs[1]]
    assert (weights.shape, weights.quantization.axis, len(weights.quantization.scales)) == ((1, 3, 3, 4), 3, 4)
    # 2x2 outputs x 4 channels x 9 weights, and 4 x 3
    assert macs(model) == 2 * 2 * 4 * 9 + 4 * 3


@pytest.mark.parametrize("content", [FLOAT, INT8])
def test_sections_add_up_to_the_file(content):
    assert read(content).sections.total_bytes == len(content)


def test_int8_weights_are_a_quarter():
    assert read(FLOAT).sections.weights_bytes - read(INT8).sections.weights_bytes == 3 * (36 + 12)


@pytest.mark.parametrize("content", [FLOAT, INT8])
def test_every_truncation_is_one_sentence(content):
    """Both files are used to the last byte: without it neither is whole."""
    for length in range(len(content)):
        with pytest.raises(ModelFileError, match="^cut.tflite: not a whole .tflite file: "):
            read(content[:length], "cut.tflite")


def test_random_and_mutated_files_end_in_a_sentence_or_a_model():
    generator = random.Random(3)
    refused = 0
    started = time.monotonic()
    for _ in range(4000):
        content = bytearray(generator.choice((FLOAT, INT8)))
        for _ in range(generator.randint(1, 8)):
            at = generator.randrange(len(content))
            content[at] = generator.choice((0, 1, 127, 128, 255, generator.randrange(256)))
        try:
            shown(bytes(content))
        except ModelFileError:
            refused += 1
    assert 500 < refused < 4000
    assert time.monotonic() - started < 120  # a hang, not a speed


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 100, b"\x10\0\0\0TFL3" + b"\xff" * 64, b"PK\x03\x04" * 10])
def test_other_files(content):
    with pytest.raises(ModelFileError, match="not a whole .tflite file"):
        read(content)


def test_overlapping_tables_run_out_of_budget():
    """2000 graphs are one, its 500 tensors are one: a file of 11 kB that would be read as a million tensors."""
    shared = built.graph(tensors=[built.tensor(name=b"")] * 500)
    content = built.file(built.model(*[shared] * 2000))
    assert len(content) < 11_000
    with pytest.raises(ModelFileError, match="its tables overlap: reading it would never end"):
        read(content)
    assert len(read(built.file(built.model(*[shared] * 5))).subgraphs) == 5


def test_a_graph_whose_inputs_are_one_long_name_many_times():
    """60,000 inputs, each the same tensor with a name of 10,000 bytes: 400 kB that were shown as 600 MB."""
    tensors = [built.tensor(name=b"n" * 10_000)]
    for place in ("inputs", "outputs"):
        content = built.file(built.model(built.graph(tensors=tensors, **{place: [0] * 60_000})))
        with pytest.raises(ModelFileError, match="its tables overlap: reading it would never end"):
            read(content)
    assert len(read(built.file(built.model(built.graph(tensors=tensors, inputs=[0] * 9)))).main.inputs) == 9


def shown(content):
    """All that `edgekit inspect` does with a file."""
    found = describe.summary(read(content), content)
    codec.dumps(found)
    return describe.render(found, tensors=True)


@pytest.mark.parametrize("place", ["inputs", "outputs"])
@pytest.mark.parametrize(("tensors", "index"), [(0, -1), (0, 0), (2, -1), (2, 2), (2, -2)])
def test_a_graphs_inputs_and_outputs_are_tensors(place, tensors, index):
    graph = built.graph(tensors=[built.tensor()] * tensors, **{place: [index]})
    with pytest.raises(ModelFileError, match=f"an {place[:-1]} of the graph refers to tensor {index} of {tensors}"):
        read(built.file(built.model(graph)))


def test_only_an_operators_input_may_be_left_out():
    def content(inputs, outputs):
        operators = [built.operator(0, inputs, outputs)]
        return built.file(built.model(built.graph(tensors=[built.tensor()] * 2, operators=operators)))

    assert read(content([0, -1], [1])).main.operators[0].inputs == (0, -1)
    with pytest.raises(ModelFileError, match="ADD refers to tensor -2 of 2"):
        read(content([0, -2], [1]))
    with pytest.raises(ModelFileError, match="ADD refers to tensor -1 of 2"):
        read(content([0], [-1]))


@pytest.mark.parametrize(
    ("name", "shapes", "inputs", "expected"),
    [
        ("BATCH_MATMUL", [(2, 3, 5), (2, 5, 7), (2, 3, 7)], (0, 1), 2 * 3 * 7 * 5),
        ("BATCH_MATMUL", [(), (5, 7), (7,)], (0, 1), 0),
        ("BATCH_MATMUL", [(5,), (), (7,)], (0, 1), 0),
        ("BATCH_MATMUL", [(3,), (5, 7), (7,)], (-1, 1), 0),
        ("CONV_2D", [(1, 4, 4, 2), (8, 3, 3, 2), (1, 2, 2, 8)], (0, 1), 32 * 18),
        ("CONV_2D", [(), (), ()], (0, 1), 0),
        ("CONV_2D", [(1,), (0, 3), (1,)], (0, 1), 0),
        ("DEPTHWISE_CONV_2D", [(1,), (0,), (1,)], (0, 1), 0),
        ("FULLY_CONNECTED", [(1, 5), (3, 5), (1, 3)], (0, 1), 15),
        ("FULLY_CONNECTED", [(1, 5), (3, 5), (1, 3)], (0,), 0),
        ("TRANSPOSE_CONV", [(4,), (8, 3, 3, 2), ()], (0, 1, -1), 0),
        ("TRANSPOSE_CONV", [(4,), (8, 3, 3, 2), ()], (0, 1, 2), 72),
        ("TRANSPOSE_CONV", [(4,), (), ()], (0, 1, 2), 0),
    ],
)
def test_macs_of_any_shape(name, shapes, inputs, expected):
    tensors = [built.tensor(shape=shape) for shape in shapes]
    graph = built.graph(tensors=tensors, operators=[built.operator(0, inputs, [2])])
    assert macs(read(built.file(built.model(graph, codes=(name,))))) == expected


def test_scales_are_numbers():
    tensors = [built.tensor(shape=(2,), kind=9, scales=(0.5, float("nan")))]
    with pytest.raises(ModelFileError, match="the scales at byte [0-9]+ hold NaN or infinity"):
        read(built.file(built.model(built.graph(tensors=tensors))))


def test_names_from_the_file_do_not_reach_the_terminal_as_they_are():
    def content(inputs):
        tensors = [built.tensor(name=b"a\x1b[31mb\nc\xc2\x9bd")]
        graph = built.graph(tensors=tensors, operators=[built.operator(0, inputs, [0])], outputs=[0])
        return built.file(built.model(graph, codes=("CUSTOM",), metadata=({0: b"m\r\x1b"},)))

    lines = shown(content([0])).split("\n")
    assert "  float32 scalar  a?[31mb?c?d" in lines
    assert "      1  own?[2J v1" in lines
    assert "           0  metadata (m??)" in lines
    with pytest.raises(ModelFileError, match=r"own\?\[2J refers to tensor 7 of 1$"):
        read(content([7]))


def random_model(generator):
    """A small model of the operators that `macs` knows; a third of them with something that does not fit."""
    wild = generator.random() < 0.35
    count = generator.choice((0, 1, 2, 2, 3, 4))

    def pick(sound, broken):
        return generator.choice(broken if wild and generator.random() < 0.15 else sound)

    def indices(most, *also):
        sound = (*range(count), *also)
        return [pick(sound, (-2, -1, count, 2**31 - 1)) for _ in range(generator.randint(0, most) if sound else 0)]

    def shape():
        return [pick((0, 1, 1, 2, 3), (-1, 2**31 - 1)) for _ in range(pick((0, 0, 1, 2, 3, 4, 16), (17,)))]

    def tensor():
        scales = pick((None, [], [0.5], [0.5, 0.25]), ([float("inf")],))
        return built.tensor(
            shape=shape(),
            buffer=pick((0,), (1, 2)),
            kind=pick((0, 5, 9, 17, 22), (23, -1)),
            name=generator.choice((b"", b"x" * 70, b"\xff\x1b")),
            scales=scales,
            zero_points=pick(([], [3] * len(scales or ())), ([1, 2, 3],)),
            axis=generator.choice((0, 3, -1)),
        )

    def operator():
        return built.operator(pick(range(len(built.BUILTIN)), (99,)), indices(4, -1), indices(2))

    def graph():
        operators = [operator() for _ in range(generator.randint(0, 3))]
        tensors = [tensor() for _ in range(count)]
        return built.graph(tensors=tensors, operators=operators, inputs=indices(2), outputs=indices(2))

    graphs = [graph() for _ in range(pick((1, 1, 1, 2), (0,)))]
    return built.model(*graphs, codes=tuple(built.BUILTIN), buffers=(b"", bytes(64)))


def test_random_graphs_end_in_a_sentence_or_a_model():
    generator = random.Random(5)
    cases, refused = 4000, 0
    for _ in range(cases):
        try:
            shown(built.file(random_model(generator)))
        except ModelFileError:
            refused += 1
    assert cases // 4 < refused < cases * 3 // 4


def test_a_missing_file(tmp_path):
    with pytest.raises(ModelFileError, match="cannot be read: No such file") as caught:
        read_file(tmp_path / "none.tflite")
    assert caught.value.exit_code == 1


def test_a_patch_changes_nothing_else():
    tensor = read(INT8).main.tensors[0]
    patch = Patch(INT8)
    patch.set_quantization(tensor, (0.125,), (7,))
    changed = patch.content()
    assert len(changed) == len(INT8)
    assert sum(a != b for a, b in zip(INT8, changed, strict=True)) <= 12
    again = read(changed).main.tensors[0].quantization
    assert (again.scales, again.zero_points) == ((0.125,), (7,))


def test_patches_that_do_not_fit_are_refused():
    model = read(INT8)
    weights = next(tensor for tensor in model.main.tensors if tensor.is_constant and tensor.quantization)
    patch = Patch(INT8)
    with pytest.raises(ModelFileError, match="do not fit what the file has"):
        patch.set_quantization(weights, (0.5,) * 99, (0,) * 99)
    with pytest.raises(ModelFileError, match="bytes for a buffer of"):
        patch.set_values(weights, b"x")
    patch.set_values(weights, b"\x01" * weights.buffer_bytes)
    assert patch.values(weights) == b"\x01" * weights.buffer_bytes


def test_the_summary_for_people():
    found = describe.summary(read(INT8), INT8)
    text = describe.render(found, tensors=True)
    assert "int8 1x4x4x1" in text
    assert "4 scales along axis 3" in text
    assert f"{found.sections.weights_bytes:>10}  weights and other constants" in text
    assert codec.encode(found)["quantized_tensors"] == found.quantized_tensors
