"""Every precision of one network that int8 hurts, and the mixed files that `--precision mixed` finds for it.

digits-cnn with the channel of its first layer that grows largest scaled by 100 and divided again in the next: the same
function, and an int8 range that leaves the other channels one or two steps. vowels-rnn as it is. Accuracy is of the
test split, by edgekit.evaluate.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from figures import out_argument, write_result

from edgekit import evaluate
from edgekit.artifact import Sensitivity, sensitivity_path
from edgekit.pipeline import artifacts
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.recipe.spec import Precision, VariantSpec
from edgekit.runner import codec

RECIPES = ("digits-cnn", "vowels-rnn")
FACTOR = 100.0
BUDGET = 0.5
PLAIN: tuple[Precision, ...] = ("float32", "fp16", "int8", "int8-dynamic", "int16x8", "int4")


def variants() -> tuple[VariantSpec, ...]:
    steps = ("train",)
    plain = [VariantSpec(name=name, steps=steps, precision=name) for name in PLAIN]
    mixed = VariantSpec(name="mixed", steps=steps, precision="mixed", budget=BUDGET)
    return (*plain, mixed, replace(mixed, name="mixed-int16", exceptions="int16"))


def scale(network: torch.nn.Sequential, images: Any) -> int:
    """The largest channel leaves the first batch norm FACTOR times as large; the next convolution divides it again."""
    norm, following = network[1], network[4]
    with torch.no_grad():
        channel = int(network[:3](torch.from_numpy(images)).amax(dim=(0, 2, 3)).argmax())
        norm.weight[channel] *= FACTOR
        norm.bias[channel] *= FACTOR
        following.weight[:, channel] /= FACTOR
    return channel


def found(recipe: str, seed: int) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        session = open_session(recipe, Path(folder), seed=seed, progress=Silent(), say=lambda text: None)
        session = replace(session, recipe=replace(session.recipe, variants=variants(), baseline="float32"))
        models = Models(session)
        network = models.get(("train",)).network
        if recipe == "digits-cnn":
            scale(
                network, session.data.train.inputs[0]
            )  # in memory: this workspace has no file of the network as it was
        made = [artifacts.make(session, models, variant) for variant in session.recipe.variants]
        split = evaluate.test_split(session.source)
        layout = session.recipe.model.channels_last
        rows = {}
        for item in made:
            scores = evaluate.artifact_scores(item.path, item.artifact, split, session.metric, layout)
            parity = item.artifact.parity
            rows[item.variant.name] = {
                "accuracy": float(scores.mean()),
                "bytes": item.artifact.size_bytes,
                "parity": {"passed": parity.passed, "snr_db": parity.figures.get("snr_db")},
            }
            if item.variant.precision == "mixed":
                told = codec.loads(Sensitivity, sensitivity_path(item.path).read_bytes())
                rows[item.variant.name] |= {
                    "exceptions": [layer.name for layer in item.artifact.exceptions],
                    "layers": len(told.layers),
                    "files_judged": told.files_judged,
                    "validation": {"int8_lost": told.int8_lost_points, "mixed_lost": told.mixed_lost_points},
                }
            print(recipe, seed, item.variant.name, rows[item.variant.name], flush=True)
        return {"recipe": recipe, "seed": seed, "test_samples": len(split), "budget_points": BUDGET, "files": rows}


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument("--recipes", nargs="+", default=RECIPES, choices=RECIPES)
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    arguments = parser.parse_args()
    rows = [found(recipe, seed) for recipe in arguments.recipes for seed in arguments.seeds]
    write_result(arguments.out, {"factor": FACTOR, "networks": rows})


if __name__ == "__main__":
    main()
