"""The wheel carries the Android app, so that whoever has a phone needs no Java: `make wheel`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

APK = "android_runner/build/edgekit-runner.apk"
MISSING = f"{APK} is not there: the wheel comes without the Android app (`make wheel` builds both)"
STALE = f"{APK} is of other sources than these: run `make runner`"


class AndroidApp(BuildHookInterface):
    """Adds the APK as edgekit/apk/edgekit-runner.apk. Without one an installation from source goes on and says so.

    EDGEKIT_WHEEL=whole asks for the APK of these very sources, and ends with one sentence where that is not there.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is `editable` for an editable installation, which finds the APK in the checkout."""
        if self.target_name != "wheel" or version == "editable":
            return
        whole = os.environ.get("EDGEKIT_WHEEL") == "whole"
        apk = Path(self.root) / APK
        if whole and not apk.is_file():
            sys.exit(MISSING)
        if whole and not _is_of_these_sources(Path(self.root)):
            sys.exit(STALE)
        if apk.is_file():
            build_data["force_include"][str(apk)] = "edgekit/apk/edgekit-runner.apk"
        else:
            self.app.display_warning(MISSING)


def _is_of_these_sources(root: Path) -> bool:
    """As the app's own build sees it; a process of its own, for its modules are called `build` and `package`."""
    return subprocess.run([sys.executable, root / "android_runner/build.py", "--check"]).returncode == 0
