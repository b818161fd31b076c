"""A narrow student alone and taught, three seeds: with all labels, and with 1,000 labels and a teacher for all images.

python benchmarks/distillation.py --out FILE. Fashion-MNIST, mobile-cnn of a quarter of the width; fashion-cnn teaches.
Epochs are the same alone and taught. With 1,000 labels an epoch has 55 times fewer steps, so that the student is
trained alone for as many steps as well. The test split is opened by edgekit.evaluate, once the files are made.
"""

import tempfile
from pathlib import Path
from typing import Any

from figures import out_argument, write_result
from recipe_seeds import SEEDS, WORKSPACE
from scored import scored

from edgekit.stats import paired_change, t_interval

EPOCHS = 4
LABELS = 1000
SAME_STEPS = EPOCHS * 55
"""Epochs of 1,000 images that take as many steps as EPOCHS of 55,000."""
RECIPE = """
name = "student"
[model]
factory = "mobile-cnn"
channels_last = [0]
options = {{ width = 0.25 }}
[data]
source = "fashion-mnist"
options = {{ train_samples = {samples} }}
[steps.learn]
{step}
[variants.float32]
steps = ["learn"]
precision = "float32"
"""
_RATES = "batch = 128, learning_rate = 3e-3"
ALONE = 'kind = "train"\nepochs = {epochs}\nbatch = 128\nlearning_rate = 3e-3'
TAUGHT = f"""kind = "distill"
teacher = {{{{ recipe = "fashion-cnn" }}}}
labelled = {{labelled}}
training = {{{{ epochs = {EPOCHS}, {_RATES} }}}}"""
ARMS = {
    "alone, all labels": (0, ALONE.format(epochs=EPOCHS)),
    "taught, all labels": (0, TAUGHT.format(labelled=0)),
    "alone, 1,000 labels": (LABELS, ALONE.format(epochs=EPOCHS)),
    "alone, 1,000 labels, as many steps": (LABELS, ALONE.format(epochs=SAME_STEPS)),
    "taught, 1,000 labels": (0, TAUGHT.format(labelled=LABELS)),
}
PAIRS = {
    "all labels": ("alone, all labels", "taught, all labels"),
    "1,000 labels, same epochs": ("alone, 1,000 labels", "taught, 1,000 labels"),
    "1,000 labels, same steps": ("alone, 1,000 labels, as many steps", "taught, 1,000 labels"),
}


def scores(arm: str, seed: int, folder: Path) -> list[float]:
    """Each test image's score after training one arm."""
    samples, step = ARMS[arm]
    file = folder / "student.toml"
    file.write_text(RECIPE.format(samples=samples, step=step))
    return scored(str(file), ("float32",), seed, WORKSPACE).scores["float32"]


def main() -> None:
    arguments = out_argument(__doc__ or "").parse_args()
    found: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            for arm in ARMS:
                print(f"seed {seed}: {arm}", flush=True)
                found[arm].append(scores(arm, seed, Path(folder)))
    gains: dict[str, Any] = {}
    for name, (alone, taught) in PAIRS.items():
        pairs = [paired_change(a, b) for a, b in zip(found[alone], found[taught], strict=True)]
        gains[name] = {"seeds": pairs, "over_seeds": t_interval([change for change, _, _ in pairs])}
    accuracy = {arm: [sum(values) / len(values) for values in runs] for arm, runs in found.items()}
    write_result(arguments.out, {"epochs": EPOCHS, "labels": LABELS, "accuracy": accuracy, "gains": gains})


if __name__ == "__main__":
    main()
