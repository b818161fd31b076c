"""A recipe's baseline and its int8 variant, three seeds, every test sample: accuracy, spread, paired change.

python benchmarks/recipe_seeds.py RECIPE --out FILE [--int8 NAME]. The test split is opened by edgekit.evaluate, once
the files are made. The models stay in build/figures/workspace, so that a run that was cut off goes on.
"""

import time
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result

from edgekit import evaluate
from edgekit.pipeline import artifacts
from edgekit.pipeline.session import open_session
from edgekit.progress import for_stderr
from edgekit.stats import paired_change

SEEDS = (0, 1, 2)
WORKSPACE = ROOT / "build" / "figures" / "workspace"


def one_seed(recipe: str, int8: str, seed: int, workspace: Path) -> dict[str, Any]:
    """The scores of both variants on every test sample."""
    started = time.monotonic()
    session = open_session(recipe, workspace, progress=for_stderr(), say=print, seed=seed)
    baseline = session.recipe.baseline
    made = {item.variant.name: item for item in artifacts.convert(session, (baseline, int8))}
    split = evaluate.test_split(session.source)
    layout = session.recipe.model.channels_last
    scores = {
        name: evaluate.artifact_scores(item.path, item.artifact, split, session.metric, layout)
        for name, item in made.items()
    }
    return {
        "seed": seed,
        "test_samples": len(split),
        "accuracy": {name: float(values.mean()) for name, values in scores.items()},
        "change": list(paired_change(list(scores[baseline]), list(scores[int8]))),
        "validation": made[baseline].artifact.steps[-1].metric_after if made[baseline].artifact.steps else None,
        "parameters": made[baseline].artifact.parameters,
        "macs": made[baseline].artifact.macs,
        "bytes": {name: item.artifact.size_bytes for name, item in made.items()},
        "compressed_bytes": {name: item.artifact.compressed_bytes for name, item in made.items()},
        "seconds": time.monotonic() - started,
    }


def main() -> None:
    parser = out_argument(__doc__ or "")
    parser.add_argument("recipe", help="a recipe's name or file")
    parser.add_argument("--int8", default="int8", help="the variant that is compared with the baseline")
    arguments = parser.parse_args()
    seeds = [one_seed(arguments.recipe, arguments.int8, seed, WORKSPACE) for seed in SEEDS]
    write_result(arguments.out, {"recipe": arguments.recipe, "int8": arguments.int8, "seeds": seeds})


if __name__ == "__main__":
    main()
