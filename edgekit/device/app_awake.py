"""The screen on while measuring: a phone with its screen off runs slower. What was set before comes back."""

import contextlib
import re
import tempfile
from pathlib import Path

from edgekit.device import FOLDER
from edgekit.device.adb import Adb, quoted
from edgekit.errors import DeviceError

SETTING = "stay_on_while_plugged_in"
BEFORE = f"{FOLDER}/{SETTING}.before"
"""Holds the value to restore: where edgekit itself was killed, the next one still knows it."""
_SECONDS = 20.0
_ALWAYS = "7"
"""On USB, on the mains and on a wireless charger."""


class KeptAwake:
    """Set once, restored once; a device that cannot do a part of it is measured all the same."""

    def __init__(self, adb: Adb) -> None:
        self._adb = adb
        self._before: str | None = None

    def start(self) -> None:
        """Screen on, lock screen away. DeviceError only where the device itself is gone."""
        if self._before is not None:
            return
        kept = _value(self._adb.shell(quoted("cat", BEFORE), seconds=_SECONDS).text)
        before = kept or _value(self._adb.shell(quoted("settings", "get", "global", SETTING), seconds=_SECONDS).text)
        if before is not None:
            if kept is None:
                self._keep(before)
            self._before = before
            done = self._adb.shell(quoted("svc", "power", "stayon", "true"), seconds=_SECONDS)
            if done.exit_code != 0:
                self._adb.shell(quoted("settings", "put", "global", SETTING, _ALWAYS), seconds=_SECONDS)
        for words in (("input", "keyevent", "KEYCODE_WAKEUP"), ("wm", "dismiss-keyguard")):
            self._adb.shell(quoted(*words), seconds=_SECONDS)

    def _keep(self, before: str) -> None:
        with tempfile.TemporaryDirectory() as temporary, contextlib.suppress(DeviceError):
            local = Path(temporary) / "before"
            local.write_text(before + "\n", encoding="ascii")
            self._adb.shell(quoted("mkdir", "-p", FOLDER), seconds=_SECONDS)
            self._adb.push(local, BEFORE)

    def restore(self) -> None:
        """Back to what it was; may be called twice. DeviceError where the device is gone: the next start restores."""
        if self._before is None:
            return
        words = ("delete", "global", SETTING) if self._before == "null" else ("put", "global", SETTING, self._before)
        self._adb.shell(quoted("settings", *words), seconds=_SECONDS)
        self._before = None
        self._adb.shell(quoted("rm", "-f", BEFORE), seconds=_SECONDS)


def _value(text: str) -> str | None:
    """A whole number, or `null` for a setting that nobody made; None: the device does not say."""
    found = text.strip()
    return found if re.fullmatch(r"[0-9]{1,3}|null", found) else None
