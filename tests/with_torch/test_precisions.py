"""int16x8 and int4 files, and inputs and outputs as asked: scales, kinds, bits, and what they compute."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from edgekit.artifact import Artifact, sidecar_path
from edgekit.compress import start
from edgekit.convert import convert_model, post_training, quantize
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.layers import weighted
from edgekit.convert.lineage import MOST_BYTES, lineage_entry
from edgekit.convert.precision_io import with_io
from edgekit.convert.rounding import narrower_scales
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ConvertError
from edgekit.runner import codec
from edgekit.runner import quantize as steps
from edgekit.runner.batch import run_batch
from edgekit.runner.engine import Tensor
from edgekit.runner.engine_litert import Undelegated
from edgekit.tflite import read
from edgekit.tflite.metadata import entry
from edgekit.tflite.patch import Patch
from edgekit.tflite.structure import operator_counts, rounds_at_run_time
from edgekit.tflite.versions import TFLITE_2_16_1, refusal

MAKERS = {
    "int8": post_training.to_static_int8,
    "int16x8": post_training.to_int16x8,
    "int4": post_training.to_int4,
}


@pytest.fixture(scope="module")
def images(context):
    return to_channels_last(context.data.validation.inputs, (0,))[0]


@pytest.fixture(scope="module")
def float_file(trained):
    return to_tflite(trained.network, trained)


@pytest.fixture(scope="module")
def samples(context):
    arrays = to_channels_last(context.data.train.inputs, (0,))[0]
    return [(arrays[k : k + 1],) for k in range(100)]


@pytest.fixture(scope="module")
def files(float_file, samples):
    return {name: make(float_file, samples) for name, make in MAKERS.items()}


def outputs(content, inputs, tmp_path):
    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    return run_batch(path, inputs)


def snr(wanted, got):
    return 10 * np.log10(np.var(wanted) / np.mean((wanted.astype(np.float64) - got) ** 2))


def tensors_of(content, name):
    """(input, weights, bias) of the first operator called `name`."""
    graph = read(content).main
    operator = next(item for item in graph.operators if item.name == name)
    return [graph.tensors[index] for index in operator.inputs[:3]]


def test_how_near_each_comes_to_the_float_file(files, float_file, images, tmp_path):
    wanted = outputs(float_file, [images], tmp_path).floats()[0]
    found = {name: snr(wanted, outputs(content, [images], tmp_path).floats()[0]) for name, content in files.items()}
    assert found["int16x8"] > found["int8"] + 3 > found["int4"] + 6
    assert found["int16x8"] > 44
    assert 36 < found["int8"] < 44
    assert 20 < found["int4"] < 30


def test_int16x8_scales_kinds_and_biases(files, samples):
    content = files["int16x8"]
    file = read(content)
    kinds = {item.dtype for item in file.main.tensors if not item.is_constant}
    assert kinds == {"int16"}
    largest = max(float(np.abs(sample[0]).max()) for sample in samples)
    given = file.main.tensors[file.main.inputs[0]].quantization
    assert given.scales == (float(np.float32(largest / 32767)),)
    for index in quantize.activation_tensors(file):
        assert file.main.tensors[index].quantization.zero_points == (0,)
    for name, scales in (("DEPTHWISE_CONV_2D", 8), ("CONV_2D", 16), ("FULLY_CONNECTED", 1)):
        source, weights, bias = tensors_of(content, name)
        assert (weights.dtype, bias.dtype, len(weights.quantization.scales)) == ("int8", "int64", scales)
        expected = [
            float(np.float32(source.quantization.scales[0]) * np.float32(s)) for s in weights.quantization.scales
        ]
        assert list(bias.quantization.scales) == expected


def test_int4_kinds_and_bytes(files, float_file):
    content = files["int4"]
    assert [tensors_of(content, name)[1].dtype for name in ("DEPTHWISE_CONV_2D", "CONV_2D", "FULLY_CONNECTED")] == [
        "int8",
        "int4",
        "int4",
    ]
    for operator in weighted(read(content)):
        weights = read(content).main.tensors[operator.inputs[1]]
        assert weights.buffer_bytes == (weights.elements if weights.dtype == "int8" else (weights.elements + 1) // 2)
    assert tensors_of(content, "CONV_2D")[0].dtype == "int8"  # static
    assert tensors_of(content, "FULLY_CONNECTED")[0].dtype == "float32"  # dynamic
    assert refusal(read(content), TFLITE_2_16_1) == ""


def test_int4_rounds_by_what_the_layers_see(float_file, samples, images, tmp_path):
    wanted = outputs(float_file, [images], tmp_path).floats()[0]
    file = read(float_file)
    ranges, _ = post_training.observed(float_file, file, samples)
    nearest = quantize.to_int4(float_file, ranges)
    ours = post_training.to_int4(float_file, samples)
    gain = snr(wanted, outputs(ours, [images], tmp_path).floats()[0]) - snr(
        wanted, outputs(nearest, [images], tmp_path).floats()[0]
    )
    assert gain > 4


@pytest.mark.parametrize("name", MAKERS)
def test_xnnpack_computes_what_the_reference_kernels_compute(files, images, name, tmp_path):
    content = files[name]
    got = outputs(content, [images], tmp_path)
    graph = read(content).main
    alone = Undelegated(content)
    given = graph.tensors[graph.inputs[0]]
    tensor = Tensor(
        name="",
        shape=given.shape,
        dtype=given.dtype,
        scale=given.quantization.scales[0],
        zero_point=given.quantization.zero_points[0],
    )
    output = graph.outputs[0]
    raw = [alone.values([steps.to_tensor(images[k : k + 1], tensor)], [output])[output] for k in range(len(images))]
    apart = np.abs(np.concatenate(raw).astype(np.int64) - got.raw[0].astype(np.int64))
    assert apart.max() <= (4 if name == "int16x8" else 1)
    assert np.ptp(got.raw[0].astype(np.int64)) > 60


def test_four_bits_two_a_byte_the_first_low():
    values = np.array([1, -1, 7, -7, 3], dtype=np.int8)
    assert post_training.packed(values) == bytes([0xF1, 0x97, 0x03])


def test_narrower_scales_clip_one_large_weight():
    rows = np.full((2, 50), 0.13)
    rows[0, 0] = 0.35
    scales = np.abs(rows).max(axis=1) / 7
    found = narrower_scales(rows, scales, None, 7)
    assert found[1] == scales[1]
    tried = [share * scales[0] for share in (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)]
    lost = [((np.rint(rows[0] / t).clip(-7, 7) * t - rows[0]) ** 2).sum() for t in tried]
    assert found[0] == tried[int(np.argmin(lost))] < scales[0]


class Words(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.table, self.inner, self.out = nn.Embedding(64, width), nn.Linear(width, 48), nn.Linear(48, 5)

    def forward(self, ids):
        return self.out(torch.relu(self.inner(self.table(ids))).mean(dim=1))


@pytest.fixture(scope="module", params=[32, 24])
def words(request):
    torch.manual_seed(1)
    ids = np.random.default_rng(0).integers(0, 64, (60, 6)).astype(np.int32)
    network = Words(request.param).eval()
    model = start.start(network, (ids[:1],), input_names=("ids",))
    return request.param, to_tflite(network, model), [(ids[k : k + 1],) for k in range(60)], ids


def test_tables_of_int4_and_of_int16x8(words, tmp_path):
    width, content, samples, ids = words
    wanted = outputs(content, [ids], tmp_path).floats()[0]
    four, sixteen = post_training.to_int4(content, samples), post_training.to_int16x8(content, samples)
    table = tensors_of(four, "EMBEDDING_LOOKUP")[1]
    assert (table.dtype, table.buffer_bytes) == ("int4", 64 * width // 2)
    assert (table.quantization is None) == (width == 32)  # in blocks: the scales stand in a tensor of their own
    assert snr(wanted, outputs(four, [ids], tmp_path).floats()[0]) > 18
    assert refusal(read(four), TFLITE_2_16_1) == "TFLite 2.16.1 takes no int4 table in EMBEDDING_LOOKUP"
    table = tensors_of(sixteen, "EMBEDDING_LOOKUP")[1]
    assert (table.dtype, len(table.quantization.scales)) == ("int8", 1)
    assert tensors_of(sixteen, "FULLY_CONNECTED")[0].dtype == "int16"
    assert snr(wanted, outputs(sixteen, [ids], tmp_path).floats()[0]) > 38
    assert refusal(read(sixteen), TFLITE_2_16_1) == ""
    with pytest.raises(ConvertError, match="io = 'integer': .* is float32"):
        with_io(four, "integer")


ENDS = [
    ("int8", "float", ("float32", "float32"), {"QUANTIZE": 1, "DEQUANTIZE": 1}),
    ("int8", "uint8", ("uint8", "uint8"), {"QUANTIZE": 2}),
    ("int8", "integer", ("int8", "int8"), {}),
    ("int16x8", "float", ("float32", "float32"), {"QUANTIZE": 1, "DEQUANTIZE": 1}),
    ("int16x8", "integer", ("int16", "int16"), {}),
    ("int4", "uint8", ("uint8", "uint8"), {"QUANTIZE": 3, "DEQUANTIZE": 1}),
]


@pytest.mark.parametrize(("name", "io", "dtypes", "added"), ENDS)
def test_ends_as_asked_change_no_output(files, images, name, io, dtypes, added, tmp_path):
    before, content = files[name], with_io(files[name], io)
    file, old = read(content), read(before)
    ends = [file.main.tensors[index] for index in (*file.main.inputs, *file.main.outputs)]
    assert tuple(item.dtype for item in ends) == dtypes
    assert [item.name for item in ends] == [
        old.main.tensors[index].name for index in (*old.main.inputs, *old.main.outputs)
    ]
    assert {key: count for key, count in operator_counts(file).items() if "QUANT" in key} == added
    signature = file.signatures[0]
    assert (*signature.inputs.values(), *signature.outputs.values()) == (*file.main.inputs, *file.main.outputs)
    wanted, got = (outputs(item, [images], tmp_path).floats()[0] for item in (before, content))
    assert np.array_equal(wanted, got)
    assert rounds_at_run_time(file) == (io == "float" or name == "int4")
    if io == "uint8":
        shifts = [
            new.quantization.zero_points[0] - old.main.tensors[index].quantization.zero_points[0]
            for new, index in zip(ends, (*old.main.inputs, *old.main.outputs), strict=True)
        ]
        assert shifts == [128, 128]


def test_float_ends_of_int4_drop_the_step_to_integers(files, images, float_file, tmp_path):
    """The last layer computes in float already: its output is given as it is, and is nearer to the float file's."""
    content = with_io(files["int4"], "float")
    assert {key: n for key, n in operator_counts(read(content)).items() if "QUANT" in key} == {
        "QUANTIZE": 1,
        "DEQUANTIZE": 1,
    }
    wanted = outputs(float_file, [images], tmp_path).floats()[0]
    as_made, as_float = (outputs(item, [images], tmp_path).floats()[0] for item in (files["int4"], content))
    assert snr(wanted, as_float) >= snr(wanted, as_made) - 0.1
    assert not np.array_equal(as_made, as_float)


def test_ends_that_do_not_exist(files, float_file):
    with pytest.raises(ConvertError, match=r"io = 'uint8': .* is int16 in this file"):
        with_io(files["int16x8"], "uint8")
    with pytest.raises(ConvertError, match="is float32 in this file") as caught:
        with_io(float_file, "integer")
    assert "int16x8" in caught.value.hint
    assert with_io(float_file, "float") == float_file


def converted(model, precision, context, folder, **options):
    return convert_model(
        model,
        precision,
        calibration=context.data.train.take(slice(0, 60)),
        parity_samples=context.data.joined(300),
        folder=folder,
        recipe="test",
        variant=f"{precision}-x",
        **options,
    )


def test_a_trained_file_with_float_ends_keeps_its_parity(trained_int8, context, tmp_path):
    artifact = converted(trained_int8, "int8", context, tmp_path, io="float")
    assert (artifact.parity.rule, artifact.parity.passed) == ("int8-qat", True)
    assert (artifact.io, artifact.inputs[0].dtype, artifact.outputs[0].scale) == ("float", "float32", None)
    assert artifact.quantized_equal == artifact.quantized_tensors


@pytest.mark.parametrize(("precision", "dtype"), [("int16x8", "int16"), ("int4", "int8")])
def test_artifacts(trained, context, precision, dtype, tmp_path):
    artifact = converted(trained, precision, context, tmp_path)
    assert (artifact.parity.rule, artifact.parity.passed) == (precision, True)
    assert (artifact.inputs[0].dtype, artifact.outputs[0].dtype) == (dtype, dtype)
    path = tmp_path / artifact.file
    assert codec.loads(Artifact, sidecar_path(path).read_bytes()) == artifact
    told = json.loads(entry(path.read_bytes(), "edgekit.lineage"))
    assert told["source_sha256"] == artifact.source_sha256
    assert (told["recipe"], told["variant"], told["steps"]) == ("test", f"{precision}-x", ["train"])
    assert told["tools"] == dict(artifact.tools)


def test_lineage_is_small_and_the_same_every_time():
    given = {"recipe": "r", "variant": "v", "precision": "mixed", "steps": ["train"], "source_sha256": "0" * 64}
    many = [f"Block_{number}.Conv2d_{number}" for number in range(200)]
    made = lineage_entry(**given, tools={"torch": "2"}, exceptions=many)["edgekit.lineage"]
    assert len(made) <= MOST_BYTES + 30
    told = json.loads(made)
    assert told["exceptions_total"] == 200
    assert told["exceptions"] == many[: len(told["exceptions"])]
    assert len(told["exceptions"]) > 20
    assert made == lineage_entry(**given, tools={"torch": "2"}, exceptions=many)["edgekit.lineage"]


def test_the_int64_bias_holds_what_int32_does_not(float_file, samples):
    """Steps of a bias are 256 times as many as in the int8 file."""
    patches = {}
    for name in ("int8", "int16x8"):
        content = MAKERS[name](float_file, samples)
        bias = tensors_of(content, "CONV_2D")[2]
        patches[name] = np.frombuffer(Patch(content).values(bias), "<i4" if name == "int8" else "<i8")
    assert np.abs(patches["int16x8"]).max() > 50 * np.abs(patches["int8"]).max()
    assert np.abs(patches["int16x8"]).max() <= post_training.BIAS_STEPS["int64"] * 1.01


class Wide(nn.Module):
    """More channels than a byte counts."""

    def __init__(self):
        super().__init__()
        self.inner, self.out = nn.Linear(8, 300), nn.Linear(300, 4)

    def forward(self, x):
        return self.out(torch.relu(self.inner(x)))


@pytest.mark.parametrize("name", MAKERS)
def test_layers_of_many_channels(name, tmp_path):
    torch.manual_seed(2)
    values = np.random.default_rng(3).normal(size=(80, 8)).astype(np.float32)
    network = Wide().eval()
    content = to_tflite(network, start.start(network, (values[:1],), input_names=("x",)))
    made = MAKERS[name](content, [(row[None],) for row in values])
    wanted, got = (outputs(item, [values], tmp_path).floats()[0] for item in (content, made))
    assert snr(wanted, got) > {"int8": 30, "int16x8": 36, "int4": 12}[name]
