"""scikit-learn's digits: 1797 images of 8x8 pixels, 10 classes (UCI, CC BY 4.0; in the scikit-learn wheel)."""

import numpy as np

from edgekit.datasets import Normalization, Source, Split
from edgekit.errors import RecipeError


def digits(test_share: float = 0.5, split_seed: int = 0) -> Source:
    """Images (N, 1, 8, 8) float32 in 0..1, labels (N,) int64.

    `test_share` of every class is held back as test. The split depends on `split_seed` alone, not on the recipe's seed.
    """
    if not 0 < test_share < 1:
        raise RecipeError(f"data.options.test_share: {test_share:g} is not between 0 and 1")
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    def part(which: int) -> Split:
        loaded = load_digits()
        images = (loaded.images / 16.0).astype(np.float32)[:, None]
        labels = loaded.target.astype(np.int64)
        rows = train_test_split(np.arange(len(labels)), test_size=test_share, random_state=split_seed, stratify=labels)[
            which
        ]
        return Split(inputs=(images[rows],), labels=labels[rows])

    return Source(
        train=lambda: part(0),
        test=lambda: part(1),
        validation_share=0.2,
        input_names=("image",),
        class_names=tuple(str(digit) for digit in range(10)),
        normalization=(Normalization(mean=(0.0,), std=(16.0,), raw="grey value 0..16"),),
    )
