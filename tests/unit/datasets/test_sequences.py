"""The two sources of sequences, on made-up files in a folder: shapes, splits, standardization, bad files."""

import zipfile

import numpy as np
import pytest

from edgekit import evaluate
from edgekit.datasets.japanese_vowels import japanese_vowels
from edgekit.datasets.load import guard, open_for_training
from edgekit.datasets.sequences import padded
from edgekit.datasets.spoken_digits import spoken_digits
from edgekit.errors import DataError, RecipeError

HEADER = "#a comment\n@problemName JapaneseVowels\n@classLabel true 1 2 3 4 5 6 7 8 9\n@data\n"


def line(sequence, label):
    return ":".join([*(",".join(f"{value:.6f}" for value in channel) for channel in sequence.T), str(label)])


@pytest.fixture
def vowels(tmp_path):
    """(folder, sequences, speakers): ten train sequences a speaker, two test sequences, lengths 7 to 29."""
    generator = np.random.default_rng(0)
    made = {}
    for name, each in (("TRAIN", 10), ("TEST", 2)):
        speakers = np.repeat(np.arange(1, 10), each)
        sequences = [generator.normal(size=(generator.integers(7, 30), 12)).astype(np.float32) for _ in speakers]
        lines = [line(sequence, speaker) for sequence, speaker in zip(sequences, speakers, strict=True)]
        (tmp_path / f"JapaneseVowels_{name}.ts").write_text(HEADER + "\n".join(lines) + "\n")
        made[name] = (sequences, speakers)
    return tmp_path, made


@pytest.fixture
def spoken(tmp_path):
    """(folder, recordings, digits): thirty recordings a digit, 6 to 60 frames, every coefficient of another scale."""
    generator = np.random.default_rng(1)
    digits = generator.permutation(np.repeat(np.arange(10), 30))
    scale, shift = np.linspace(1, 100, 13), np.linspace(-300, 300, 13)
    recordings = [
        (generator.normal(size=(generator.integers(6, 61), 13)) * scale + shift).astype(np.float32) for _ in digits
    ]
    lengths = np.array([len(recording) for recording in recordings])
    np.savez(tmp_path / "digits.npz", X=np.concatenate(recordings), lengths=lengths, y=digits)
    return tmp_path, recordings, digits


def test_padding_and_cutting():
    frames, mask = padded([np.ones((2, 3), np.float32), np.full((5, 3), 2, np.float32)], 4)
    assert (frames.shape, frames.dtype, mask.dtype) == ((2, 4, 3), np.float32, np.float32)
    assert mask.tolist() == [[1, 1, 0, 0], [1, 1, 1, 1]]
    assert frames[:, :, 0].tolist() == [[1, 1, 0, 0], [2, 2, 2, 2]]


def test_vowels_keep_the_published_parts(vowels):
    folder, made = vowels
    source = guard(japanese_vowels(folder=str(folder)))
    data = open_for_training(source)
    assert [array.shape for array in data.train.inputs] == [(72, 29, 12), (72, 29)]
    assert np.bincount(data.train.labels).tolist() == [8] * 9
    assert np.bincount(data.validation.labels).tolist() == [2] * 9
    frames, mask = (np.concatenate(pair) for pair in zip(data.train.inputs, data.validation.inputs, strict=True))
    sequences, _ = made["TRAIN"]
    assert sorted(map(len, sequences)) == sorted(mask.sum(axis=1).astype(int))
    wanted = sorted(float(sequence.sum()) for sequence in sequences)
    assert np.allclose(sorted(frames.sum(axis=(1, 2))), wanted, atol=1e-3)
    test = evaluate.test_split(source)
    sequences, speakers = made["TEST"]
    assert test.labels.tolist() == [speaker - 1 for speaker in speakers]
    for row, sequence in enumerate(sequences):
        assert np.allclose(test.inputs[0][row, : len(sequence)], sequence, atol=1e-6)
        assert not test.inputs[0][row, len(sequence) :].any()


@pytest.mark.parametrize("build", [japanese_vowels, spoken_digits])
def test_the_split_depends_on_its_own_seed_alone(build, vowels, spoken):
    def rows(seed):
        np.random.seed(seed + 10)  # whatever else the program drew before
        return open_for_training(build(folder=str(vowels[0]), split_seed=seed)).validation.inputs[0]

    assert np.array_equal(rows(0), rows(0))
    assert not np.array_equal(rows(0), rows(1))


def test_speech_is_standardized_by_train_alone(spoken):
    folder, recordings, _ = spoken
    source = guard(spoken_digits(folder=str(folder), length=60))
    data, test = open_for_training(source), evaluate.test_split(source)
    splits = {"train": data.train, "validation": data.validation, "test": test}
    assert {name: len(split) for name, split in splits.items()} == {"train": 190, "validation": 50, "test": 60}
    for split in splits.values():
        assert np.bincount(split.labels).tolist() == [len(split) // 10] * 10
    valid = data.train.inputs[0][data.train.inputs[1] == 1]
    assert np.abs(valid.mean(axis=0)).max() < 1e-4
    assert np.abs(valid.std(axis=0) - 1).max() < 1e-4
    others = np.concatenate([split.inputs[0][split.inputs[1] == 1] for split in (data.validation, test)])
    assert np.abs(others.mean(axis=0)).max() > 1e-3  # their own statistics were not used
    lengths = sorted(int(n) for split in splits.values() for n in split.inputs[1].sum(axis=1))
    assert lengths == sorted(len(recording) for recording in recordings)
    assert not data.train.inputs[0][data.train.inputs[1] == 0].any()


def test_long_recordings_are_cut(spoken):
    train = open_for_training(spoken_digits(folder=str(spoken[0]), length=20)).train
    assert train.inputs[0].shape == (190, 20, 13)
    assert train.inputs[1].sum(axis=1).max() == 20


@pytest.mark.parametrize(("build", "length"), [(japanese_vowels, 0), (japanese_vowels, 30), (spoken_digits, 1001)])
def test_a_length_that_makes_no_sense(build, length):
    with pytest.raises(RecipeError, match=rf"data.options.length: {length} is not between 1 and"):
        build(length=length)


@pytest.mark.parametrize("build", [japanese_vowels, spoken_digits])
def test_a_folder_without_the_files(build, tmp_path):
    with pytest.raises(DataError, match="is not there") as caught:
        open_for_training(build(folder=str(tmp_path)))
    assert "the folder must hold" in caught.value.hint


GOOD = line(np.ones((3, 12)), 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD, "has no line @data"),
        (HEADER, "holds no sequence after @data"),
        (HEADER + GOOD + "\n" + line(np.ones((3, 11)), 1), r"line 6: 11 channels of lengths \[3\]"),
        (HEADER + GOOD.replace("1.000000,", "", 1), r"line 5: 12 channels of lengths \[2, 3\]"),
        (HEADER + line(np.ones((30, 12)), 1), r"line 5: 12 channels of lengths \[30\]"),
        (HEADER + GOOD.replace("1.000000", "one", 1), "line 5: could not convert string to float"),
        (HEADER + GOOD.replace("1.000000", "nan", 1), "line 5: a value is missing, NaN or infinite"),
        (HEADER + line(np.ones((3, 12)), 10), "line 5: speaker '10' is none of 1 to 9"),
        (HEADER + GOOD, "of the 1 sequences of class 0 no 20% can be held back"),
        ("\xff\x00", "has no line @data"),
    ],
)
def test_bad_ts_files(tmp_path, text, sentence):
    (tmp_path / "JapaneseVowels_TRAIN.ts").write_text(text)
    with pytest.raises(DataError, match=sentence):
        open_for_training(japanese_vowels(folder=str(tmp_path)))


def test_a_ts_file_that_is_no_text(tmp_path):
    (tmp_path / "JapaneseVowels_TRAIN.ts").write_bytes(b"\xff\xfe\x00@data")
    with pytest.raises(DataError, match="cannot be read as text"):
        open_for_training(japanese_vowels(folder=str(tmp_path)))


FRAMES = np.zeros((40, 13), np.float32)
LENGTHS, LABELS = np.full(10, 4), np.arange(10)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"X": FRAMES, "y": LABELS}, "holds no arrays X, lengths and y: .*lengths"),
        ({"X": FRAMES[:, :12], "lengths": LENGTHS, "y": LABELS}, r"holds float32 \[40, 12\], int64 \[10\]"),
        ({"X": FRAMES, "lengths": LENGTHS * 1.0, "y": LABELS}, r"float64 \[10\]"),
        ({"X": FRAMES, "lengths": LENGTHS + 1, "y": LABELS}, "10 lengths that sum to 50, 10 labels, 40 frames"),
        ({"X": FRAMES, "lengths": LENGTHS, "y": LABELS + 1}, "labels from 1 to 10, not digits 0 to 9"),
        ({"X": FRAMES + np.nan, "lengths": LENGTHS, "y": LABELS}, "X holds NaN or infinity"),
        ({"X": FRAMES, "lengths": LENGTHS, "y": LABELS}, "of the 1 sequences of class 0 no 20% can be held back"),
        ({"X": np.array([{}]), "lengths": LENGTHS, "y": LABELS}, "allow_pickle"),
    ],
)
def test_bad_npz_files(tmp_path, arrays, sentence):
    np.savez(tmp_path / "digits.npz", **arrays)
    with pytest.raises(DataError, match=sentence):
        open_for_training(spoken_digits(folder=str(tmp_path)))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and nothing more", b"no zip file"])
def test_npz_files_that_are_none(tmp_path, content):
    (tmp_path / "digits.npz").write_bytes(content)
    with pytest.raises(DataError, match="holds no arrays X, lengths and y"):
        open_for_training(spoken_digits(folder=str(tmp_path)))


def test_an_npz_file_that_would_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("edgekit.datasets.spoken_digits.MAX_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "digits.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", bytes(2000))
    with pytest.raises(DataError, match=r"would take 2000 bytes \(at most 1000\)"):
        open_for_training(spoken_digits(folder=str(tmp_path)))
