"""The recurrent networks: what torch's own layers compute, blind to padding, convertible, prunable."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn
from with_torch.conftest import step

from edgekit.compress import prune, start, store, train
from edgekit.convert import convert_model
from edgekit.datasets import Source, Split
from edgekit.datasets.load import open_for_training
from edgekit.datasets.sequences import padded
from edgekit.recipe.steps import PruneOptions, TrainOptions
from edgekit.runner.engine import open_engine
from edgekit.zoo.speech_lstm import speech_lstm
from edgekit.zoo.vowels_gru import vowels_gru

BUILD = {"gru": vowels_gru, "lstm": speech_lstm}
GATES = {"gru": ("reset", "update", "new"), "lstm": ("input", "forget", "new", "output")}
STEPS, CHANNELS, WIDTH, CLASSES = 4, 5, 16, 3
KINDS = pytest.mark.parametrize("kind", sorted(BUILD))


def build(kind):
    torch.manual_seed(0)
    return BUILD[kind](channels=CHANNELS, width=WIDTH, classes=CLASSES)


def sequences(lengths, steps):
    generator = torch.Generator().manual_seed(1)
    frames = torch.randn(len(lengths), steps, CHANNELS, generator=generator)
    mask = (torch.arange(steps) < torch.tensor(lengths)[:, None]).float()
    return frames * mask[:, :, None], mask


def torchs_own(kind, network):
    """nn.GRU or nn.LSTM with the network's weights."""
    layer = {"gru": nn.GRU, "lstm": nn.LSTM}[kind](CHANNELS, WIDTH, batch_first=True)
    state = dict(network.named_modules())
    sign = [-1 if (kind, gate) == ("gru", "update") else 1 for gate in GATES[kind]]  # one minus torch's
    with torch.no_grad():
        for name, parts in {
            "weight_ih_l0": [state[f"{kind}.{gate}_x"].weight for gate in GATES[kind]],
            "weight_hh_l0": [state[f"{kind}.{gate}_h"].weight for gate in GATES[kind]],
            "bias_ih_l0": [state[f"{kind}.{gate}_x"].bias for gate in GATES[kind]],
            "bias_hh_l0": [torch.zeros(WIDTH) for _ in GATES[kind]],
        }.items():
            signed = [part * factor for part, factor in zip(parts, sign, strict=True)]
            getattr(layer, name).copy_(torch.cat(signed))
    return layer


@KINDS
def test_computes_what_torchs_layer_computes(kind):
    network, lengths = build(kind), [4, 3, 1, 2]
    frames, mask = sequences(lengths, STEPS)
    packed = nn.utils.rnn.pack_padded_sequence(frames, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    with torch.inference_mode():
        last = torchs_own(kind, network)(packed)[1]
        hidden = last[0] if isinstance(last, tuple) else last
        difference = network(frames, mask) - network.classifier(hidden[0])
    assert difference.abs().max() < 1e-6


@KINDS
def test_whatever_follows_a_sequence_changes_nothing(kind):
    network = build(kind)
    frames, mask = sequences([4, 3, 1, 2], STEPS)
    with torch.inference_mode():
        wanted = network(frames, mask)
        junk = frames + 100 * torch.randn(frames.shape) * (1 - mask)[:, :, None]
        more = [torch.cat([array, torch.zeros(4, 7, *array.shape[2:])], dim=1) for array in (frames, mask)]
        assert (network(junk, mask) - wanted).abs().max() < 1e-6
        assert (network(*more) - wanted).abs().max() < 1e-6
        assert (network(frames, torch.ones_like(mask)) - wanted)[1:].abs().max() > 1e-3  # the mask does something


@pytest.fixture(scope="module")
def context_of_sequences(context):
    """Three classes of noise around three constant vectors, 2 to 4 frames."""

    def part(seed, count):
        generator = np.random.default_rng(seed)
        labels = np.arange(count) % CLASSES
        made = [
            (generator.normal(size=(generator.integers(2, STEPS + 1), CHANNELS)) + 1.5 * np.eye(CHANNELS)[label])
            for label in labels
        ]
        return Split(inputs=padded([item.astype(np.float32) for item in made], STEPS), labels=labels)

    source = Source(train=lambda: part(0, 300), validation=lambda: part(1, 90), test=lambda: part(2, 9))
    return dataclasses.replace(context, data=open_for_training(source))


@pytest.fixture(scope="module")
def trained_on_sequences(context_of_sequences):
    """kind -> Model."""

    def of(kind):
        example = tuple(np.array(array[:1]) for array in context_of_sequences.data.train.inputs)
        model = start.start(build(kind), example, input_names=("frames", "mask"))
        options = TrainOptions(epochs=8, batch=32, learning_rate=1e-2)
        return train.apply(model, step("train", options), context_of_sequences)

    return {kind: of(kind) for kind in BUILD}


@KINDS
@pytest.mark.parametrize("precision", ["float32", "int8", "int8-dynamic"])
def test_converts(trained_on_sequences, context_of_sequences, tmp_path, kind, precision):
    data = context_of_sequences.data
    artifact = convert_model(
        trained_on_sequences[kind],
        precision,
        calibration=data.train.take(slice(0, 200)),
        parity_samples=data.joined(300),
        folder=tmp_path,
        recipe="made-up",
        variant=precision,
    )
    assert artifact.parity.passed, artifact.parity
    assert [tensor.shape for tensor in artifact.inputs] == [(1, STEPS, CHANNELS), (1, STEPS)]
    assert {tensor.dtype for tensor in artifact.inputs} == {"int8" if precision == "int8" else "float32"}
    if precision == "int8":  # the mask's 1 is a value of the file
        mask = artifact.inputs[1]
        assert round(1 / mask.scale) + mask.zero_point == 127
    nodes = open_engine("litert", tmp_path / artifact.file, delegate="cpu", threads=1).nodes()
    assert nodes.delegated == nodes.total


@KINDS
def test_pruning_takes_units_from_every_gate(trained_on_sequences, context_of_sequences, tmp_path, kind):
    before = trained_on_sequences[kind]
    options = PruneOptions(ratio=0.25, finetune=TrainOptions(epochs=4, batch=32, learning_rate=1e-3))
    after = prune.apply(before, step("prune", options), context_of_sequences)
    widths = {module.out_features for name, module in after.network.named_modules() if name.endswith(("_x", "_h"))}
    assert widths == {12}
    assert after.network.classifier.in_features == 12
    assert after.history[-1].metric_after >= before.history[-1].metric_after - 0.1
    store.save(after, tmp_path)
    again = store.load(tmp_path, lambda options: build(kind))
    frames, mask = sequences([4, 2], STEPS)
    with torch.inference_mode():
        assert torch.equal(again.network(frames, mask), after.network(frames, mask))
