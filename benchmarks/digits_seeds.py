"""digits-cnn, five seeds, the whole test half: accuracy of float and of pruned + QAT int8, and what the file holds.

The test split is opened by edgekit.evaluate, once the files are made.
"""

import tempfile
from pathlib import Path
from typing import Any

from figures import out_argument, write_result
from scored import scored

from edgekit.stats import paired_change

SEEDS = (0, 1, 2, 3, 4)
BASELINE, COMPRESSED = "float32", "pruned-qat-int8"


def one_seed(seed: int, workspace: Path) -> dict[str, Any]:
    """Both variants' scores on every test image."""
    found = scored("digits-cnn", (BASELINE, COMPRESSED), seed, workspace, say=lambda text: None)
    change, low, high = paired_change(found.scores[BASELINE], found.scores[COMPRESSED])
    before, after = found.artifacts[BASELINE], found.artifacts[COMPRESSED]
    return {
        "seed": seed,
        "test_samples": found.samples,
        "accuracy": found.accuracy,
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
