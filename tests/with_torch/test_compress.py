"""Training, pruning, int8 training, and models on disk."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch import nn
from with_torch.conftest import fresh, step

from edgekit import evaluate
from edgekit.compress import count, prune, start, store, train
from edgekit.compress.fake_quant import FakeQuantize, baked, fake_quantizers, prepare, round_weight, weight_scales
from edgekit.compress.fold import fold_batch_norms, trace
from edgekit.errors import CompressError
from edgekit.recipe.steps import PruneOptions, TrainOptions
from edgekit.zoo.digits_cnn import digits_cnn
from edgekit.zoo.text_transformer import text_transformer

QUICK = TrainOptions(epochs=2, batch=64, learning_rate=1e-3)


def test_counts():
    network = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1, groups=1), nn.Flatten(), nn.Linear(8 * 16, 5))
    example = (np.zeros((1, 3, 8, 8), np.float32),)
    assert count.parameters(network) == 8 * 27 + 8 + 5 * 128 + 5
    assert count.macs(network, example) == 8 * 16 * 27 + 128 * 5
    depthwise = nn.Conv2d(6, 6, 3, groups=6, padding=1)
    assert count.macs(depthwise, (np.zeros((1, 6, 4, 4), np.float32),)) == 6 * 16 * 9
    attention = text_transformer(vocabulary=100, length=6, width=8, heads=2, feed_forward=16, layers=1)
    linear, scores_and_sums = 6 * (4 * 8 * 8 + 2 * 8 * 16) + 8 * 2, 2 * 2 * 6 * 6 * 4
    assert count.macs(attention, (np.ones((1, 6), np.int32),)) == linear + scores_and_sums


def test_counts_of_recurrent_layers():
    frames = (np.zeros((1, 26, 12), np.float32),)
    assert count.macs(nn.LSTM(12, 8, batch_first=True), frames) == 26 * 4 * 8 * (12 + 8)
    assert count.macs(nn.GRU(12, 8, batch_first=True), frames) == 26 * 3 * 8 * (12 + 8)
    both = nn.LSTM(12, 8, num_layers=2, batch_first=True, bidirectional=True)
    assert count.macs(both, frames) == 26 * 2 * 4 * 8 * ((12 + 8) + (16 + 8))


def test_training_learns_and_is_recorded(trained):
    record = trained.history[0]
    assert (record.name, record.kind) == ("train", "train")
    assert record.metric_before < 0.5
    assert record.metric_after > 0.9
    assert record.macs_before == record.macs_after == trained.macs


def test_the_same_seed_gives_the_same_weights(context):
    states = []
    for seed in (0, 0, 1):
        seeded = dataclasses.replace(context, seed=seed)
        states.append(train.apply(fresh(context), step("train", QUICK), seeded).network.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_a_diverging_loss_is_a_sentence(context):
    with pytest.raises(CompressError, match=r"train: the loss is nan after epoch \d+") as caught:
        train.apply(fresh(context), step("train", TrainOptions(epochs=3, learning_rate=1e30)), context)
    assert "lower the learning rate" in caught.value.hint


def test_early_stop_keeps_the_best_checkpoint(trained, context):
    options = TrainOptions(epochs=20, learning_rate=1e-12, patience=2)
    after = train.apply(trained, step("train", options), context)
    assert after.history[-1].notes["epochs"] < 10  # nothing moves, so nothing gets better for long
    values = after.history[-1].notes
    assert values["best_epoch"] < values["epochs"]


def test_inputs_that_do_not_fit_are_a_sentence():
    with pytest.raises(CompressError, match=r"the network does not take the data's inputs \[1, 3, 8, 8\]"):
        start.start(digits_cnn(), (np.zeros((1, 3, 8, 8), np.float32),), input_names=("image",))


def test_pruning_removes_channels_everywhere_but_at_the_output(trained, context):
    options = PruneOptions(ratio=0.5, finetune=QUICK)
    after = prune.apply(trained, step("prune", options), context)
    shapes = [tuple(module.weight.shape) for module in after.network if isinstance(module, (nn.Conv2d, nn.Linear))]
    assert shapes == [(4, 1, 3, 3), (8, 4, 3, 3), (16, 8, 3, 3), (10, 16)]
    assert after.macs < 0.3 * trained.macs
    assert after.history[-1].parameters_after == after.parameters < trained.parameters
    assert trained.network[0].weight.shape == (8, 1, 3, 3)  # the model that was given is untouched


def test_round_to_and_iterations(trained, context):
    options = PruneOptions(ratio=0.4, round_to=4, iterations=2, importance="l1", finetune=QUICK)
    after = prune.apply(trained, step("prune", options), context)
    assert [module.out_channels % 4 for module in after.network if isinstance(module, nn.Conv2d)] == [0, 0, 0]


def test_a_ratio_that_removes_nothing_is_an_error(trained, context):
    with pytest.raises(CompressError, match="removed no channel"):
        prune.apply(trained, step("prune", PruneOptions(ratio=0.01, round_to=32, finetune=QUICK)), context)
    with pytest.raises(CompressError, match="ratio 1.5 is not between 0 and 1"):
        prune.apply(trained, step("prune", PruneOptions(ratio=1.5, finetune=QUICK)), context)


class Residual(nn.Module):
    """Depthwise and residual, as mobile networks are; the pixels of a digit come in."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU6())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.BatchNorm2d(8), nn.ReLU6())
        self.project = nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))
        self.pool = nn.AvgPool2d(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.project(self.depthwise(x))
        return self.head(torch.flatten(self.pool(x), 1))


@pytest.fixture
def residual(context):
    torch.manual_seed(0)
    example = tuple(array[:1] for array in context.data.train.inputs)
    model = start.start(Residual().eval(), example, input_names=("image",), channels_last=(0,))
    return train.apply(model, step("train", QUICK), context)


def test_depthwise_and_residual_networks_prune(residual, context):
    after = prune.apply(residual, step("prune", PruneOptions(ratio=0.5, finetune=QUICK)), context)
    network = after.network
    assert network.depthwise[0].groups == network.depthwise[0].in_channels == network.stem[0].out_channels == 4
    assert network.head.in_features == 4
    assert evaluate.model_outputs(after, context.data.validation.inputs)[0].shape == (180, 10)


def test_folding_changes_nothing_but_the_layers(residual, context):
    graph = trace(copy.deepcopy(residual.network))
    assert fold_batch_norms(graph) == 3
    assert not any(isinstance(module, nn.BatchNorm2d) for module in graph.modules())
    image = torch.from_numpy(context.data.validation.inputs[0])
    assert torch.allclose(graph(image), residual.network(image), atol=1e-5)


def test_fake_quantization_is_on_the_grid_of_its_scale():
    site = FakeQuantize().train()
    x = torch.linspace(-1.0, 3.0, 1001)
    y = site(x).detach()
    scale, zero_point = site.scale_zero_point()
    assert float(scale) == pytest.approx(4 / 255, rel=1e-6)
    assert zero_point == -64
    steps = y / scale + zero_point
    assert torch.allclose(steps, torch.round(steps), atol=1e-3)
    assert float((y - x).abs().max()) <= float(scale) * 0.51
    assert float(site.eval()(torch.tensor(0.0))) == 0.0


def test_gradients_pass_straight_through_inside_the_range():
    site = FakeQuantize().train()
    site(torch.tensor([-1.0, 1.0]))
    x = torch.tensor([0.3, 5.0], requires_grad=True)
    site.eval()(x).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_weights_use_their_whole_grid():
    torch.manual_seed(0)
    weight = torch.randn(4, 3, 3, 3)
    weight[2] = 0
    scales = weight_scales(weight)
    steps = round_weight(weight) / scales.reshape(-1, 1, 1, 1)
    assert torch.allclose(steps, torch.round(steps), atol=1e-4)
    assert steps.abs().flatten(1).amax(dim=1).round().tolist() == [127, 127, 0, 127]
    assert float(scales[2]) == float(scales.max())


def test_sites_stand_where_an_int8_file_rounds(residual):
    graph = prepare(residual.network)
    names = list(fake_quantizers(graph))
    # input, two fused activations, the projection, the sum, the output; the pool takes its input's scale
    assert len(names) == 6
    assert names[0].startswith("fake_quantize_x")
    assert not any("pool" in name or "flatten" in name for name in names)


def test_unknown_layers_are_named():
    with pytest.raises(CompressError, match=r"int8 training does not know layer 1 \(Softplus\)"):
        prepare(nn.Sequential(nn.Linear(3, 3), nn.Softplus()))
    with pytest.raises(CompressError, match="does not follow a convolution"):
        prepare(nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3)))


class Branches(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


def test_untraceable_networks_are_a_sentence():
    with pytest.raises(CompressError, match="the network's forward cannot be traced"):
        prepare(Branches())


def test_int8_training_keeps_accuracy_and_frozen_ranges(trained, trained_int8):
    before, after = trained.history[-1], trained_int8.history[-1]
    assert after.metric_after >= before.metric_after - 0.03
    assert all(not bool(site.observing) for site in fake_quantizers(trained_int8.network).values())
    assert trained_int8.macs == trained.macs
    for scale, zero_point in trained_int8.trained_quantization.activations.values():
        assert scale == float(np.float32(scale)) > 0
        assert -128 <= zero_point <= 127


def test_the_baked_network_has_no_fake_quantization(trained_int8):
    plain = baked(trained_int8.network)
    assert not fake_quantizers(plain)
    weight = plain.get_submodule("0").weight
    assert torch.equal(weight, round_weight(weight))


@pytest.mark.parametrize("which", ["trained", "pruned", "int8"])
def test_models_come_back_from_disk_bit_for_bit(which, trained, trained_int8, context, tmp_path):
    models = {"trained": lambda: trained, "int8": lambda: trained_int8}
    options = PruneOptions(ratio=0.3, finetune=QUICK)
    model = models.get(which, lambda: prune.apply(trained, step("prune", options), context))()
    store.save(model, tmp_path)
    again = store.load(tmp_path, lambda options: digits_cnn(width=8))
    images = context.data.validation.inputs
    assert np.array_equal(evaluate.model_outputs(model, images)[0], evaluate.model_outputs(again, images)[0])
    assert again.history == model.history
    assert again.trained_quantization == model.trained_quantization
    assert (again.macs, again.parameters) == (model.macs, model.parameters)


def test_no_step_opens_the_test_split(context, trained, trained_int8):
    """The fixtures trained on a guarded source: its test() raises for everybody but evaluate."""
    from edgekit.datasets.load import TestSplitOpened

    assert len(trained_int8.history) == 2
    with pytest.raises(TestSplitOpened):
        from edgekit.datasets.digits import digits
        from edgekit.datasets.load import guard

        guard(digits()).test()
