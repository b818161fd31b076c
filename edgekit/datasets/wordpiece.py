"""Words and pieces of words -> ids, built from training texts alone. Schuster & Nakajima 2012; Wu et al. 2016, 4.1.

A word is split greedily from its start: the longest entry of the vocabulary comes first, and what continues a word is
written with ## before it, as in BERT's vocabulary files. Nothing is fitted but counts.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgekit.errors import DataError

PAD, UNKNOWN = "[PAD]", "[UNK]"
"""Ids 0 and 1."""
CONTINUES = "##"
SHORTEST_PIECE, LONGEST_PIECE = 2, 7
_WORDS = re.compile(r"\w+|[^\w\s]")
_FORMAT = "edgekit.wordpiece"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenizer:
    """`vocabulary`: position -> entry, [PAD] and [UNK] first. Texts become `length` ids, cut or padded with 0."""

    vocabulary: tuple[str, ...]
    length: int
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.vocabulary[:2] != (PAD, UNKNOWN) or len(set(self.vocabulary)) != len(self.vocabulary):
            raise DataError(f"a vocabulary begins with {PAD}, {UNKNOWN} and holds each entry once")
        object.__setattr__(self, "_ids", {entry: index for index, entry in enumerate(self.vocabulary)})

    def pieces(self, text: str) -> list[str]:
        """The entries that `text` is split into, not cut; a character that is not in the vocabulary makes [UNK]."""
        return [piece for word in words(text) for piece in self._split(word)]

    def encode(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """(N, length) ids, padded with 0 at the end."""
        encoded = np.zeros((len(texts), self.length), dtype=np.int32)
        for row, text in enumerate(texts):
            ids = [self._ids[piece] for piece in self.pieces(text)][: self.length]
            encoded[row, : len(ids)] = ids
        return encoded

    def to_json(self) -> bytes:
        """What an artifact carries: the whole tokenizer, UTF-8."""
        said = {
            "format": _FORMAT,
            "version": 1,
            "lower_case": True,
            "words": _WORDS.pattern,
            "continues": CONTINUES,
            "length": self.length,
            "pad": 0,
            "unknown": 1,
            "vocabulary": self.vocabulary,
        }
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()

    def _split(self, word: str) -> list[str]:
        if word in self._ids:
            return [word]
        found: list[str] = []
        start = 0
        while start < len(word):
            mark = CONTINUES if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self._ids), None)
            if end is None:
                return [UNKNOWN]
            found.append(mark + word[start:end])
            start = end
        return found


def words(text: str) -> list[str]:
    """Lower case; runs of letters, digits and underscores, and every other character that is no space, alone."""
    return _WORDS.findall(text.lower())


def build(texts: Iterable[str], *, size: int, length: int) -> Tokenizer:
    """At most `size` entries: all characters, then words that occur twice, then ends of rarer words; frequent first.

    A tie is broken by the alphabet, so that the same texts give the same vocabulary.
    """
    counts = Counter(word for text in texts for word in words(text))
    characters = sorted({character for word in counts for character in word})
    known = [word for word, count in _frequent(counts) if count >= 2]
    ends: Counter[str] = Counter()
    for word in counts.keys() - set(known):
        for size_of_end in range(SHORTEST_PIECE, min(LONGEST_PIECE, len(word) - 1) + 1):
            ends[CONTINUES + word[-size_of_end:]] += counts[word]
    entries = [PAD, UNKNOWN, *characters, *(CONTINUES + character for character in characters), *known]
    entries += [end for end, count in _frequent(ends) if count >= 4]
    return Tokenizer(vocabulary=tuple(dict.fromkeys(entries))[:size], length=length)


def _frequent(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def from_json(content: bytes) -> Tokenizer:
    """The tokenizer that an artifact carries; DataError when the bytes are none."""
    try:
        said = json.loads(content)
        if said["format"] != _FORMAT or said["version"] != 1 or said["words"] != _WORDS.pattern:
            raise DataError(f"a tokenizer of format {said['format']!r}, version {said['version']!r}: not known here")
        return Tokenizer(vocabulary=tuple(map(str, said["vocabulary"])), length=int(said["length"]))
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"no tokenizer: {error}", "read it from the file's metadata again") from error
