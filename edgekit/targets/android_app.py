"""The runner app on one device, as a target uses it: installed and awake once, then one launch after the other."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from edgekit import __version__
from edgekit.device import FOLDER
from edgekit.device.adb import Adb, quoted
from edgekit.device.app_apk import APP, Apk
from edgekit.device.app_awake import KeptAwake
from edgekit.device.app_install import ensure_installed
from edgekit.errors import DeviceError
from edgekit.progress import SILENT, Progress
from edgekit.runner.protocol import Job, Run
from edgekit.targets import android_answer, android_ends, android_launch
from edgekit.targets.adb_target import JOB_FOLDER, limit_seconds, push_job
from edgekit.targets.android_launch import EXTERNAL, Outcome

EXTERNAL_JOB = f"{EXTERNAL}/job"
MOST_KILOBYTES = 1 << 20
"""Of job files kept on the device; with more, the folder begins anew."""
_CLOSING_SECONDS = 20.0


class RunnerApp:
    """`folder`: where the app reads jobs; the second road once the first was refused. Nothing is done before `run`."""

    def __init__(self, adb: Adb, apk: Apk, progress: Progress = SILENT) -> None:
        self.adb, self.apk = adb, apk
        self.folder = JOB_FOLDER
        self._progress = progress
        self._awake = KeptAwake(adb)
        self._prepared = False

    def run(self, job: Job, files: Mapping[str, Path], answer: Path) -> Run:
        """One launch. DeviceError kinds and ResultError, each with its own sentence, where there is no answer."""
        self.prepare()
        serial = self.adb.serial
        try:
            outcome = self._on_road(job, files)
            if outcome.state == "refused" and outcome.kind == "files" and self.folder == JOB_FOLDER:
                self.folder = EXTERNAL_JOB  # an app may not read the shell's folder here
                outcome = self._on_road(job, files)
            if outcome.state == "refused":
                raise android_ends.refused(serial, outcome.kind, outcome.sentence)
            run = android_answer.unpack(android_launch.fetch(self.adb, job, outcome.told), job, answer, serial=serial)
        finally:
            android_launch.remove_answers(self.adb)
        version = run.environment.runner_version
        if version != self.apk.version:
            said = f"the app that answered on {serial} is of edgekit {version}, this is {__version__}"
            raise android_answer.mismatch(serial, said)
        return run

    def _on_road(self, job: Job, files: Mapping[str, Path]) -> Outcome:
        push_job(self.adb, job, files, self.folder, self._progress)
        if self.folder == JOB_FOLDER:
            self.adb.shell(quoted("chmod", "-R", "a+rX", JOB_FOLDER))
        return android_launch.launch(self.adb, job, self.folder, limit_seconds(job))

    def prepare(self) -> None:
        """Once: the app installed, the screen on, the job folder bounded and readable for an app."""
        if self._prepared:
            return
        adb = self.adb
        with self._progress.task(f"install the app on {adb.serial}", self.apk.size_bytes, "bytes") as tick:
            ensure_installed(adb, self.apk, lambda moved: tick(moved, ""))
        self._awake.start()
        used = adb.shell(quoted("du", "-sk", JOB_FOLDER)).text.split()
        if used and used[0].isdecimal() and int(used[0][:12]) > MOST_KILOBYTES:
            adb.shell(quoted("rm", "-rf", JOB_FOLDER))
        adb.shell(quoted("mkdir", "-p", JOB_FOLDER))
        adb.shell(quoted("chmod", "a+rX", FOLDER, JOB_FOLDER))
        self._prepared = True

    def close(self) -> None:
        """Settings back as they were, the app stopped; what a device that went cannot do is left."""
        prepared, self._prepared = self._prepared, False
        with contextlib.suppress(DeviceError):
            self._awake.restore()
            if prepared:
                self.adb.shell(quoted("am", "force-stop", APP), seconds=_CLOSING_SECONDS)
