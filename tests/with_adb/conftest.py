"""A loopback device for the session, a connection to it, and folders of its own for each test."""

import pytest

from edgekit.device.loopback.process import LoopbackDevice

SHELL = [
    ("true", b"", b"", 0),
    ("false", b"", b"", 1),
    ("echo größe", "größe\n".encode(), b"", 0),
    ("nothing", b"", b"nothing: inaccessible or not found\n", 127),
    ("cat /gone", b"", b"cat: /gone: No such file or directory\n", 1),
]
"""Command, its two outputs and its exit code, the same by both ways to the device."""


@pytest.fixture(scope="session")
def device(tmp_path_factory):
    with LoopbackDevice(tmp_path_factory.mktemp("device")) as running:
        yield running


@pytest.fixture
def adb(device):
    """adb-shell's way to the device."""
    connection = device.connect()
    yield connection
    connection.close()


@pytest.fixture
def there(device, tmp_path):
    """(path on the device, the same on this computer): a new folder."""
    name = f"data/local/tmp/{tmp_path.name}"
    local = device.folder / "root" / name
    local.mkdir(parents=True)
    return f"/{name}", local


# The Android-like device: fixtures of their own file, for it is also started without pytest.
from with_adb.android_device import android, android_server, android_session, app, phone, tiny  # noqa: E402, F401
