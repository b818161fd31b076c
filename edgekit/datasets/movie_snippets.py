"""10,072 sentences out of film reviews, positive or negative: Pang & Lee's, rated anew by Hutto & Gilbert (2014).

Out of the source distribution of vaderSentiment (MIT), or from a folder that holds the file.
"""

import functools
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.datasets import Source, Split, Yardstick, wordpiece
from edgekit.datasets.fetch import PackageFile, found
from edgekit.errors import DataError, RecipeError

FILE = "movieReviewSnippets_GroundTruth.txt"
_PACKAGED = PackageFile(
    package="vaderSentiment",
    version="3.3.2",
    sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    archive="sdist",
    member=f"vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz!hutto_ICWSM_2014/{FILE}",
)
LEAST_VALENCE = 0.5
"""A mean rating (-4..4) nearer to 0 is no label: 533 of the 10,605 snippets."""
SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}
METADATA = "tokenizer"
"""Name of the artifact's metadata entry that holds the tokenizer as JSON."""


def movie_snippets(folder: str | None = None, vocabulary: int = 8192, length: int = 48, split_seed: int = 0) -> Source:
    """Token ids (N, length) int32, 0 behind a text's end; labels (N,) int64, 1 positive.

    `folder`: your own copy of the file. `vocabulary`: entries of the tokenizer at most, so that ids lie below it; it is
    built from the train split. Train, validation and test hold 70, 10 and 20 % of the texts, by `split_seed` alone; two
    texts of the same words fall into the same split.
    """
    for name, value, least in (("vocabulary", vocabulary, 256), ("length", length, 1)):
        if value < least:
            raise RecipeError(f"data.options.{name}: {value} is below {least}")
    texts = functools.cache(lambda: split_texts(*read(found(_PACKAGED, folder, FILE)), split_seed))
    tokenizer = functools.cache(lambda: wordpiece.build(texts()["train"][0], size=vocabulary, length=length))

    def part(name: str) -> Split:
        own, labels = texts()[name]
        return Split(inputs=(tokenizer().encode(own),), labels=labels)

    return Source(
        train=lambda: part("train"),
        validation=lambda: part("validation"),
        test=lambda: part("test"),
        input_names=("ids",),
        class_names=("negative", "positive"),
        metadata=lambda: {METADATA: tokenizer().to_json()},
        yardstick=Yardstick(name="TF-IDF + logistic regression", fit_and_predict=tf_idf),
    )


def tf_idf(train: Split, inputs: tuple[NDArray[Any], ...]) -> NDArray[Any]:
    """Class probabilities (N, 2) by logistic regression on TF-IDF of single tokens and pairs, fitted on `train`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    def said(ids: NDArray[Any]) -> list[list[str]]:
        return [[str(token) for token in row if token] for row in ids]

    features = TfidfVectorizer(analyzer=_one_and_two, sublinear_tf=True)
    fitted = make_pipeline(features, LogisticRegression(C=3.0, max_iter=1000))
    fitted.fit(said(train.inputs[0]), train.labels)
    predicted: NDArray[Any] = fitted.predict_proba(said(inputs[0]))
    return predicted


def _one_and_two(tokens: list[str]) -> list[str]:
    return [*tokens, *(f"{first} {second}" for first, second in pairwise(tokens))]


def read(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    """The labelled texts of a file of lines `id TAB mean rating TAB text`, in the file's order."""
    texts, labels = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        fields = line.split("\t")
        try:
            rating = float(fields[1])
        except (IndexError, ValueError):
            rating = float("nan")
        if len(fields) != 3 or not abs(rating) <= 4:
            raise DataError(f"{path}, line {number}: not `id, rating in -4..4, text`", "copy the published file again")
        if abs(rating) >= LEAST_VALENCE:
            texts.append(fields[2])
            labels.append(int(rating > 0))
    return texts, np.array(labels, dtype=np.int64)


def split_texts(
    texts: list[str], labels: NDArray[np.int64], seed: int
) -> dict[str, tuple[list[str], NDArray[np.int64]]]:
    """Split name -> its texts and labels, in random order. Texts of the same words are one group: two such pairs."""
    groups: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        groups.setdefault(" ".join(word for word in wordpiece.words(text) if word.isalnum()), []).append(index)
    order = np.random.default_rng(seed).permutation(len(groups))
    members = [groups[key] for key in sorted(groups)]
    ends = np.rint(np.cumsum(list(SHARES.values())) * len(members)).astype(int)
    parts = {}
    for name, start, end in zip(SHARES, (0, *ends), ends, strict=False):
        rows = [row for group in order[start:end] for row in members[group]]
        parts[name] = ([texts[row] for row in rows], labels[rows])
    return parts
