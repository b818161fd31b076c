"""The wheel carries the APK, bit for bit; without one an installation from source says so."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from android_app import ROOT, RUNNER, unavailable

UV = Path(sys.executable).with_name("uv")
SOURCES = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "edgekit", "recipes")


def built(folder, **environment):
    """(exit code, what was said, the wheel's entries) of a build in a copy of the sources."""
    if not UV.exists():
        unavailable("no uv in this environment: `make venv` installs it")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    words = [UV, "build", "--wheel", "--python", sys.executable]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env={**os.environ, **environment})
    wheels = list((folder / "dist").glob("*.whl"))
    return done.returncode, done.stdout + done.stderr, wheels[0] if wheels else None


def with_app(folder, apk):
    """The app, what it was built of, and the stamp that says so, in the copy of the sources."""
    unwanted = shutil.ignore_patterns("target", "build", "__pycache__")
    shutil.copytree(RUNNER, folder / "android_runner", ignore=unwanted)
    for name in ("protocol", "runner"):
        shutil.copytree(ROOT / "tests/golden" / name, folder / "tests/golden" / name)
    place = folder / "android_runner/build"
    place.mkdir()
    for file in (apk, apk.with_name("inputs.sha256")):
        shutil.copy(file, place)


def test_the_wheel_carries_the_apk(apk, tmp_path):
    with_app(tmp_path, apk)
    code, said, wheel = built(tmp_path, EDGEKIT_WHEEL="whole")
    assert code == 0, said
    with zipfile.ZipFile(wheel) as content:
        inside = content.read("edgekit/apk/edgekit-runner.apk")
        content.extractall(tmp_path / "site")
    assert inside == apk.read_bytes()
    words = [sys.executable, "-m", "edgekit", "runner", "version"]
    clean = {name: value for name, value in os.environ.items() if name != "ANDROID_SERIAL"}
    done = subprocess.run(
        words,
        cwd=tmp_path / "site",
        capture_output=True,
        text=True,
        env={**clean, "PYTHONPATH": str(tmp_path / "site")},
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site/edgekit/apk/edgekit-runner.apk") in done.stdout
    assert hashlib.sha256(inside).hexdigest() in done.stdout


def test_a_whole_wheel_takes_no_apk_of_other_sources(apk, tmp_path):
    with_app(tmp_path, apk)
    source = tmp_path / "android_runner/src/main/AndroidManifest.xml"
    source.write_text(source.read_text() + "<!-- changed after the build -->\n")
    code, said, wheel = built(tmp_path, EDGEKIT_WHEEL="whole")
    assert (code != 0, wheel) == (True, None)
    assert "android_runner/build/edgekit-runner.apk is of other sources than these: run `make runner`" in said
    assert "Traceback" not in said


def test_without_an_apk_the_installation_goes_on_and_a_whole_wheel_does_not(tmp_path):
    code, said, wheel = built(tmp_path)
    assert code == 0, said
    with zipfile.ZipFile(wheel) as content:
        assert "edgekit/apk/edgekit-runner.apk" not in content.namelist()
        assert {"edgekit/report/html/page.css", "edgekit/report/html/page.js"} <= set(content.namelist())
    shutil.rmtree(tmp_path / "dist")
    shutil.rmtree(tmp_path / "edgekit")
    shutil.rmtree(tmp_path / "recipes")
    code, said, wheel = built(tmp_path, EDGEKIT_WHEEL="whole")
    assert (code != 0, wheel) == (True, None)
    assert "make wheel" in said
