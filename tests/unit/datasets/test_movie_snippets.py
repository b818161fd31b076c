"""The movie snippets and their tokenizer, on small files: nothing is fetched."""

import json

import numpy as np
import pytest

from edgekit.datasets import Source, Split, wordpiece
from edgekit.datasets.load import guard, open_for_training, open_metadata
from edgekit.datasets.movie_snippets import FILE, METADATA, movie_snippets, read, split_texts
from edgekit.errors import DataError, RecipeError

FILLERS = ("plot", "acting", "score", "cast", "ending", "camera")


def lines(count=300):
    generator = np.random.default_rng(0)
    made = []
    for index in range(count):
        rating = (-1) ** index * (0.3 if index % 10 == 9 else 2.0)
        said = " ".join(generator.choice(FILLERS, 4))
        made.append(f"{index}\t{rating}\tThe {said} of number{index} is {'good' if rating > 0 else 'bad'}.")
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / FILE).write_text("\n".join(lines()) + "\n")
    return tmp_path


def test_ratings_near_zero_carry_no_label(folder):
    texts, labels = read(folder / FILE)
    assert (len(texts), labels.sum()) == (270, 150)
    assert texts[1].endswith("is bad.")
    assert labels[:3].tolist() == [1, 0, 1]


def test_splits_are_seventy_ten_twenty_and_do_not_meet(folder):
    texts, labels = read(folder / FILE)
    parts = split_texts(texts, labels, 0)
    assert {name: len(own) for name, (own, _) in parts.items()} == {"train": 189, "validation": 27, "test": 54}
    assert sorted(text for own, _ in parts.values() for text in own) == sorted(texts)
    for own, of in parts.values():
        assert [text.endswith("good.") for text in own] == of.astype(bool).tolist()
    again, other = split_texts(texts, labels, 0), split_texts(texts, labels, 1)
    assert again["test"][0] == parts["test"][0] != other["test"][0]


def test_texts_of_the_same_words_stay_together():
    texts = [f"{word} text" for word in map(str, range(100))]
    copies = [f"...{text.upper()}!" for text in texts]
    parts = split_texts(texts + copies, np.arange(200), 3)
    for own, _ in parts.values():
        plain = {text for text in own if not text.startswith("...")}
        assert {f"...{text.upper()}!" for text in plain} == set(own) - plain


def test_the_tokenizer_is_of_train_alone(folder):
    source = guard(movie_snippets(str(folder), vocabulary=400, length=12))
    data = open_for_training(source)
    tokenizer = wordpiece.from_json(open_metadata(source)[METADATA])
    texts, labels = read(folder / FILE)
    train, validation = (split_texts(texts, labels, 0)[name] for name in ("train", "validation"))
    assert tokenizer == wordpiece.build(train[0], size=400, length=12)
    assert np.array_equal(data.train.inputs[0], tokenizer.encode(train[0]))
    assert np.array_equal(data.validation.inputs[0], tokenizer.encode(validation[0]))
    assert data.train.inputs[0].dtype == np.int32
    assert 0 < data.train.inputs[0].max() < len(tokenizer.vocabulary) <= 400
    changed = [text for text in lines() if text.split("\t")[2] not in train[0]]
    marked = [line.replace("number", "zebra") if line in changed else line for line in lines()]
    (folder / FILE).write_text("\n".join(marked))
    assert "zebra" not in open_metadata(movie_snippets(str(folder), vocabulary=400))[METADATA].decode()


def test_the_yardstick_is_fitted_on_train(folder):
    source = movie_snippets(str(folder), vocabulary=400, length=32)
    data = open_for_training(source)
    predicted = source.yardstick.fit_and_predict(data.train, data.validation.inputs)
    assert predicted.shape == (27, 2)
    assert (predicted.argmax(axis=1) == data.validation.labels).mean() >= 0.9
    turned = Split(inputs=data.train.inputs, labels=1 - data.train.labels)
    assert np.allclose(source.yardstick.fit_and_predict(turned, data.validation.inputs), predicted[:, ::-1], atol=1e-3)


def test_words_pieces_and_what_is_unknown():
    texts = ["a good good film", "a bad bad film", *(f"{stem}able" for stem in ("read", "watch", "lik", "us"))]
    tokenizer = wordpiece.build(texts, size=200, length=5)
    assert tokenizer.vocabulary[:3] == ("[PAD]", "[UNK]", "a")
    assert tokenizer.pieces("A GOOD film") == ["a", "good", "film"]
    assert tokenizer.pieces("goodable") == ["good", "##able"]
    assert tokenizer.pieces("badd") == ["bad", "##d"]
    assert tokenizer.pieces("film漢") == ["[UNK]"]
    encoded = tokenizer.encode(["a good film", "a a a a a a a", ""])
    assert encoded.shape == (3, 5)
    assert encoded[0].tolist()[3:] == [0, 0]
    assert encoded[1].tolist() == [2] * 5
    assert encoded[2].tolist() == [0] * 5


def test_a_small_vocabulary_keeps_characters_and_frequent_words():
    texts = ["rare rare common common common"]
    vocabulary = wordpiece.build(texts, size=2 + 2 * 7 + 1, length=4).vocabulary
    assert vocabulary[-1] == "common"
    assert wordpiece.build(list(reversed(texts)), size=40, length=4) == wordpiece.build(texts, size=40, length=4)


def test_a_tokenizer_survives_its_json():
    tokenizer = wordpiece.build(["naïve 漢字 \"quotes\" 'n' naïve"], size=100, length=7)
    assert wordpiece.from_json(tokenizer.to_json()) == tokenizer


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\x00", "no tokenizer"),
        (b"[]", "no tokenizer"),
        (json.dumps({"format": "other", "version": 1, "words": ""}).encode(), "format 'other', version 1: not known"),
    ],
)
def test_broken_tokenizers_are_a_sentence(content, sentence):
    with pytest.raises(DataError, match=sentence):
        wordpiece.from_json(content)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1\t2.0\tgood\n2\tx\tbad\n", "line 2: not `id, rating in -4..4, text`"),
        ("1\t2.0\n", "line 1: not"),
        ("1\t9\tgood\n", "line 1: not"),
    ],
)
def test_broken_files_are_a_sentence(tmp_path, text, sentence):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DataError, match=sentence):
        read(tmp_path / FILE)


def test_what_is_missing_or_too_small(tmp_path):
    with pytest.raises(DataError, match=f"{FILE} is not there"):
        open_for_training(movie_snippets(str(tmp_path)))
    with pytest.raises(RecipeError, match=r"data.options.vocabulary: 3 is below 256"):
        movie_snippets(vocabulary=3)


@pytest.mark.parametrize("made", [{"a": "text"}, [b"bytes"], {1: b"bytes"}])
def test_metadata_is_names_to_bytes(made):
    def part():
        return Split(inputs=(np.zeros((3, 1), np.float32),), labels=np.zeros(3, np.int64))

    assert open_metadata(Source(train=part, test=part)) == {}
    with pytest.raises(DataError, match=f"metadata is a {type(made).__name__}"):
        open_metadata(Source(train=part, test=part, metadata=lambda: made))
