"""The Android app, built once for the session."""

import sys

import pytest
from android_app import RUNNER, built_apk

sys.path.insert(0, str(RUNNER))


@pytest.fixture(scope="session")
def apk():
    """The universal APK."""
    return built_apk()
