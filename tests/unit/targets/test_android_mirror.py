"""Which of this machine's apt sources the Android-like device's root folder is made from: make_root.sh's own choice."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "android_runner/device/make_root.sh"
DEBIAN = """Types: deb deb-src
# a comment
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
"""
SECURITY = "Types: deb\nURIs: http://security.example/debian\nSuites: bookworm-security\nComponents: main\n"
THIRD = "Types: deb\nURIs: http://third.example/apt\nSuites: bookworm\nComponents: stable\n"


@pytest.fixture
def mirror(tmp_path):
    """A function: files of /etc/apt -> the mirror that is taken for `release`."""
    (tmp_path / "sources.list.d").mkdir()

    def taken(files, release="bookworm"):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        code = SCRIPT.read_text().partition("mirror() {")[2].partition("\n}\n")[0]
        words = ["bash", "-euo", "pipefail", "-c", f'mirror() {{{code}\n}}\nmirror "$@"', "-", str(tmp_path), release]
        # a pipe that nobody writes to: whoever reads standard input waits for ever
        with subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE) as silent:
            try:
                done = subprocess.run(words, stdin=silent.stdout, capture_output=True, text=True, timeout=20)
            finally:
                silent.kill()
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    return taken


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ""),
        ({"sources.list": "# nothing\n"}, ""),
        ({"sources.list.d/debian.sources": DEBIAN}, "http://deb.example/debian"),
        ({"sources.list.d/debian.sources": f"{SECURITY}\n{DEBIAN}"}, "http://deb.example/debian"),
        ({"sources.list.d/a.sources": THIRD, "sources.list.d/b.sources": DEBIAN}, "http://deb.example/debian"),
        (
            {"sources.list.d/a.sources": THIRD.replace("stable", "main"), "sources.list.d/debian.sources": DEBIAN},
            "http://deb.example/debian",
        ),
        ({"sources.list.d/debian.sources": f"Enabled: no\n{DEBIAN}"}, ""),
        ({"sources.list.d/debian.sources": f"Enabled: no\n{THIRD}\n{DEBIAN}"}, "http://deb.example/debian"),
        ({"sources.list.d/debian.sources": f"Enabled: yes\n{DEBIAN}"}, "http://deb.example/debian"),
        ({"sources.list.d/debian.sources": DEBIAN.replace("deb deb-src", "deb-src")}, ""),
        (
            {"sources.list": "deb [arch=amd64 a=b] http://one.example/debian bookworm main\n"},
            "http://one.example/debian",
        ),
        ({"sources.list": "deb http://one.example/apt bookworm stable\ndeb-src http://x.example bookworm main\n"}, ""),
        ({"sources.list.d/x.list": "deb http://one.example/debian bookworm contrib main"}, "http://one.example/debian"),
    ],
)
def test_the_mirror_that_is_taken(mirror, files, expected):
    assert mirror(files) == expected


def test_a_machine_without_a_release_has_none(mirror):
    assert mirror({"sources.list.d/debian.sources": DEBIAN}, release="") == ""
