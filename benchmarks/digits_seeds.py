"""digits-cnn, five seeds, the whole test half: accuracy of float and of pruned + QAT int8, and what the file holds.

The test split is opened by edgekit.evaluate, once the files are made.
"""

import tempfile
from pathlib import Path
from typing import Any

from figures import out_argument, write_result

from edgekit import evaluate
from edgekit.pipeline import artifacts
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.stats import paired_change

SEEDS = (0, 1, 2, 3, 4)
BASELINE, COMPRESSED = "float32", "pruned-qat-int8"


def one_seed(seed: int, workspace: Path) -> dict[str, Any]:
    """Both variants' scores on every test image."""
    session = open_session("digits-cnn", workspace, progress=Silent(), say=lambda text: None, seed=seed)
    made = {item.variant.name: item for item in artifacts.convert(session, (BASELINE, COMPRESSED))}
    split = evaluate.test_split(session.source)
    layout = session.recipe.model.channels_last
    scores = {
        name: evaluate.artifact_scores(item.path, item.artifact, split, session.metric, layout)
        for name, item in made.items()
    }
    change, low, high = paired_change(list(scores[BASELINE]), list(scores[COMPRESSED]))
    before, after = made[BASELINE].artifact, made[COMPRESSED].artifact
    return {
        "seed": seed,
        "test_samples": len(split),
        "accuracy": {name: float(values.mean()) for name, values in scores.items()},
        "change": [change, low, high],
        "macs": [before.macs, after.macs],
        "bytes": [before.size_bytes, after.size_bytes],
        "quantized_tensors": after.quantized_tensors,
        "quantized_compared": after.quantized_compared,
        "quantized_equal": after.quantized_equal,
        "share_within_1_lsb": after.parity.value if after.parity else None,
        "parity_samples": after.parity.samples if after.parity else None,
    }


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_result(arguments.out, {"seeds": [one_seed(seed, Path(folder)) for seed in SEEDS]})


if __name__ == "__main__":
    main()
