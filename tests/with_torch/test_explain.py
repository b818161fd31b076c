"""Where a file leaves its source: the operator that was made wrong is named, and nothing is where nothing is wrong."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from edgekit.compress import start
from edgekit.convert import post_training, quantize
from edgekit.convert.apart import fixed_tensors, take_apart
from edgekit.convert.explain import counterparts, explain_files, most_different
from edgekit.convert.explain_torch import explain_torch, torch_values
from edgekit.convert.explanation import (
    Explanation,
    Figures,
    Tolerance,
    module_path,
    snr_at_cosine,
    text,
    tolerance_of,
)
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.kept import Tally, as_tensor
from edgekit.convert.shrink import shrink
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ModelFileError
from edgekit.runner import codec
from edgekit.runner.engine_litert import Undelegated
from edgekit.tflite import read
from edgekit.tflite.patch import Patch


class Mixed(nn.Module):
    """Convolutions with folded normalizations, a shortcut, a classifier; no channel is cut off by its activation."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU6())
        self.dw = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.BatchNorm2d(8), nn.Hardswish())
        self.point = nn.Sequential(nn.Conv2d(8, 12, 1), nn.ReLU())
        self.head = nn.Linear(12, 5)
        nn.init.constant_(self.point[0].bias, 1.0)

    def forward(self, image):
        held = self.stem(image)
        return self.head(self.point(held + self.dw(held)).mean((2, 3)))


class Normed(nn.Module):
    """A normalization over features, which becomes a dozen operators that torch has no values of."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.head = nn.Linear(6, 12), nn.LayerNorm(12), nn.Linear(12, 5)

    def forward(self, x):
        return self.head(self.norm(self.first(x)))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    net = Mixed()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.constant_(layer.bias, 1.0)
    return net.eval()


@pytest.fixture(scope="module")
def samples():
    generator = np.random.default_rng(0)
    return [(generator.random((1, 3, 16, 16), dtype=np.float32),) for _ in range(4)]


@pytest.fixture(scope="module")
def laid(samples):
    return [to_channels_last(sample, (0,)) for sample in samples]


@pytest.fixture(scope="module")
def content(network, samples):
    return to_tflite(network, start.start(network, samples[0], input_names=("image",), channels_last=(0,)))


@pytest.fixture(scope="module")
def kinds(content, laid):
    return {
        "float32": content,
        "fp16": quantize.to_fp16(content),
        "int8": post_training.to_static_int8(content, laid),
        "int8-dynamic": post_training.to_dynamic_int8(content, laid),
    }


def operator_of(content, name, nth=0):
    return [place for place, op in enumerate(read(content).main.operators) if op.name == name][nth]


def damaged(content, operator, change, *, element=0):
    """The file with one weight of an operator changed."""
    file = read(content)
    tensor = file.main.tensors[file.main.operators[operator].inputs[1]]
    patch = Patch(content)
    values = np.frombuffer(patch.values(tensor), np.dtype({"float32": "<f4", "int8": "i1"}[tensor.dtype])).copy()
    values.flat[element] = change(values.flat[element])
    patch.set_values(tensor, values.tobytes())
    return patch.content()


@pytest.mark.parametrize("precision", ["float32", "fp16", "int8", "int8-dynamic"])
def test_sound_files_are_sound(kinds, content, laid, precision):
    short, names = shrink(kinds[precision])
    found = explain_files(content, short, laid, precision=precision, names=names)
    assert (found.first, found.blamed) == (None, None)
    assert found.sentence.startswith("no operator leaves the tolerance")
    of_inputs = [op for op in found.operators if not all(item.constant for item in op.outputs)]
    assert found.compared == len(of_inputs) == len(read(content).main.operators)
    if precision == "float32":
        assert found.steepest is None
        assert all(item.figures.snr_db is None for op in of_inputs for item in op.outputs)
    else:
        assert found.steepest is not None


@pytest.mark.parametrize("change", [1.0, 0.2, 5e-3])
@pytest.mark.parametrize("name", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_a_wrong_weight_is_found_in_both_comparisons(network, content, samples, laid, name, change):
    operator = operator_of(content, name)
    wrong = damaged(content, operator, lambda weight: weight + change)
    by_file = explain_files(content, wrong, laid, precision="float32")
    assert (by_file.first, by_file.steepest, by_file.blamed) == (operator,) * 3
    assert by_file.sentence.startswith(f"operator {operator} {name} (")
    local = [op.local.snr_db for op in by_file.operators]
    assert [place for place, value in enumerate(local) if value is not None] == [operator]  # nothing else does damage
    if by_file.operators[-1].outputs[0].figures.max_error_of_range > 1e-4:  # else no output is wrong to torch
        assert explain_torch(network, wrong, samples, channels_last=(0,)).blamed == operator
    else:
        assert change < 0.1


class Sliced(nn.Module):
    """One feature is a thousand times the others, and is left out afterwards."""

    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(6, 12), nn.Linear(6, 5)
        with torch.no_grad():
            self.first.weight[11] *= 1000

    def forward(self, x):
        return self.head(self.first(x)[:, :6])


def test_a_weight_too_small_to_see_there_is_blamed_where_it_is():
    """Under the tolerance at its own operator, whose range is large; over it at the next."""
    torch.manual_seed(0)
    rows = [(np.random.default_rng(k).normal(size=(1, 6)).astype(np.float32),) for k in range(4)]
    net = Sliced().eval()
    content = to_tflite(net, start.start(net, rows[0], input_names=("x",)))
    assert [op.name for op in read(content).main.operators] == ["FULLY_CONNECTED", "SLICE", "FULLY_CONNECTED"]
    wrong = damaged(content, 0, lambda weight: weight + 0.01)
    for found in (
        explain_files(content, wrong, rows, precision="float32"),
        explain_torch(net, wrong, rows, channels_last=()),
    ):
        assert 1e-6 < found.operators[0].local.max_error_of_range < 1e-4
        assert found.first > 0 and found.blamed == 0
        assert "but not by itself" in found.sentence


def test_the_torch_network_and_its_file(network, content, samples):
    found = explain_torch(network, content, samples, channels_last=(0,))
    assert found.blamed is None
    partners = {op.index: op.outputs[0].partner for op in found.operators}
    assert partners[operator_of(content, "CONV_2D")].startswith("stem.2 (")  # the activation is fused into it
    assert partners[operator_of(content, "HARD_SWISH")].startswith("dw.2 (")
    assert partners[len(found.operators) - 1].endswith("(output 0)")
    errors = [item.figures.max_error_of_range for op in found.operators for item in op.outputs if item.figures]
    assert len(errors) > 6 and max(errors) < 2e-6


def test_a_wrong_part_of_the_torch_network():
    """A normalization that no single operator of the file is: those it became are named."""
    torch.manual_seed(0)
    net = Normed().eval()
    rows = [(np.random.default_rng(k).normal(size=(1, 6)).astype(np.float32),) for k in range(4)]
    content = to_tflite(net, start.start(net, rows[0], input_names=("x",)))
    assert explain_torch(net, content, rows, channels_last=()).blamed is None
    other = copy.deepcopy(net)
    with torch.no_grad():
        other.norm.weight[3] += 0.5
    found = explain_torch(other, content, rows, channels_last=())
    assert found.operators[found.blamed].label == "norm"
    assert len(found.suspects) > 4 and all(found.operators[place].label == "norm" for place in found.suspects)
    assert "not told apart from" in found.sentence


def test_what_relu_cuts_off_is_no_damage(content, laid):
    """A bias far below zero makes a channel zero; one further below changes nothing that is computed after it."""
    operator = operator_of(content, "CONV_2D")
    file = read(content)
    tensor = file.main.tensors[file.main.operators[operator].inputs[2]]

    def with_bias(value):
        patch = Patch(content)
        bias = np.frombuffer(patch.values(tensor), "<f4").copy()
        bias[2] = value
        patch.set_values(tensor, bias.tobytes())
        return patch.content()

    found = explain_files(with_bias(-100.0), with_bias(-200.0), laid, precision="float32")
    assert found.sentence == "no operator leaves the tolerance"


def test_int8_names_the_operator_that_loses_most(kinds, content, laid):
    operator = operator_of(kinds["int8"], "DEPTHWISE_CONV_2D")
    wrong = damaged(kinds["int8"], operator, lambda weight: -np.int8(127) if weight > 0 else np.int8(127), element=5)
    found = explain_files(content, wrong, laid, precision="int8")
    assert (found.first, found.steepest, found.blamed) == (operator,) * 3
    own = [op.local.snr_db for op in found.operators]
    assert min(value for place, value in enumerate(own) if place != operator) - own[operator] > 10


def test_states_do_not_go_from_sample_to_sample(content, laid):
    """The same sample gives the same tensors whatever ran before it."""
    runs = Undelegated(content)
    last = read(content).main.outputs[0]
    first = runs.values(laid[0], [last])[last].copy()
    runs.values(laid[1], [last])
    assert np.array_equal(runs.values(laid[0], [last])[last], first)


def test_every_operator_apart_computes_what_it_computes_together(kinds, laid):
    for precision in ("float32", "fp16", "int8"):
        content = kinds[precision]
        file = read(content)
        fixed = fixed_tensors(file)
        made = [i for op in file.main.operators for i in op.outputs if i not in fixed]
        together = Undelegated(content).values(_inputs(file, laid[0]), [*made, *file.main.inputs])
        apart = take_apart(content, range(len(file.main.tensors)))
        assert set(apart.made) == set(made)
        assert len(fixed) == len(file.main.tensors) - len(made) - len(file.main.inputs)
        alone = Undelegated(apart.content).values([together[i] for i in apart.fed], made)
        assert all(np.array_equal(alone[i], together[i]) for i in made)


def _inputs(file, sample):
    return [as_tensor(array, file.main.tensors[index]) for array, index in zip(sample, file.main.inputs, strict=True)]


def test_operators_correspond_by_order_and_else_by_shape(kinds, content):
    before = read(content)
    for precision in ("fp16", "int8"):
        after = read(kinds[precision])
        pairs = counterparts(before, after)
        for new, old in pairs.items():
            assert after.main.tensors[new].shape == before.main.tensors[old].shape
        assert {pairs[index] for index in after.main.outputs} == set(before.main.outputs)
    with pytest.raises(ModelFileError, match="take other inputs"):
        counterparts(before, read(_golden()))


def _golden():
    from pathlib import Path

    return (Path(__file__).parents[1] / "golden" / "runner" / "float.tflite").read_bytes()


def test_figures_of_known_values():
    tally = Tally()
    tally.add(np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 1.0, 2.0, 3.0]))
    found = tally.figures()
    assert found.max_error_of_range == 0.25
    assert found.rmse_of_range == pytest.approx(0.5 / 4)
    assert found.snr_db == pytest.approx(10 * np.log10(np.var([0, 1, 2, 4]) / 0.25))
    tally.add(np.array([np.inf, np.nan]), np.array([np.inf, np.nan]))
    assert tally.figures() == found
    tally.add(np.array([1.0]), np.array([np.nan]))
    assert tally.figures().not_finite == 1
    assert tolerance_of("float32").left_by(tally.figures())
    exact = Tally()
    exact.add(np.ones(3), np.ones(3))
    assert exact.figures() == Figures(max_error_of_range=0.0, rmse_of_range=0.0, snr_db=None)


def test_the_tolerance_of_a_cosine():
    """Noise orthogonal to the signal: cosine = 1 / sqrt(1 + noise / signal)."""
    assert snr_at_cosine(0.98) == pytest.approx(13.85, abs=0.01)
    generator = np.random.default_rng(0)
    signal, noise = generator.normal(size=(2, 200_000))
    noise *= 10 ** (-snr_at_cosine(0.999) / 20)
    assert np.corrcoef(signal, signal + noise)[0, 1] == pytest.approx(0.999, abs=2e-5)
    assert tolerance_of("float32") == Tolerance(measure="max error / range", limit=1e-4)


def test_names_of_the_converter():
    stem = "litert_torch.Wrapper/__main__.Net_wrapped/torch.nn.modules.container.Sequential_stem"
    assert module_path(f"{stem}/torch.nn.modules.conv.Conv2d_0;1") == "stem.0"
    fused = f"{stem}/torch.nn.modules.activation.ReLU6_2;;{stem}/torch.nn.modules.conv.Conv2d_0;"
    assert module_path(fused) == "stem.0+stem.2"
    assert module_path("litert_torch.Wrapper/__main__.Net_wrapped;4") == "the network itself"
    assert module_path("serving_default_output_0_output") == "serving_default_output_0_output"


def test_the_samples_that_differ_most():
    want, got = np.zeros((10, 3)), np.zeros((10, 3))
    got[7, 1], got[5, 0], got[9, 2] = 2, -3, np.nan
    assert most_different([want], [got], 4) == [0, 5, 7, 9]
    assert most_different([want[:2]], [got[:2]], 8) == [0, 1]


def test_as_text_and_json(content, laid):
    operator = operator_of(content, "CONV_2D", 1)
    found = explain_files(content, damaged(content, operator, lambda w: -w), laid, precision="float32")
    lines = text(found).splitlines()
    assert f"operator {operator} CONV_2D (point.0+point.1) is the first" in lines[0]
    marked = [line for line in lines if line.startswith(">")]
    assert len(marked) == 1 and marked[0].split()[1:3] == [str(operator), "CONV_2D"]
    numbers = {int(line[1:].split()[0]) for line in lines if line[:7].strip(" >!").isdigit()}
    assert {operator - 1, operator, operator + 1} <= numbers
    assert sum("OUTSIDE" in line for line in lines) >= 2
    assert len(text(found, every=True).splitlines()) > len(lines)
    assert codec.loads(Explanation, codec.dumps(found).encode()) == found


def test_torch_values_are_what_the_network_computes(network, samples):
    nodes, outputs = torch_values(network, samples)
    expected = np.stack([network(torch.from_numpy(sample[0])).detach().numpy() for sample in samples])
    assert np.array_equal(outputs[0].values, expected)
    assert {"stem.0", "stem.2", "dw.0", "head"} <= {node.module for node in nodes}
