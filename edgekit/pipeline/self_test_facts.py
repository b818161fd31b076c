"""Checks of a self-test that need no app: what the device is, what its shell does, what can be read of its state."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from edgekit.device import FOLDER
from edgekit.device.adb import push_verified, quoted
from edgekit.device.app_apk import Apk
from edgekit.device.app_awake import SETTING
from edgekit.device.listing import Device, describe, one_line
from edgekit.device.parse import getprop_output
from edgekit.pipeline.self_test_record import Check, Recorder, Seen, checked
from edgekit.targets.android import NO_APK, does_not_fit, too_old

TOOLS = (
    *("am", "pm", "cmd", "dumpsys", "logcat", "settings", "svc", "input", "wm", "run-as", "getprop", "getconf"),
    *("pidof", "sha256sum", "chmod", "mkdir", "mv", "rm", "cat", "du"),
)
"""Programs that edgekit starts on a device."""
ODD = 'it\'s $HOME "quoted" & más'
CPUFREQ = "/sys/devices/system/cpu/cpufreq"


class Facts:
    """The checks, and what they found for those that come after.

    `scratch`: a folder on the device; `setting`: SETTING's value there, None where it was not read.
    """

    def __init__(self, adb: Recorder, apk: Apk | None) -> None:
        self.adb, self.apk = adb, apk
        self.device: Device | None = None
        self.properties: dict[str, str] = {}
        self.setting: str | None = None
        self.content = hashlib.sha256(b"edgekit").digest() * 64
        self.scratch = f"{FOLDER}/self-test"

    def checks(self) -> tuple[tuple[str, Callable[[], Check]], ...]:
        """(name, check) in their order."""
        listed: tuple[tuple[str, str, Callable[[], Seen], bool], ...] = (
            ("device", "Android 8 or later, an ABI and a page size that the app is built for", self._identity, True),
            ("exit codes", "the shell's own exit code and both outputs come back apart", self._exit_codes, True),
            ("quoting", "a word with quotes, spaces, $ and & arrives as it is", self._quoting, True),
            ("tools", f"{len(TOOLS)} programs are there", self._tools, False),
            (
                "verified push",
                f"a file goes to {FOLDER}, its sha256 is told there, and it is renamed",
                self._push,
                True,
            ),
            ("binary output", "cat gives a file's bytes unchanged", self._binary, False),
            ("thermal status", "dumpsys thermalservice tells a status", self._thermal, False),
            ("battery", "dumpsys battery tells percent and temperature", self._battery, False),
            ("frequencies", f"{CPUFREQ} can be read by the shell", self._frequencies, False),
            ("screen settings", f"{SETTING} can be read", self._settings, False),
        )
        return tuple((name, self._one(name, expected, look, essential)) for name, expected, look, essential in listed)

    def _one(self, name: str, expected: str, look: Callable[[], Seen], essential: bool) -> Callable[[], Check]:
        return lambda: checked(self.adb, name, expected, look, essential=essential)

    def _identity(self) -> Seen:
        self.device = describe(self.adb)
        self.properties = getprop_output(self.adb.shell("getprop").text)
        seen = one_line(self.device)
        problem = too_old(self.device)
        if problem is None and self.apk is None:
            problem = NO_APK
        if problem is None and self.apk is not None:
            problem = does_not_fit(self.apk, self.device)
        return ("failed", f"{seen}: {problem}") if problem else ("ok", seen)

    def _exit_codes(self) -> Seen:
        missing = self.adb.shell(quoted("cat", "/no/such/file"))
        fine = self.adb.shell(quoted("echo", "x"))
        seen = f"cat of a missing file: {missing.exit_code}, echo: {fine.exit_code}"
        if missing.exit_code == 0 or fine.exit_code != 0:
            return "failed", seen
        return ("ok", seen) if missing.stderr and not missing.stdout else ("differs", f"{seen}; outputs are mixed")

    def _quoting(self) -> Seen:
        seen = self.adb.shell(quoted("echo", ODD)).text
        return ("ok" if seen == f"{ODD}\n" else "failed"), repr(seen)

    def _tools(self) -> Seen:
        missing = [tool for tool in TOOLS if self.adb.shell(quoted("command", "-v", tool)).exit_code != 0]
        return ("differs", f"missing: {', '.join(missing)}") if missing else ("ok", "all are")

    def _push(self) -> Seen:
        with tempfile.TemporaryDirectory() as temporary:
            local = Path(temporary) / "probe.bin"
            local.write_bytes(self.content)
            pushed = push_verified(self.adb, local, f"{self.scratch}/probe.bin")
        return "ok", "pushed" if pushed else "there already"

    def _binary(self) -> Seen:
        found = self.adb.shell(quoted("cat", f"{self.scratch}/probe.bin")).stdout
        same = found == self.content
        return ("ok" if same else "differs"), f"{len(found)} of {len(self.content)} bytes{'' if same else ', changed'}"

    def _thermal(self) -> Seen:
        status = None if self.device is None else self.device.thermal_status
        self.adb.shell(quoted("dumpsys", "thermalservice"))
        return ("differs", "none is told") if status is None else ("ok", f"status {status}")

    def _battery(self) -> Seen:
        self.adb.shell(quoted("dumpsys", "battery"))
        percent = None if self.device is None else self.device.battery_percent
        temperature = None if self.device is None else self.device.battery_decicelsius
        seen = f"{percent} %, {temperature} tenths of a degree"
        return ("differs" if percent is None or temperature is None else "ok"), seen

    def _frequencies(self) -> Seen:
        listed = self.adb.shell(quoted("ls", CPUFREQ))
        policies = [word for word in listed.text.split() if word.startswith("policy")]
        if listed.exit_code != 0 or not policies:
            return "differs", "not readable"
        files = ("scaling_cur_freq", "scaling_max_freq", "cpuinfo_max_freq", "scaling_governor", "stats/time_in_state")
        unread = [
            f"{policy}/{file}"
            for policy in policies[:8]
            for file in files
            if self.adb.shell(quoted("cat", f"{CPUFREQ}/{policy}/{file}")).exit_code != 0
        ]
        seen = f"{len(policies)} policies"
        return ("differs", f"{seen}; not readable: {', '.join(unread)}") if unread else ("ok", seen)

    def _settings(self) -> Seen:
        self.adb.shell(quoted("dumpsys", "power"))
        value = self.adb.shell(quoted("settings", "get", "global", SETTING))
        self.setting = seen = value.text.strip()
        return ("ok", f"{SETTING} is {seen}") if value.exit_code == 0 and seen else ("differs", "not readable")
