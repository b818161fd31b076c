"""Recurrent layers that are not unrolled: torch's own outputs, the same file for every length, no state that stays."""

import dataclasses

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import nn

from edgekit.compress import start
from edgekit.convert import convert_model
from edgekit.convert.explain import explain_files
from edgekit.convert.post_training import to_static_int8
from edgekit.convert.recurrent import direct, ranges_of
from edgekit.convert.recurrent_file import refused_forms, to_marked
from edgekit.convert.recurrent_modules import recurrence_of, recurrent_modules
from edgekit.convert.shrink import shrink
from edgekit.datasets import Split
from edgekit.errors import ConvertError, ModelFileError
from edgekit.tflite import read
from edgekit.tflite.structure import operator_counts
from edgekit.tflite.versions import TFLITE_2_16_1, refusal
from edgekit.zoo.speech_lstm import speech_lstm
from edgekit.zoo.vowels_gru import vowels_gru

INPUTS, WIDTH, STEPS, SAMPLES = 5, 7, 6, 40
KINDS = [(nn.LSTM, "fused"), (nn.LSTM, "looped"), (nn.GRU, "looped")]
FORMS = pytest.mark.parametrize(("kind", "form"), KINDS, ids=lambda value: getattr(value, "__name__", value))
LOOP = ["FULLY_CONNECTED", "FILL", "FILL", "FILL", "WHILE"]
"""Of an LSTM: the input's gates; state, cell and outputs begin at zero. A GRU has no cell."""
FUSED = ["FILL", "FILL", "UNIDIRECTIONAL_SEQUENCE_LSTM"]


def invoked(content, arrays, times=1):
    """Float outputs of each invocation, of one interpreter."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    found = []
    for _ in range(times):
        for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
            scale, zero_point = detail["quantization"]
            if detail["dtype"] == np.int8:
                array = np.clip(np.rint(array / scale) + zero_point, -128, 127).astype(np.int8)
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        outputs = []
        for detail in interpreter.get_output_details():
            value, (scale, zero_point) = interpreter.get_tensor(detail["index"]), detail["quantization"]
            outputs.append((value.astype(np.float32) - zero_point) * scale if value.dtype == np.int8 else value.copy())
        found.append(outputs)
    return found


def layer_and_inputs(kind, *, layers=1, two_ways=False, batch=1, masked=False, width=WIDTH, steps=STEPS):
    """(Recurrence, its inputs, torch's own outputs of all steps and last states)."""
    torch.manual_seed(layers + 2 * two_ways + 4 * batch)
    layer = kind(INPUTS, width, num_layers=layers, bidirectional=two_ways, batch_first=True).eval()
    frames, lengths = torch.randn(batch, steps, INPUTS), torch.tensor([steps - 2, steps, 1][:batch])
    with torch.inference_mode():
        given = nn.utils.rnn.pack_padded_sequence(frames, lengths, batch_first=True, enforce_sorted=False)
        sequence, states = layer(given if masked else frames)
    if masked:
        sequence, _ = nn.utils.rnn.pad_packed_sequence(sequence, batch_first=True, total_length=steps)
    states = states[0] if isinstance(states, tuple) else states
    mask = (torch.arange(steps) < lengths[:, None]).float().numpy()
    recurrence = dataclasses.replace(recurrence_of(layer, "layer"), masked=masked)
    inputs = (frames.numpy(), mask) if masked else (frames.numpy(),)
    return recurrence, inputs, sequence.numpy(), states.numpy()


@FORMS
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("two_ways", [False, True], ids=["forward", "both ways"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_equal_to_torch(kind, form, layers, two_ways, batch, masked):
    """float32 to 1e-5, on the first, the second and the 100th invocation; and what each precision loses."""
    recurrence, inputs, sequence, states = layer_and_inputs(
        kind, layers=layers, two_ways=two_ways, batch=batch, masked=masked
    )
    held = inputs[1][:, :, None] if masked else 1
    ranges = ranges_of(recurrence, *inputs)
    bounds = {"float32": 1e-5, "fp16": 1e-3, "int8-dynamic": 0.02, "int8": 0.05}
    for precision, bound in bounds.items():
        if (form, precision) == ("fused", "int8"):
            continue
        content = direct(recurrence, form, precision, (batch, STEPS, INPUTS), ranges=ranges)
        file = read(content)
        found = invoked(content, inputs, 100 if precision == "float32" else 2)
        assert np.abs(found[0][0] * held - sequence).max() < bound, precision
        assert np.abs(found[0][1] - states).max() < bound, precision
        for later in found[1:]:
            assert all(np.array_equal(a, b) for a, b in zip(later, found[0], strict=True)), precision
        assert refusal(file, TFLITE_2_16_1) == ""


@FORMS
def test_operators_of_one_layer(kind, form):
    recurrence, _, _, _ = layer_and_inputs(kind)
    content = direct(recurrence, form, "float32", (1, STEPS, INPUTS), outputs=["sequence"])
    file = read(content)
    names = [operator.name for operator in file.main.operators]
    if form == "fused":
        assert names == FUSED
    else:
        assert names == (LOOP if kind is nn.LSTM else ["FULLY_CONNECTED", "FILL", "FILL", "WHILE"])
        assert len(file.subgraphs) == 3


@FORMS
def test_bytes_and_operators_do_not_know_the_length(kind, form):
    recurrence, inputs, _, _ = layer_and_inputs(kind)
    ranges = ranges_of(recurrence, *inputs)
    for precision in ("float32", "int8-dynamic", *(["int8"] if form == "looped" else [])):
        found = set()
        for steps in (8, 64, 256):
            content = shrink(direct(recurrence, form, precision, (1, steps, INPUTS), ranges=ranges))[0]
            found.add((len(content), tuple(operator_counts(read(content)).items())))
        assert len(found) == 1, precision


@FORMS
def test_each_precision_is_smaller_than_float(kind, form):
    recurrence, inputs, _, _ = layer_and_inputs(kind, width=32)
    ranges = ranges_of(recurrence, *inputs)
    sizes = {
        precision: len(shrink(direct(recurrence, form, precision, (1, STEPS, INPUTS), ranges=ranges))[0])
        for precision in ("float32", "fp16", "int8-dynamic", *(["int8"] if form == "looped" else []))
    }
    assert sizes["fp16"] < 0.75 * sizes["float32"]
    assert all(sizes[name] < 0.65 * sizes["float32"] for name in sizes if name.startswith("int8"))


@FORMS
def test_a_sequence_without_a_valid_step_keeps_the_first_state(kind, form):
    recurrence, (frames, mask), _, _ = layer_and_inputs(kind, batch=3, masked=True)
    content = direct(recurrence, form, "float32", frames.shape, outputs=["states"])
    assert np.abs(invoked(content, (frames, 0 * mask))[0][0]).max() == 0


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_the_loop_holds_the_state_wherever_the_mask_is_0(kind):
    recurrence, (frames, _), _, _ = layer_and_inputs(kind, batch=3, masked=True)
    mask = np.array([[1, 0, 1, 1, 0, 1]] * 3, np.float32)
    kept = frames[:, mask[0] == 1]
    content = direct(recurrence, "looped", "float32", frames.shape, outputs=["states"])
    short = direct(recurrence, "looped", "float32", kept.shape, outputs=["states"])
    full = invoked(content, (frames, mask))[0][0]
    assert np.abs(full - invoked(short, (kept, np.ones(kept.shape[:2], np.float32)))[0][0]).max() < 1e-6


class Both(nn.Module):
    """Two layers of LSTM, both ways, time first; a GRU behind it."""

    def __init__(self):
        super().__init__()
        self.before = nn.Linear(INPUTS, 6)
        self.lstm = nn.LSTM(6, WIDTH, num_layers=2, bidirectional=True)
        self.gru = nn.GRU(2 * WIDTH, 8, batch_first=True)
        self.after = nn.Linear(8, 3)

    def forward(self, frames):
        sequence, _ = self.lstm(torch.relu(self.before(frames)).transpose(0, 1))
        return self.after(self.gru(sequence.transpose(0, 1))[1][0])


class Last(nn.Module):
    """The LSTM's last output and cell."""

    def __init__(self, **options):
        super().__init__()
        self.lstm = nn.LSTM(INPUTS, WIDTH, batch_first=True, **options)

    def forward(self, frames):
        sequence, (_, cell) = self.lstm(frames)
        return sequence[:, -1] + cell[0]


NETWORKS = {
    "gru of the zoo": lambda: vowels_gru(INPUTS, 16, 3),
    "lstm of the zoo": lambda: speech_lstm(INPUTS, 16, 3),
    "torch's": Both,
    "cell": Last,
}


@pytest.fixture(scope="module")
def models():
    """Name -> (Model, samples): the conversion with marks, once each."""

    def made(build):
        torch.manual_seed(0)
        generator = np.random.default_rng(0)
        network = build().eval()
        lengths = generator.integers(1, STEPS + 1, SAMPLES)
        mask = (np.arange(STEPS) < lengths[:, None]).astype(np.float32)
        frames = generator.normal(size=(SAMPLES, STEPS, INPUTS)).astype(np.float32)
        masked = any(hasattr(module, "recurrence") for module in network.modules())
        inputs = (frames * mask[:, :, None], mask) if masked else (frames,)
        model = start.start(
            network, tuple(array[:1] for array in inputs), input_names=("frames", "mask")[: len(inputs)]
        )
        return model, Split(inputs=inputs, labels=np.zeros(SAMPLES)), to_marked(model)

    return {name: made(build) for name, build in NETWORKS.items()}


CASES = [
    ("gru of the zoo", "looped", ["RESHAPE", "FULLY_CONNECTED", "FILL", "WHILE", "RESHAPE", "FULLY_CONNECTED"]),
    ("lstm of the zoo", "looped", ["RESHAPE", *LOOP[:3], "WHILE", "RESHAPE", "FULLY_CONNECTED"]),
    ("lstm of the zoo", "fused", [*("SLICE", "PAD", "SUB", "RESHAPE"), *FUSED, "BATCH_MATMUL", "RESHAPE"]),
    ("torch's", "looped", None),
    ("cell", "looped", None),
]


@pytest.mark.parametrize(("name", "form", "operators"), CASES, ids=[f"{name}, {form}" for name, form, _ in CASES])
def test_networks(models, tmp_path, name, form, operators):
    model, split, marked = models[name]
    errors = {"float32": 1e-6, "fp16": 2e-3, "int8-dynamic": 0.02, "int8": 0.05}
    for precision in [item for item in errors if (form, item) != ("fused", "int8")]:
        artifact = convert_model(
            model,
            precision,
            calibration=split,
            parity_samples=split,
            folder=tmp_path,
            recipe="made-up",
            variant=precision,
            float_file=lambda: marked,
            recurrent=form,
        )
        assert artifact.parity.figures["max_error_of_range"] < errors[precision], precision
        file = read((tmp_path / artifact.file).read_bytes())
        assert {tensor.dtype for tensor in artifact.inputs} == {"int8" if precision == "int8" else "float32"}
        assert not any("STABLEHLO" in operator.name for graph in file.subgraphs for operator in graph.operators)
        assert refusal(file, TFLITE_2_16_1) == ""
        if precision == "float32" and operators is not None:
            assert [operator.name for operator in file.main.operators][: len(operators)] == operators
        if precision == "int8":  # no float in between
            assert "DEQUANTIZE" not in operator_counts(file)


def test_forms_that_a_network_is_not_written_in(models):
    said = {name: refused_forms(model, lambda marked=marked: marked) for name, (model, _, marked) in models.items()}
    gru = "TFLite has a fused operator for LSTMs only, and the network has a GRU"
    assert said == {
        "gru of the zoo": {"fused": gru},
        "lstm of the zoo": {},
        "torch's": {"fused": gru},
        "cell": {"fused": "the fused operator does not give an LSTM's last cell, which the network uses"},
    }


class Given(nn.Module):
    """Runs its LSTM as `how` says."""

    def __init__(self, how):
        super().__init__()
        self.lstm, self.how = nn.LSTM(INPUTS, INPUTS, batch_first=True), how

    def forward(self, frames):
        if self.how == "twice":
            return self.lstm(self.lstm(frames)[0])[0]
        zeros = torch.zeros(1, 1, INPUTS)
        return self.lstm(frames, (zeros, zeros))[0]


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Last(proj_size=3), "lstm projects its state to 3 values (proj_size)"),
        (lambda: Given("with a state"), "a recurrent module is called with an initial state"),
        (lambda: Given("twice"), "the network has 1 recurrent modules, and its graph runs them 2 times"),
        (lambda: nn.Sequential(nn.Linear(INPUTS, 2)), "the network has no recurrent module"),
    ],
)
def test_what_is_refused(build, sentence):
    torch.manual_seed(0)
    network = build().eval()
    frames = np.zeros((1, STEPS, INPUTS), np.float32)
    if "projects" in sentence:
        with pytest.raises(ConvertError) as caught:
            recurrence_of(recurrent_modules(network)["lstm"], "lstm")
    else:
        with pytest.raises(ConvertError) as caught:
            to_marked(start.start(network, (frames,), input_names=("frames",)))
    assert caught.value.message.startswith(sentence)
    assert "recurrent" in caught.value.hint


def test_the_fused_integer_form_is_refused():
    recurrence, _, _, _ = layer_and_inputs(nn.LSTM)
    with pytest.raises(ConvertError) as caught:
        direct(recurrence, "fused", "int8", (1, STEPS, INPUTS))
    assert caught.value.message == "the fused form is not written in int8: float32, fp16, int8-dynamic are"
    assert caught.value.hint == "forms in int8: unrolled, looped"


def test_loops_are_not_looked_into():
    """Neither ranges nor tensors of what runs inside a WHILE are known: refused, with the operator's name."""
    torch.manual_seed(0)
    recurrence = recurrence_of(nn.GRU(INPUTS, WIDTH, batch_first=True).eval(), "gru")
    content = direct(recurrence, "looped", "float32", (1, STEPS, INPUTS))
    sample = (np.zeros((1, STEPS, INPUTS), np.float32),)
    with pytest.raises(ConvertError, match="the file has WHILE: the ranges of what runs inside are not observed"):
        to_static_int8(content, [sample])
    with pytest.raises(ModelFileError, match="has WHILE: what runs inside is not compared tensor by tensor"):
        explain_files(content, content, [sample], precision="float32")
