"""Google's adb server for tests, on a port of its own: the user's is not touched."""

import contextlib
import os
import socket
import subprocess

import pytest


@contextlib.contextmanager
def adb_server(home, **variables):
    """Runs until the end of the `with`. It keeps its key in `home`; `variables` are set meanwhile for every adb."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ANDROID_ADB_SERVER_PORT": port, "ADB_MDNS": "0", **variables}.items():
            patch.setenv(name, str(value))
        patch.delenv("ANDROID_SERIAL", raising=False)
        environment = {**os.environ, "HOME": str(home)}
        subprocess.run(["adb", "start-server"], capture_output=True, timeout=60, check=True, env=environment)
        yield
        subprocess.run(["adb", "kill-server"], capture_output=True, timeout=60)
