"""A phone that is a table, with the app on it, and one launch of the app there."""

import pytest
from unit.targets.launches import JOB, MODEL
from unit.targets.phone import Phone, apk_file

from edgekit.device.app_apk import read_apk
from edgekit.targets import android_ends, android_launch
from edgekit.targets.android_app import RunnerApp


@pytest.fixture
def hurry(monkeypatch):
    monkeypatch.setattr(android_launch, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(android_launch, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(android_ends, "_SETTLE_SECONDS", 0.0)


@pytest.fixture
def apk(tmp_path):
    return read_apk(apk_file(tmp_path / "runner.apk"))


@pytest.fixture
def phone(apk):
    return Phone(apk.path)


@pytest.fixture
def launch(apk, phone, tmp_path, hurry):
    """A function: one launch of JOB on the phone."""
    model = tmp_path / "m.tflite"
    model.write_bytes(MODEL)
    app = RunnerApp(phone, apk)
    return lambda: app.run(JOB, {"models/m.tflite": model}, tmp_path / "answer")
