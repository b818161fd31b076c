"""Networks and data that cannot be used: exit code 1, which network, which shape, which operator."""

import json

import pytest
from cli.tools import MODULE, QUICK, changed, files_in, write_recipe

MORE = '''

class Eigen(nn.Module):
    def forward(self, image):
        return torch.linalg.eigvals(image).real.flatten(1)


class Other(nn.Module):
    """What it computes once it is exported is not what it computes here."""

    def __init__(self):
        super().__init__()
        self.network = build()

    def forward(self, image):
        scale = -1.0 if torch.compiler.is_exporting() else 1.0
        return self.network(image) * scale


def wide():
    return Source(train=lambda: wider(part(0, 60)), test=lambda: wider(part(1, 60)))


def wider(split):
    return Split(inputs=(np.pad(split.inputs[0], ((0, 0), (0, 0), (0, 1), (0, 1))),), labels=split.labels)


def loud():
    """Ranges that train samples do not show: int8 calibrated on them is wrong on the validation split."""
    return Source(
        train=lambda: part(0, 300, scale=0.001), validation=lambda: part(2, 600), test=lambda: part(1, 200)
    )


def no_source():
    return part(0, 10)


def no_split():
    return Source(train=lambda: part(0, 10).inputs, test=lambda: part(0, 10))


def lists():
    return Source(train=lambda: Split(inputs=part(0, 10).inputs[0], labels=[1, 2]), test=lambda: part(0, 10))


def uneven():
    train = part(0, 10)
    return Source(train=lambda: Split(inputs=train.inputs, labels=train.labels[:7]), test=lambda: train)


def infinite():
    train = part(0, 10)
    train.inputs[0][3] = np.inf
    return Source(train=lambda: train, test=lambda: train)


def few():
    return Source(train=lambda: part(0, 1), test=lambda: part(0, 1))


def raising():
    def train():
        raise KeyError("pixels")

    return Source(train=train, test=train)


def absent():
    return Source(train=lambda: np.load("none.npy"), test=lambda: None)


def quotient(outputs, labels):
    return outputs[0].square().sum() / 0.0


def endless():
    return quotient
'''
DEBUG = "run with --debug to see where"


@pytest.fixture
def recipe(tmp_path):
    """A function: replacements -> tiny.toml with a module that holds everything above."""

    def write(*replacements):
        text = None
        for old, new in replacements:
            text = changed(old, new, text) if text else changed(old, new)
        return write_recipe(tmp_path, text, MODULE + MORE)

    return write


def test_an_operator_that_does_not_convert_is_named(tmp_path, recipe, edgekit):
    recipe(("own:build", "own:Eigen"))
    for debug in ([], ["--debug"]):
        done = edgekit("convert", "tiny.toml", *debug)
        assert (done.code, done.out) == (1, "")
        sentence, hint = done.err.splitlines()[-2:]
        assert sentence == "edgekit: no TFLite operator for aten.linalg_eig.default"
        assert hint == "  write that part with other operators, or leave it out of the exported network"
        assert ("Traceback" in done.err) is bool(debug)
    assert not [name for name in files_in(tmp_path / ".edgekit") if not name.endswith("/used")]


def test_a_network_that_does_not_take_the_datas_inputs(recipe, refused):
    recipe(("own:data", "own:wide"))
    refused(
        1,
        "the network does not take the data's inputs [1, 1, 9, 9]: "
        "mat1 and mat2 shapes cannot be multiplied (1x81 and 64x3)",
        "check the shapes that the recipe's data source gives, batch first, NCHW for images",
        *("convert", "tiny.toml"),
    )


@pytest.mark.parametrize(
    ("source", "sentence", "hint"),
    [
        ("no_source", "the data source returned a Split", "return an edgekit.datasets.Source"),
        ("no_split", "the train split is a tuple", "return an edgekit.datasets.Split"),
        (
            "lists",
            "the train split holds ndarray",
            "inputs is a tuple of numpy arrays, one an input; labels a numpy array",
        ),
        (
            "uneven",
            "the train split has inputs and labels of lengths [7, 10]: one length is needed",
            "give every input and the labels one row a sample, and at least one sample",
        ),
        ("infinite", "input 0 of the train split holds NaN or infinity", "drop or mend those samples"),
        (
            "few",
            "1 train samples are too few to keep 10% for validation",
            "give the source more samples, or a validation split of its own",
        ),
        ("raising", "the train split cannot be opened: KeyError: 'pixels'", DEBUG),
        ("absent", "none.npy: No such file or directory", "check the path, its rights and the free space"),
    ],
)
def test_data_that_cannot_be_used(tmp_path, recipe, edgekit, source, sentence, hint):
    recipe(("own:data", f"own:{source}"))
    done = edgekit("compress", "tiny.toml")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [f"edgekit: {sentence}", f"  {hint}"]
    assert files_in(tmp_path) == ["own.py", "tiny.toml"]


def test_a_loss_that_is_no_number(recipe, refused):
    recipe(
        ('targets = ["desktop:cpu"]', 'loss = "own:endless"'),
        ("[variants.float32]", '[variants.float32]\nsteps = ["train"]'),
    )
    hint = "lower the learning rate (0.001), or check the data for odd values"
    refused(1, "train: the loss is nan after epoch 1", hint, "compress", "tiny.toml")


def test_an_artifact_that_does_not_compute_what_its_source_does(tmp_path, recipe, edgekit):
    """convert: exit code 1; run: 6, every row `incorrect`, and no latency in any of them."""
    recipe(("own:build", "own:Other"))
    done = edgekit("convert", "tiny.toml", "--format", "json")
    assert done.code == 1
    assert [artifact["parity"]["passed"] for artifact in json.loads(done.out)] == [False, False]
    sentence, hint = done.err.splitlines()[-2:]
    assert sentence.startswith("edgekit: variant float32: ")
    assert hint == "  the rules and their limits: docs/parity.md"
    done = edgekit("run", "tiny.toml", "--format", "json", *QUICK)
    assert done.code == 6
    for row in json.loads(done.out)["rows"]:
        assert row["status"] == "incorrect"
        assert row["reason"].startswith("parity with its source failed: ")
        assert (row["latency_ns"], row["throughput_hz"], row["comparison"]) == (None, None, None)


def test_one_artifact_of_two_that_is_wrong(tmp_path, recipe, edgekit):
    recipe(("own:data", "own:loud"))
    done = edgekit("run", "tiny.toml", "--format", "json", *QUICK)
    assert done.code == 6
    good, wrong = json.loads(done.out)["rows"]
    assert (good["variant"], wrong["variant"]) == ("float32", "int8")
    assert good["status"] in ("ok", "unstable")
    assert good["latency_ns"]["value"] > 0
    assert wrong["status"] == "incorrect"
    assert (wrong["latency_ns"], wrong["invoke_ns"], wrong["measurement"]["launches"]) == (None, None, [])
    assert json.loads((tmp_path / ".edgekit/reports/tiny/report.json").read_text()) == json.loads(done.out)
