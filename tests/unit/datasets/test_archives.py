"""Members of wheels, source distributions, archives inside archives and Debian packages; broken ones."""

import io
import shutil
import subprocess
import tarfile
import zipfile

import pytest

from edgekit.datasets import archives
from edgekit.errors import DataError


def tar(name, content):
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w:gz") as archive:
        information = tarfile.TarInfo(name)
        information.size = len(content)
        archive.addfile(information, io.BytesIO(content))
    return text.getvalue()


def test_an_archive_inside_an_archive(tmp_path):
    file = tmp_path / "pkg-1.tar.gz"
    file.write_bytes(tar("pkg-1/more.tar.gz", tar("more/words.txt", b"words")))
    assert archives.member(file, "pkg-1/more.tar.gz!more/words.txt") == b"words"
    with pytest.raises(KeyError):
        archives.member(file, "pkg-1/more.tar.gz!more/none.txt")


def test_a_zip_and_a_folder_in_a_tar(tmp_path):
    file = tmp_path / "pkg.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("pkg/inner.tar.gz", tar("inner", b"x" * 1000))
    assert archives.member(file, "pkg/inner.tar.gz!inner") == b"x" * 1000
    folder = io.BytesIO()
    with tarfile.open(fileobj=folder, mode="w") as archive:
        information = tarfile.TarInfo("only")
        information.type = tarfile.DIRTYPE
        archive.addfile(information)
    (tmp_path / "folder.tar").write_bytes(folder.getvalue())
    with pytest.raises(KeyError):
        archives.member(tmp_path / "folder.tar", "only")


def test_a_member_that_would_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 10)
    (tmp_path / "a.tar.gz").write_bytes(tar("big", bytes(11)))
    with pytest.raises(DataError, match="big would take 11 bytes"):
        archives.member(tmp_path / "a.tar.gz", "big")


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"\x1f\x8b\x08\x00", b"no archive at all" * 50])
def test_what_is_no_archive(tmp_path, content):
    (tmp_path / "odd").write_bytes(content)
    with pytest.raises(archives.BROKEN):
        archives.member(tmp_path / "odd", "any")


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="this system has no dpkg-deb")
def test_a_debian_package(tmp_path):
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: pkg\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n"
    )
    (tree / "usr/share").mkdir(parents=True)
    (tree / "usr/share/data.bin").write_bytes(b"data")
    file = tmp_path / "pkg_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", str(tree), str(file)], check=True, capture_output=True)
    assert archives.member(file, "usr/share/data.bin") == b"data"
    with pytest.raises(KeyError):
        archives.member(file, "usr/share/none.bin")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(archives.BROKEN):
        archives.member(file, "usr/share/data.bin")
