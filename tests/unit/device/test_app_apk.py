"""The APK on this computer: where it is looked for, what is read of it, and files that are none."""

import random
import struct
import zipfile

import pytest
from unit.targets.phone import apk_file, elf, manifest

from edgekit.device import app_apk
from edgekit.device.app_apk import find_apk, load_alignment, read_apk
from edgekit.device.app_manifest import NotAManifest, manifest_attributes
from edgekit.errors import UsageError

BUILD = "build it: edgekit runner build"


def test_what_an_apk_says(tmp_path):
    apk = read_apk(apk_file(tmp_path / "a.apk", version="1.2.3"))
    assert (apk.app, apk.version, apk.abis) == ("dev.edgekit.runner", "1.2.3", ("arm64-v8a", "armeabi-v7a", "x86_64"))
    assert apk.page_bytes == dict.fromkeys(apk.abis, 4096)
    assert (apk.size_bytes, len(apk.sha256)) == ((tmp_path / "a.apk").stat().st_size, 64)


def test_the_least_aligned_library_decides(tmp_path):
    path = apk_file(tmp_path / "a.apk", abis=("arm64-v8a",), alignment=16384)
    assert read_apk(path).page_bytes == {"arm64-v8a": 16384}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("lib/arm64-v8a/libother.so", elf(4096))
    assert read_apk(path).page_bytes == {"arm64-v8a": 4096}


def test_where_it_is_looked_for(tmp_path, monkeypatch):
    package = tmp_path / "edgekit"
    monkeypatch.setattr(app_apk, "_PACKAGE", package)
    assert find_apk() is None
    built = tmp_path / "android_runner" / "build" / "edgekit-runner.apk"
    built.parent.mkdir(parents=True)
    built.touch()
    assert find_apk() is None, "a folder of that name beside an installed package is no checkout"
    (tmp_path / "android_runner" / "pom.xml").touch()
    assert find_apk() == built
    brought = package / "apk" / "edgekit-runner.apk"
    brought.parent.mkdir(parents=True)
    brought.touch()
    assert find_apk() == brought


def test_what_is_no_apk_of_ours(tmp_path):
    path = tmp_path / "x.apk"
    with pytest.raises(UsageError, match=r"x\.apk cannot be read: No such file") as caught:
        read_apk(path)
    path.write_bytes(b"no zip")
    with pytest.raises(UsageError, match=r"x\.apk is no APK: File is not a zip file") as caught:
        read_apk(path)
    assert caught.value.hint == BUILD
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(UsageError, match="is no APK: .*AndroidManifest"):
        read_apk(path)
    apk_file(path, app="org.other")
    with pytest.raises(UsageError, match=r"is the APK of org\.other, not of dev\.edgekit\.runner"):
        read_apk(path)
    apk_file(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("lib/x86/libx.so", "text")
    with pytest.raises(UsageError, match="a library in it is no ELF file"):
        read_apk(path)


def test_manifests_of_both_text_forms():
    content = manifest(package="a.b", versionName="1.0")
    assert manifest_attributes(content) == {"package": "a.b", "versionName": "1.0"}
    utf8 = bytearray()
    offsets = []
    for text in ("manifest", "package", "x" * 200):
        offsets.append(len(utf8))
        size = len(text)
        length = bytes([size]) if size < 128 else bytes([0x80 | size >> 8, size & 255])
        utf8 += 2 * length + text.encode() + b"\0"
    utf8 += bytes(-len(utf8) % 4)
    pool = struct.pack("<HHIIIIII3I", 1, 28, 40 + len(utf8), 3, 0, 1 << 8, 40, 0, *offsets) + utf8
    element = struct.pack("<HHIIIIIHHHHHH", 0x0102, 16, 56, 1, 0, 0, 0, 20, 20, 1, 0, 0, 0)
    element += struct.pack("<IIIHBBI", 0, 1, 0xFFFFFFFF, 8, 0, 3, 2)
    assert manifest_attributes(struct.pack("<HHI", 3, 8, 8 + len(pool) + len(element)) + pool + element) == {
        "package": "x" * 200
    }


def test_damaged_manifests_and_libraries_are_value_errors():
    source = random.Random(4)
    for content, read in (
        (manifest(package="a.b", versionName="1.0"), manifest_attributes),
        (elf(4096), load_alignment),
    ):
        for _ in range(1000):
            damaged = bytearray(content[: source.randrange(len(content) + 1)])
            for _ in range(source.randrange(4)):
                if damaged:
                    damaged[source.randrange(len(damaged))] = source.randrange(256)
            try:
                read(bytes(damaged))
            except ValueError:
                continue
    with pytest.raises(NotAManifest):
        manifest_attributes(b"<manifest/>")
