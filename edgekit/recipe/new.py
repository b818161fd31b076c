"""`edgekit new`: a recipe that works for the user's own network, and a module to start from if asked."""

from collections.abc import Sequence
from pathlib import Path

from edgekit.errors import RecipeError, UsageError
from edgekit.recipe.load import load
from edgekit.workspace import write_atomic

_RECIPE = """\
# Written by `edgekit new`. Every key: docs/recipes.md. Run it with: edgekit run {file}
description = "what this recipe shows"
seed = 0
targets = [{targets}]
loss = "{loss}"                # or your own "module:function"
metric = "{metric}"

[model]
factory = "{model}"            # a function that returns a torch.nn.Module
channels_last = [{channels_last}]             # inputs that are images: NCHW in torch, NHWC in the file

[data]
source = "{data}"              # a function that returns edgekit.datasets.Source

[steps.train]
epochs = 20
batch = 32
learning_rate = 1e-3

[steps.prune]
ratio = 0.3                    # of the channels of every layer; 0.3 halves the MACs of most CNNs
finetune = {{ epochs = 10, batch = 32, learning_rate = 5e-4 }}

[steps.qat]
training = {{ epochs = 5, batch = 32, learning_rate = 2e-4 }}

[variants.float32]
steps = ["train"]
precision = "float32"

[variants.int8]
steps = ["train"]
precision = "int8"             # after training: ranges from train samples

[variants.pruned-qat-int8]
steps = ["train", "prune", "qat"]
precision = "int8"             # ranges that were trained

[plan]
launches = 5                   # fresh processes an artifact and target
min_seconds = 0.5              # of samples in each
"""

_STARTER = '''\
"""A network and data of your own, to start from: replace both functions' bodies."""

import numpy as np
from torch import nn

from edgekit.datasets import Source, Split


def {build}() -> nn.Module:
    """The network in torch's own layout{layout}."""
    return {network}


def {data}() -> Source:
    """Train and test samples; without a validation split the last tenth of train is it."""

    def part(seed: int, count: int) -> Split:
        generator = np.random.default_rng(seed)
        {sample}

    return Source(train=lambda: part(0, 600), test=lambda: part(1, 300), input_names=("{input}",))
'''

_IMAGE_NETWORK = """nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(16, {outputs}),
    ).eval()"""
_VECTOR_NETWORK = (
    "nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, {outputs})).eval()"
)
_SAMPLES = {
    ("classification", True): """labels = generator.integers(0, 2, count)
        images = generator.normal(size=(count, 1, 8, 8)).astype(np.float32)
        images[labels == 1, :, 2:6, 2:6] += 1.5
        return Split(inputs=(images,), labels=labels)""",
    ("classification", False): """rows = generator.normal(size=(count, 8)).astype(np.float32)
        return Split(inputs=(rows,), labels=(rows[:, 0] + rows[:, 1] > 0).astype(np.int64))""",
    ("regression", True): """images = generator.normal(size=(count, 1, 8, 8)).astype(np.float32)
        return Split(inputs=(images,), labels=images.mean(axis=(1, 2, 3))[:, None])""",
    ("regression", False): """rows = generator.normal(size=(count, 8)).astype(np.float32)
        return Split(inputs=(rows,), labels=(rows[:, :1] * 0.5 + rows[:, 1:2]))""",
}


def write_recipe(
    path: Path,
    *,
    model: str,
    data: str,
    task: str,
    image: bool,
    targets: Sequence[str],
    starter: bool = False,
) -> tuple[Path, ...]:
    """Write the recipe (and with `starter` the module beside it). Nothing is overwritten: UsageError instead."""
    if path.suffix != ".toml":
        raise UsageError(f"{path} is no recipe's name", f"end it with .toml: {path}.toml")
    for option, value in (("--model", model), ("--data", data)):
        module, colon, function = value.partition(":")
        if not colon or not all(part.isidentifier() for part in (*module.split("."), function)):
            raise UsageError(f"{option} {value!r} is not module:function", "for example my_module:build")
    files = [path]
    module_file = path.parent.joinpath(*model.partition(":")[0].split(".")).with_suffix(".py")
    if starter:
        if model.partition(":")[0] != data.partition(":")[0]:
            raise UsageError("--starter writes one module: --model and --data name two", "name the same module")
        files.append(module_file)
    for file in files:
        if file.exists():
            raise UsageError(f"{file} is there already", "name another file, or remove it first")
        blocking = next((folder for folder in file.parents if folder.exists() and not folder.is_dir()), None)
        if blocking is not None:
            raise UsageError(f"{blocking} is no folder, so {file.name} cannot be written there", "name another file")
    regression = task == "regression"
    text = _RECIPE.format(
        file=path.name,
        targets=", ".join(f'"{target}"' for target in targets),
        loss="mse" if regression else "cross-entropy",
        metric="mse" if regression else "top1",
        model=model,
        data=data,
        channels_last="0" if image else "",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text.encode())
    try:
        load(path)
    except RecipeError:
        path.unlink()
        raise
    if starter:
        network = (_IMAGE_NETWORK if image else _VECTOR_NETWORK).format(outputs=1 if regression else 2)
        module = _STARTER.format(
            build=model.partition(":")[2],
            data=data.partition(":")[2],
            layout=", NCHW" if image else "",
            network=network,
            sample=_SAMPLES[task, image],
            input="image" if image else "row",
        )
        module_file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(module_file, module.encode())
    return tuple(files)
