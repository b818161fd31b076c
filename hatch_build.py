"""The wheel carries the Android app, so that whoever has a phone needs no Java: `make wheel`."""

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

APK = "android_runner/build/edgekit-runner.apk"
MISSING = f"{APK} is not there: the wheel comes without the Android app (`make wheel` builds both)"


class AndroidApp(BuildHookInterface):
    """Adds the APK as edgekit/apk/edgekit-runner.apk. Without one an installation from source goes on and says so."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is `editable` for an editable installation, which finds the APK in the checkout."""
        if self.target_name != "wheel" or version == "editable":
            return
        apk = Path(self.root) / APK
        if apk.is_file():
            build_data["force_include"][str(apk)] = "edgekit/apk/edgekit-runner.apk"
        elif os.environ.get("EDGEKIT_WHEEL") == "whole":
            raise FileNotFoundError(MISSING)
        else:
            self.app.display_warning(MISSING)
