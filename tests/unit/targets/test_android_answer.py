"""The app's zip taken apart: what is whole comes out, what is hostile or damaged is one sentence and leaves nothing."""

import io
import random
import zipfile

import pytest
from unit.targets.launches import JOB
from unit.targets.phone import zipped

from edgekit.errors import EdgekitError, ResultError
from edgekit.targets import android_answer
from edgekit.targets.android_answer import unpack


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_whole_answer(tmp_path):
    run = unpack(zipped(JOB, files={"extra.txt": b"nobody asked"}), JOB, tmp_path, serial="s")
    assert run.cases[0].id == "c0"
    assert left(tmp_path) == ["outputs/c0-0.bin"]


def renamed(name):
    return lambda text: text.replace("outputs/c0-0.bin", name)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the answer of the app on s is damaged: File is not a zip file"),
        (zipped(JOB, files={"run.json": None}), "the answer of the app on s has no run.json"),
        (zipped(JOB, files={"outputs/c0-0.bin": None}), "the answer of the app on s has no outputs/c0-0.bin"),
        (
            zipped(JOB, files={"outputs/c0-0.bin": b"c0c1"}),
            "the answer of the app on s has a outputs/c0-0.bin with other bytes than it says",
        ),
        (
            zipped(JOB, files={"outputs/c0-0.bin": b"x" * (3 << 20)}),
            "the answer of the app on s has a outputs/c0-0.bin with other bytes than it says",
        ),
        (
            zipped(JOB, change=renamed("../../evil")),
            "the runner's answer names a file outside its folder: '../../evil'",
        ),
        (zipped(JOB, change=renamed("/etc/evil")), "the runner's answer names a file outside its folder: '/etc/evil'"),
        (
            zipped(JOB, change=lambda text: text.replace('"reason"', '"raeson"')),
            "the runner's answer cannot be read: cases[0].raeson: unknown key, did you mean 'reason'?",
        ),
        (
            zipped(JOB, change=lambda text: text.replace('"size_bytes": 4', f'"size_bytes": {5 << 30}')),
            "the answer of the app on s names more than 4 GB of outputs",
        ),
    ],
)
def test_what_is_no_whole_answer(tmp_path, content, sentence):
    with pytest.raises(ResultError) as caught:
        unpack(content, JOB, tmp_path / "answer", serial="s")
    assert caught.value.message == sentence
    assert left(tmp_path) == []


def test_names_that_come_twice(tmp_path):
    buffer = io.BytesIO(zipped(JOB))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("run.json", "{}")
    with pytest.raises(ResultError, match="has 3 files, some of one name"):
        unpack(buffer.getvalue(), JOB, tmp_path, serial="s")


def test_a_run_that_unpacks_to_too_much_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(android_answer, "MAX_RUN_BYTES", 1 << 20)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.json", b" " * (64 << 20))
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(ResultError, match=r"has a run\.json of more than 1 MB"):
        unpack(buffer.getvalue(), JOB, tmp_path, serial="s")


def test_random_damage_is_one_of_our_errors_and_leaves_no_wrong_file(tmp_path):
    source = random.Random(6)
    content = zipped(JOB)
    for number in range(400):
        damaged = bytearray(content if number % 2 else content[: source.randrange(len(content))])
        for _ in range(source.randrange(1, 6)):
            if damaged:
                damaged[source.randrange(len(damaged))] = source.randrange(256)
        folder = tmp_path / str(number)
        try:
            unpack(bytes(damaged), JOB, folder, serial="s")
        except EdgekitError:
            assert left(folder) in ([], ["outputs/c0-0.bin"])
        if left(folder):
            assert (folder / "outputs" / "c0-0.bin").read_bytes() == b"c0c0"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_answer_packed_in_a_way_that_the_app_never_does(tmp_path, method):
    """Their decoders raise errors of their own, and one takes the memory that the file names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("run.json", "{}")
    with pytest.raises(ResultError, match=f"has packed run.json by method {method}: only 0 and 8 are known"):
        unpack(buffer.getvalue(), JOB, tmp_path, serial="s")


def test_a_name_that_is_a_file_and_a_folder(tmp_path):
    content = zipped(JOB, change=renamed("outputs"), files={"outputs": b"c0c0"})
    (tmp_path / "outputs").mkdir()
    with pytest.raises(ResultError, match="names outputs as a file and as a folder"):
        unpack(content, JOB, tmp_path, serial="s")


def test_a_directory_that_begins_before_the_file(tmp_path):
    content = bytearray(zipped(JOB))
    at = content.rindex(b"PK\5\6")
    content[at + 16 : at + 20] = b"\xff\xff\xff\x7f"
    with pytest.raises(ResultError, match="the answer of the app on s is damaged"):
        unpack(bytes(content), JOB, tmp_path / "answer", serial="s")
