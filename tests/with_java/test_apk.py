"""The APK: what it asks of a phone, who signed it, how its libraries lie in it, and that nothing else is in it."""

import hashlib
import re
import struct
import subprocess
import zipfile

import package
import pytest
from android_app import RUNNER

from edgekit import __version__

ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
NATIVE = ("libjnidispatch.so", "libtensorflowlite_gpu_jni.so", "libtensorflowlite_jni.so")


def said(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_signature_is_of_the_key_in_the_repository(apk):
    text = said("apksigner", "verify", "-v", "--print-certs", apk)
    schemes = dict(re.findall(r"Verified using (v\d) scheme .*: (true|false)", text))
    assert schemes == {"v1": "false", "v2": "true", "v3": "true", "v4": "false"}
    words = ("-exportcert", "-keystore", RUNNER / "debug.p12", "-storepass", "android", "-alias", "edgekit")
    certificate = subprocess.run(["keytool", *map(str, words)], capture_output=True, check=True).stdout
    assert hashlib.sha256(certificate).hexdigest() == re.search(r"certificate SHA-256 digest: (\w+)", text).group(1)


def test_what_a_phone_is_told_of_it(apk):
    text = said("aapt", "dump", "badging", apk)
    assert f"name='dev.edgekit.runner' versionCode='100' versionName='{__version__}'" in text
    assert "sdkVersion:'26'" in text
    assert "targetSdkVersion:'34'" in text
    assert "application-debuggable" in text
    assert "native-code: 'arm64-v8a' 'armeabi-v7a' 'x86_64'" in text
    assert "permission" not in text  # none is asked, the network's least of all
    assert "launchable-activity" not in text


def test_only_the_shell_can_start_it(apk):
    text = said("aapt", "dump", "xmltree", apk, "AndroidManifest.xml")
    activity = text[text.index("E: activity") : text.index("E: instrumentation")]
    assert '"android.permission.DUMP"' in activity
    assert "intent-filter" not in text
    assert text.count("E: activity") == text.count("E: instrumentation") == 1
    assert not re.search("E: (service|receiver|provider|uses-permission)", text)
    libraries = re.findall(
        r'E: uses-native-library.*?Raw: "([^"]+)".*?required\S+=\(type 0x12\)(0x\w+)', text, re.DOTALL
    )
    assert libraries == [("libOpenCL.so", "0x0"), ("libOpenCL-car.so", "0x0"), ("libOpenCL-pixel.so", "0x0")]


@pytest.mark.parametrize("abi", ("", *ABIS))
def test_libraries_are_mapped_from_inside_the_apk(apk, abi):
    path = apk.with_name(f"edgekit-runner{'-' if abi else ''}{abi}.apk")
    said("zipalign", "-c", "-p", "4", path)
    with zipfile.ZipFile(path) as content, path.open("rb") as file:
        names = content.namelist()
        assert sorted(names) == names[:]
        assert {info.date_time for info in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        wanted = {f"lib/{one}/{library}" for one in ([abi] if abi else ABIS) for library in NATIVE}
        assert {name for name in names if name.startswith("lib/")} == wanted
        assert set(names) - wanted == {"AndroidManifest.xml", "classes.dex", "resources.arsc"}
        for info in content.infolist():
            if info.filename.endswith(".so"):
                assert info.compress_type == zipfile.ZIP_STORED
                file.seek(info.header_offset + 26)
                name_bytes, extra_bytes = struct.unpack("<HH", file.read(4))
                assert (info.header_offset + 30 + name_bytes + extra_bytes) % 16384 == 0, info.filename


def test_the_runtimes_libraries_are_made_for_4_kb_pages(apk):
    """Why a phone with 16 KB pages is told apart before a run (JNA's would load there)."""
    found = {}
    with zipfile.ZipFile(apk) as content:
        for library in NATIVE:
            elf = content.read(f"lib/arm64-v8a/{library}")
            offset, size, count = struct.unpack_from("<Q", elf, 32)[0], *struct.unpack_from("<HH", elf, 54)
            headers = [struct.unpack_from("<IIQQQQQQ", elf, offset + size * index) for index in range(count)]
            found[library] = {header[7] for header in headers if header[0] == 1}
    assert found["libtensorflowlite_jni.so"] == found["libtensorflowlite_gpu_jni.so"] == {4096}


def test_the_dex_holds_the_app_and_its_libraries_only(apk):
    classes = re.findall(r"Class descriptor\s*:\s*'L([^;]+);'", said("dexdump", apk))
    own = [name for name in classes if name.startswith("dev/edgekit/runner/")]
    for name in ("RunInstrumentation", "RunActivity", "CaseRunner", "XnnpackDelegate", "JobReader", "RunWriter"):
        assert f"dev/edgekit/runner/{name}" in own
    assert not [name for name in own if name.endswith("Test") or "OnJvm" in name]
    others = {name for name in classes if not name.startswith("dev/edgekit/runner/")}
    strange = [name for name in others if not name.startswith(("org/tensorflow/lite/", "com/sun/jna/", "com/google/"))]
    assert not strange


def test_entries_that_are_stored_begin_at_their_alignment(tmp_path):
    path = tmp_path / "a.zip"
    content = [("a", b"x" * 5, True), ("lib/größe.so", b"y" * 7, False), ("z.bin", b"z", False)]
    package.write_zip(path, content)
    with zipfile.ZipFile(path) as made, path.open("rb") as file:
        assert [(info.filename, made.read(info)) for info in made.infolist()] == [(n, data) for n, data, _ in content]
        starts = []
        for info in made.infolist():
            file.seek(info.header_offset + 26)
            starts.append(info.header_offset + 30 + sum(struct.unpack("<HH", file.read(4))))
    assert starts[1] % 16384 == 0
    assert starts[2] % 4 == 0


def test_version_codes_grow_with_versions():
    versions = ["0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.10.3"]
    assert [package.version_code(version) for version in versions] == [100, 101, 200, 10000, 11003]
