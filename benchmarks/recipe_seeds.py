"""A recipe's baseline and its int8 variant, three seeds, every test sample: accuracy, spread, paired change.

python benchmarks/recipe_seeds.py RECIPE --out FILE [--int8 NAME]. The test split is opened by edgekit.evaluate, once
the files are made. The models stay in build/figures/workspace, so that a run that was cut off goes on.
"""

import time
from pathlib import Path
from typing import Any

from figures import ROOT, out_argument, write_result
from scored import scored

from edgekit.stats import paired_change

SEEDS = (0, 1, 2)
WORKSPACE = ROOT / "build" / "figures" / "workspace"


def one_seed(recipe: str, int8: str, seed: int, workspace: Path) -> dict[str, Any]:
    """The scores of both variants on every test sample."""
    started = time.monotonic()
    found = scored(recipe, (int8,), seed, workspace)
    before = found.artifacts[found.baseline]
    return {
        "seed": seed,
        "test_samples": found.samples,
        "accuracy": found.accuracy,
        "change": list(paired_change(found.scores[found.baseline], found.scores[int8])),
        "validation": before.steps[-1].metric_after if before.steps else None,
        "parameters": before.parameters,
        "macs": before.macs,
        "bytes": {name: item.size_bytes for name, item in found.artifacts.items()},
        "compressed_bytes": {name: item.compressed_bytes for name, item in found.artifacts.items()},
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
