"""The text Transformer: masking, conversion, pruning, and the tokenizer that its files carry."""

import json

import numpy as np
import pytest
import torch

from edgekit import metrics
from edgekit.compress import losses, prune, start, store, train
from edgekit.compress.context import Context
from edgekit.convert import convert_model
from edgekit.datasets import wordpiece
from edgekit.datasets.load import open_for_training, open_metadata
from edgekit.datasets.movie_snippets import FILE, METADATA, movie_snippets
from edgekit.progress import Silent
from edgekit.recipe.steps import PruneOptions, Step, TrainOptions
from edgekit.runner.batch import run_batch
from edgekit.tflite import read, read_file
from edgekit.tflite.metadata import entry, with_metadata
from edgekit.tflite.structure import operator_counts, rounds_at_run_time
from edgekit.zoo.text_transformer import text_transformer

SIZE = {"vocabulary": 300, "length": 12}
SENTENCE = "A wonderful, unforgettable film!"
GOOD, BAD = ("wonderful", "great", "lovely", "bright"), ("awful", "poor", "dull", "weak")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Half of the texts praise, half blame; the other words say nothing."""
    folder = tmp_path_factory.mktemp("snippets")
    generator = np.random.default_rng(0)
    lines = []
    for index in range(600):
        rating = (2.0, -2.0)[index % 2]
        judged = generator.choice(GOOD if rating > 0 else BAD)
        others = generator.choice(("a", "the", "film", "plot", "cast", "of", "and", "scene"), generator.integers(2, 9))
        said = list(map(str, others))
        said.insert(int(generator.integers(0, len(said) + 1)), str(judged))
        lines.append(f"{index}\t{rating}\t{' '.join(said)} number{index}")
    (folder / FILE).write_text("\n".join(lines))
    return movie_snippets(str(folder), **SIZE)


@pytest.fixture(scope="module")
def context(source):
    data = open_for_training(source)
    return Context(data=data, loss=losses.cross_entropy(), metric=metrics.top1(), seed=0, progress=Silent())


def network():
    return text_transformer(**SIZE, width=16, heads=4, feed_forward=16)


@pytest.fixture(scope="module")
def trained(context):
    torch.manual_seed(0)
    example = tuple(array[:1] for array in context.data.train.inputs)
    model = start.start(network(), example, input_names=("ids",))
    options = TrainOptions(epochs=8, batch=32, learning_rate=5e-3)
    return train.apply(model, Step(name="train", kind="train", options=options), context)


@pytest.fixture(scope="module")
def pruned(trained, context):
    options = PruneOptions(ratio=0.5, round_to=4, finetune=TrainOptions(epochs=4, batch=32, learning_rate=3e-3))
    return prune.apply(trained, Step(name="prune", kind="prune", options=options), context)


def test_it_learns(trained):
    assert trained.history[-1].metric_after >= 0.95


def test_first_weights_are_those_of_naive_bayes():
    net = text_transformer(vocabulary=8, length=4, width=8, heads=2, feed_forward=8)
    before = net.embedding.weight.detach().clone()
    ids = np.array([[2, 3, 3, 0], [2, 4, 0, 0], [2, 4, 4, 5]], np.int32)
    net.first_weights((ids,), np.array([1, 0, 0]))
    after = net.embedding.weight.detach()
    # texts with the token + 1, over the sum of these: class 1 has 0, 2, 3 once and five tokens of 8 at 1
    positive, negative = np.log(np.array([2, 2, 1, 1]) / 11), np.log(np.array([3, 1, 3, 2]) / 14)
    assert np.allclose(after[2:6, 0], 0.3 * (positive - negative), atol=1e-6)
    assert after[:2, 0].tolist() == [0.0, 0.0]
    assert torch.equal(after[:, 1:], before[:, 1:])


def test_padding_changes_nothing(trained):
    """The same text, padded to 12 and not padded at all."""
    ids = torch.tensor([[5, 6, 7, 8, 9, 10, 11]], dtype=torch.int32)
    net = trained.network
    whole = torch.nn.functional.pad(ids, (0, 5))
    with torch.inference_mode():
        short = text_transformer(vocabulary=300, length=7, width=16, heads=4, feed_forward=16)
        state = {**net.state_dict(), "positions.weight": net.positions.weight[:7]}
        short.load_state_dict(state)
        assert torch.allclose(net(whole), short(ids), atol=1e-5)
        assert not torch.allclose(net(whole), net(whole.roll(1)), atol=1e-3)  # order matters


def test_word_dropout_is_of_training_alone():
    torch.manual_seed(0)
    net = text_transformer(**SIZE, dropout=0.0, word_dropout=0.5)
    ids = torch.arange(2, 14, dtype=torch.int32)[None]
    with torch.no_grad():
        assert torch.equal(net(ids), net(ids))
        net.train()
        assert not torch.equal(net(ids), net(ids))


def test_half_as_wide_and_back_from_disk(trained, pruned, tmp_path):
    """Everything along the residual path halves: embedding, positions, norms, attention, feed-forward."""
    shapes = {name: tuple(value.shape) for name, value in pruned.network.named_parameters()}
    assert shapes["embedding.weight"] == (300, 8)
    assert shapes["positions.weight"] == (12, 8)
    assert shapes["blocks.0.attention.query.weight"] == (8, 8)
    assert shapes["blocks.0.feed_forward.0.weight"] == (8, 8)
    assert pruned.parameters < 0.5 * trained.parameters
    assert pruned.history[-1].metric_after >= 0.9
    store.save(pruned, tmp_path)
    again = store.load(tmp_path, lambda options: network())
    ids = torch.from_numpy(pruned.example[0])
    with torch.inference_mode():
        assert torch.equal(again.network(ids), pruned.network(ids))
    assert again.network.norm.normalized_shape == (8,)


@pytest.fixture(scope="module")
def files(trained, pruned, source, context, tmp_path_factory):
    """name -> (artifact, path, bytes) of every form of the network."""
    folder = tmp_path_factory.mktemp("files")
    forms = {"float32": (trained, "float32"), "dynamic": (trained, "int8-dynamic"), "static": (trained, "int8")}
    forms["pruned"] = (pruned, "int8-dynamic")
    made = {}
    for name, (model, precision) in forms.items():
        artifact = convert_model(
            model,
            precision,
            calibration=context.data.train.take(slice(0, 100)),
            parity_samples=context.data.joined(400),
            folder=folder,
            recipe="text",
            variant=name,
            metadata=open_metadata(source),
        )
        path = folder / f"{name}.tflite"
        made[name] = (artifact, path, read_file(path))
    return made


@pytest.mark.parametrize("name", ["float32", "dynamic", "static", "pruned"])
def test_parity(files, name):
    artifact, path, content = files[name]
    assert artifact.parity.passed, artifact.parity
    assert [(tensor.shape, tensor.dtype) for tensor in artifact.inputs] == [((1, 12), "int32")]
    operators = operator_counts(read(content, str(path)))
    assert operators["BATCH_MATMUL"] == 2
    assert operators["SOFTMAX"] == operators["EMBEDDING_LOOKUP"] == 1
    assert not [operator for operator in operators if "STABLEHLO" in operator or operator.startswith("Flex")]


@pytest.mark.parametrize("name", ["float32", "dynamic", "static", "pruned"])
def test_the_file_carries_the_tokenizer(files, source, context, name):
    tokenizer = wordpiece.from_json(entry(files[name][2], METADATA))
    assert json.loads(entry(files[name][2], METADATA))["length"] == 12
    assert tokenizer == wordpiece.from_json(open_metadata(source)[METADATA])
    ids = tokenizer.encode([SENTENCE])
    assert tokenizer.pieces(SENTENCE)[:2] == ["a", "wonderful"]
    scores = run_batch(files[name][1], [ids]).floats()[0]
    assert scores[0].argmax() == 1
    text = " ".join(tokenizer.vocabulary[number] for number in context.data.train.inputs[0][0] if number)
    assert text.split()[:3] == [piece for piece in tokenizer.pieces(text.replace(" ##", ""))][:3]


@pytest.mark.parametrize("name", ["float32", "dynamic", "static"])
def test_metadata_changes_no_output_bit(files, context, name, tmp_path):
    content = with_metadata(files[name][2], {"more": b"m" * 12345})
    (tmp_path / "more.tflite").write_bytes(content)
    inputs = [context.data.validation.inputs[0]]
    before, after = run_batch(files[name][1], inputs), run_batch(tmp_path / "more.tflite", inputs)
    assert before.raw[0].tobytes() == after.raw[0].tobytes()
    assert len(before.raw[0]) == 60


def test_dynamic_int8_rounds_the_embedding_and_static_int8_does_not(files):
    """One scale for the whole table: TFLite 2.16.1 takes no scale a row, and does not say so."""
    kinds = {}
    for name in ("dynamic", "static"):
        file = read(files[name][2])
        lookup = next(operator for operator in file.main.operators if operator.name == "EMBEDDING_LOOKUP")
        table = file.main.tensors[lookup.inputs[1]]
        kinds[name] = (table.dtype, table.quantization and len(table.quantization.scales))
        assert rounds_at_run_time(file) == (name == "dynamic")
    assert kinds == {"dynamic": ("int8", 1), "static": ("float32", None)}
    assert not rounds_at_run_time(read(files["float32"][2]))
