"""Recipes that cannot be used: exit code 2, the file, the key, the value and the closest valid name."""

import pytest
from cli.tools import MODULE, NETWORKS, RECIPE, RECIPES, assert_refused, changed, shell, write_recipe

KEYS = "docs/recipes.md lists every key"
DELEGATES = "(delegates: cpu, cpu-default, gpu, nnapi, coreml, cuda, or * for every one)"
RATIO = "is not between 0 and 1 (0.3 removes 30 % of the channels)"
BAD_TEXT = [
    ("epochs = 1", "epoch = 1", "steps.train.epoch: unknown key, did you mean 'epochs'?", KEYS),
    ("[plan]", "[paln]", "paln: unknown key, did you mean 'plan'?", KEYS),
    ("launches = 2", "lanches = 2", "plan.lanches: unknown key, did you mean 'launches'?", KEYS),
    ("[plan]", "[zzz]", "zzz: unknown key", KEYS),
    ("epochs = 1", 'epochs = "1"', 'steps.train.epochs: expected a whole number, got "1"', KEYS),
    ("epochs = 1", "epochs = 1.5", "steps.train.epochs: expected a whole number, got 1.5", KEYS),
    ("epochs = 1", "epochs = true", "steps.train.epochs: expected a whole number, got true", KEYS),
    ('["desktop:cpu"]', '"desktop:cpu"', 'targets: expected a list, got "desktop:cpu"', KEYS),
    ('"own:data"', "3", "data.source: expected a string, got 3", KEYS),
    ("ratio = 0.3", "ratio = 1.5", f"steps.prune.ratio: 1.5 {RATIO}", KEYS),
    ("ratio = 0.3", "ratio = -0.3", f"steps.prune.ratio: -0.3 {RATIO}", KEYS),
    ("ratio = 0.3", "ratio = 0", f"steps.prune.ratio: 0 {RATIO}", KEYS),
    ("ratio = 0.3", "ratio = 1", f"steps.prune.ratio: 1 {RATIO}", KEYS),
    ("ratio = 0.3", "ratio = nan", "steps.prune.ratio: expected a finite number, got NaN", KEYS),
    ("ratio = 0.3", "", "steps.prune.ratio: missing", KEYS),
    (
        "[steps.prune]",
        '[steps.prune]\nkind = "prun"',
        "steps.prune.kind: no step is called 'prun', did you mean 'prune'?",
        "kinds of steps: train, prune, qat, distill",
    ),
    (
        "[variants.int8]\n",
        '[variants.int8]\nsteps = ["trian"]\n',
        "variants.int8.steps: no step is called 'trian', did you mean 'train'?",
        "steps of this recipe: train, prune",
    ),
    (
        "desktop:cpu",
        "desktp:cpu",
        "targets: target 'desktp:cpu': no kind of target is called 'desktp', did you mean 'desktop'?",
        "kinds: desktop, android, linux, ssh, loopback; for example desktop:cpu or android:*:*",
    ),
    (
        "desktop:cpu",
        "desktop:cp",
        "targets: target 'desktop:cp': 'cp' is no delegate, did you mean 'cpu'?",
        f"name a delegate: desktop:cpu {DELEGATES}",
    ),
]


@pytest.mark.parametrize(("old", "new", "sentence", "hint"), BAD_TEXT, ids=[case[2] for case in BAD_TEXT])
@pytest.mark.parametrize("command", ["run", "compress", "convert"])
def test_a_recipe_that_cannot_be_used(tmp_path, refused, command, old, new, sentence, hint):
    write_recipe(tmp_path, changed(old, new))
    refused(2, f"tiny.toml: {sentence}", hint, command, "tiny.toml")


def test_in_a_process_of_its_own(tmp_path):
    write_recipe(tmp_path, changed("ratio = 0.3", "ratoi = 0.3"))
    done = shell("run", "tiny.toml", folder=tmp_path)
    assert_refused(done, 2, "tiny.toml: steps.prune.ratoi: unknown key, did you mean 'ratio'?", KEYS)
    assert_refused(
        shell("run", "tiny.toml", "--debug", folder=tmp_path),
        2,
        "tiny.toml: steps.prune.ratoi: unknown key, did you mean 'ratio'?",
        KEYS,
        debug=True,
    )


def test_text_that_is_no_toml(tmp_path, refused):
    write_recipe(tmp_path, "targets = [")
    refused(
        2,
        "tiny.toml: not TOML: Invalid value (at end of document)",
        "see docs/recipes.md for a complete example",
        *("run", "tiny.toml"),
    )


@pytest.mark.parametrize(
    ("name", "closest"), [("none.toml", ""), ("digit-cnn", ", did you mean 'digits-cnn'?"), ("folder/none.toml", "")]
)
def test_a_recipe_that_is_not_there(refused, name, closest):
    brought = f"edgekit brings: {RECIPES}; `edgekit new` writes one of your own"
    refused(2, f"there is no recipe {name}{closest}", brought, "run", name)


FUNCTIONS = [
    (
        'factory = "own:build"',
        'factory = "own:biuld"',
        "model.factory: module own has no function 'biuld', did you mean 'build'?",
        "write module:function",
    ),
    (
        'factory = "own:build"',
        'factory = "won:build"',
        "model.factory: no module 'won' beside the recipe or installed",
        "put won.py into the recipe's folder",
    ),
    (
        'factory = "own:build"',
        'factory = "digits-cn"',
        "model.factory: 'digits-cn' is no name edgekit knows, did you mean 'digits-cnn'? and no module:function",
        f"known: {NETWORKS}",
    ),
    (
        'source = "own:data"',
        'source = "own:dat"',
        "data.source: module own has no function 'dat', did you mean 'data'?",
        "write module:function",
    ),
    (
        'factory = "own:build"',
        'factory = "own:build"\noptions = { width = 3 }',
        "model.options: own:build: got an unexpected keyword argument 'width'",
        "it takes: ",
    ),
    (
        'factory = "own:build"',
        'factory = "own:none"',
        "model: own:none returned nothing",
        "end the function with return",
    ),
    (
        'factory = "own:build"',
        'factory = "own:wrong"',
        "model: own:wrong raised ValueError: width 3 is odd",
        "run with --debug to see where",
    ),
    (
        'factory = "own:build"',
        'factory = "broken:build"',
        "model.factory: module broken raised SyntaxError: '(' was never closed (broken.py, line 1)",
        "run with --debug to see where",
    ),
]
MORE = "def none():\n    pass\n\n\ndef wrong():\n    raise ValueError('width 3 is odd')\n"


@pytest.mark.parametrize(("old", "new", "sentence", "hint"), FUNCTIONS, ids=[case[2] for case in FUNCTIONS])
def test_a_function_that_cannot_be_had(tmp_path, refused, old, new, sentence, hint):
    write_recipe(tmp_path, changed(old, new), f"{MODULE}\n\n{MORE}")
    (tmp_path / "broken.py").write_text("def build(\n")
    refused(2, f"tiny.toml: {sentence}", hint, "convert", "tiny.toml")


@pytest.mark.parametrize(
    ("line", "sentence", "known"),
    [
        (
            'loss = "crossentropy"',
            "loss: 'crossentropy' is no name edgekit knows, did you mean 'cross-entropy'?",
            "cross-entropy, mse",
        ),
        ('metric = "top-1"', "metric: 'top-1' is no name edgekit knows, did you mean 'top1'?", "top1, mse"),
    ],
    ids=["loss", "metric"],
)
def test_an_unknown_loss_or_metric(tmp_path, refused, line, sentence, known):
    text = changed("[variants.float32]\n", '[variants.float32]\nsteps = ["train"]\n', f"{line}\n{RECIPE}")
    write_recipe(tmp_path, text)
    refused(2, f"tiny.toml: {sentence} and no module:function", f"known: {known}", "compress", "tiny.toml")


COMMAND_LINE = [
    (
        ("--variant", "flaot32"),
        "recipe tiny has no variant 'flaot32', did you mean 'float32'?",
        "variants: float32, int8",
    ),
    (
        ("--target", "dekstop:cpu"),
        "target 'dekstop:cpu': no kind of target is called 'dekstop', did you mean 'desktop'?",
        "kinds: desktop, android, linux, ssh, loopback; for example desktop:cpu or android:*:*",
    ),
    (
        ("--target", "desktop:gpuu"),
        "target 'desktop:gpuu': 'gpuu' is no delegate, did you mean 'gpu'?",
        f"name a delegate: desktop:cpu {DELEGATES}",
    ),
    (
        ("--target", "android:10.0.0.7:5555"),
        "target 'android:10.0.0.7:5555': '5555' is no delegate",
        f"name a delegate: android:10.0.0.7:5555:cpu {DELEGATES}",
    ),
    (
        ("--target", "desktop:cpu@litret"),
        "target 'desktop:cpu@litret': no runtime is called 'litret', did you mean 'litert'?",
        "runtimes: litert, tflite-runtime, tensorflow, onnxruntime, torch",
    ),
]


@pytest.mark.parametrize(("words", "sentence", "hint"), COMMAND_LINE, ids=[case[1] for case in COMMAND_LINE])
def test_names_on_the_command_line(tmp_path, refused, words, sentence, hint):
    write_recipe(tmp_path)
    refused(2, sentence, hint, "run", "tiny.toml", *words)
