"""One launch of the app: started by `am instrument`, else by `am start`; its answer by every way until one is whole."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgekit.device.adb import Adb, quoted
from edgekit.device.app_apk import APP
from edgekit.device.app_ends import Marker, marker, process_ids
from edgekit.device.app_instrument import BadParts, Told, assembled, check_whole, instrument_output, start_problem
from edgekit.errors import AdbTimeout, DeviceError, DeviceGone, NoDevice, Offline, ResultError, Unauthorized
from edgekit.runner.protocol import Job
from edgekit.targets import android_ends

EXTERNAL = f"/sdcard/Android/data/{APP}/files"
"""The app's folder on shared storage, which adb may read and write too."""
INSTRUMENTATION = f"{APP}/.RunInstrumentation"
ACTIVITY = f"{APP}/.RunActivity"
POLL_SECONDS = 1.0
"""Between looks at a launch that nothing waits for: seldom, for each disturbs it."""
GRACE_SECONDS = 10.0
"""In which a started app must have written its first marker."""
LOST = (DeviceGone, NoDevice, Offline, Unauthorized, AdbTimeout)
"""The device itself is gone: no other way is worth a try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the launch ended, as the app says it. `told`: what came with it through the instrumentation."""

    state: str
    kind: str = ""
    sentence: str = ""
    told: Told = field(default_factory=Told)


def launch(adb: Adb, job: Job, folder: str, limit_s: float, task: str = "run") -> Outcome:
    """Start the app on the job in `folder` and wait for its end. DeviceError kinds where it leaves no answer."""
    begun = time.monotonic()
    words = ["-e", "job", folder, "-e", "id", job.id, *(["-e", "task", task] if task != "run" else [])]
    try:
        done = adb.shell(quoted("am", "instrument", "-w", "-r", *words, INSTRUMENTATION), seconds=limit_s)
    except AdbTimeout as error:
        raise _stopped(adb, job, limit_s) from error
    text = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
    told = instrument_output(text, done.exit_code)
    if told.impossible:
        return launch_activity(adb, job, folder, limit_s, told.impossible, task)
    if told.code is None:  # cut: what it told last may be half a line
        told = replace(told, result={})
    if told.result.get("state") in ("done", "refused"):
        _check_id(adb, job, told.result.get("id", job.id))
        return Outcome(
            state=told.result["state"],
            kind=told.result.get("kind", ""),
            sentence=told.result.get("sentence", ""),
            told=told,
        )
    said = told.aborted or told.result.get("longMsg", "") or told.result.get("shortMsg", "")
    return _wait(adb, job, begun + limit_s, limit_s, told, said)


def launch_activity(adb: Adb, job: Job, folder: str, limit_s: float, impossible: str, task: str = "run") -> Outcome:
    """The same through `am start`. `impossible`: why not through am instrument, for the sentence where this fails."""
    begun = time.monotonic()
    words = ["--es", "job", folder, "--es", "id", job.id, *(["--es", "task", task] if task != "run" else [])]
    done = adb.shell(quoted("am", "start", "-W", "-S", "-n", ACTIVITY, *words))
    problem = start_problem(done.text, done.stderr.decode(errors="replace"), done.exit_code)
    if problem:
        raise DeviceError(
            f"the app cannot be started on {adb.serial}: am instrument: {impossible}; am start: {problem}",
            android_ends.DOCTOR,
            serial=adb.serial,
        )
    return _wait(adb, job, begun + limit_s, limit_s, Told(), "")


def _wait(adb: Adb, job: Job, end: float, limit_s: float, told: Told, said: str) -> Outcome:
    """Look at the marker until the app is done, or its process gone, or the time over."""
    grace = time.monotonic() + GRACE_SECONDS
    while True:
        alive = bool(process_ids(adb.shell(quoted("pidof", APP)).text))
        found = read_marker(adb)  # after pidof: what a process wrote before its end is seen
        ours = found if found is not None and found.id == job.id else None
        if ours is not None and ours.state != "running":
            return Outcome(state=ours.state, kind=ours.phase, sentence=ours.sentence, told=told)
        if not alive and ours is None and told.total:  # the marker cannot be read here, but an answer was on its way
            return Outcome(state="done", told=told)
        if not alive and (ours is not None or said or told.code is not None or time.monotonic() > grace):
            raise android_ends.lost(adb, job, ours, said, end - limit_s)
        if time.monotonic() > end:
            raise _stopped(adb, job, limit_s)
        time.sleep(POLL_SECONDS)


def _stopped(adb: Adb, job: Job, limit_s: float) -> DeviceError:
    found = read_marker(adb)
    adb.shell(quoted("am", "force-stop", APP))
    return android_ends.hang(adb.serial, limit_s, found if found is not None and found.id == job.id else None, job)


def read_marker(adb: Adb) -> Marker | None:
    """The app's marker, from its own folder or the one on shared storage."""
    for words in (("run-as", APP, "cat", "files/marker.json"), ("cat", f"{EXTERNAL}/marker.json")):
        done = adb.shell(quoted(*words))
        if done.exit_code == 0 and (found := marker(done.stdout)) is not None:
            return found
    return None


def _check_id(adb: Adb, job: Job, answered: str) -> None:
    if answered != job.id:
        raise ResultError(f"the app on {adb.serial} answered job {answered[:40]!r}, asked was {job.id!r}")


def fetch(adb: Adb, job: Job, told: Told) -> bytes:
    """The answer's zip: from the instrumentation's parts, else run-as, else shared storage; ResultError with all three.

    An answer is whole where bytes and sha256 are those that the app told; without those, the zip's own sums decide.
    """
    ways: Mapping[str, Callable[[], bytes]] = {
        "result bundle": lambda: assembled(told),
        "run-as": lambda: by_run_as(adb, job.id),
        "shared storage": lambda: by_pull(adb, job.id),
    }
    problems = []
    for name, way in ways.items():
        try:
            content = way()
            check_whole(content, told.result)
            return content
        except BadParts as error:
            problems.append(f"{name}: {error}")
        except LOST:
            raise
        except DeviceError as error:
            problems.append(f"{name}: {error.message}")
    raise ResultError(
        f"the app on {adb.serial} answered, and no whole answer came back ({'; '.join(problems)})", android_ends.DOCTOR
    )


def by_run_as(adb: Adb, job_id: str) -> bytes:
    """The answer's bytes out of the app's own folder; BadParts says why not."""
    done = adb.shell(quoted("run-as", APP, "cat", f"files/answers/{job_id}.zip"), seconds=600.0)
    if done.exit_code != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        said = " ".join(said.split()).removeprefix("run-as: ")[:200]
        raise BadParts(said or f"exit code {done.exit_code}")
    if not done.stdout.startswith(b"PK"):  # run-as of old Androids complains with exit code 0
        raise BadParts(" ".join(done.stdout[:200].decode(errors="replace").split()) or "it was empty")
    return done.stdout


def by_pull(adb: Adb, job_id: str) -> bytes:
    """The answer's bytes from shared storage; DeviceError says why not."""
    with tempfile.TemporaryDirectory() as temporary:
        local = Path(temporary) / "answer.zip"
        adb.pull(f"{EXTERNAL}/answers/{job_id}.zip", local)
        return local.read_bytes()


def remove_answers(adb: Adb) -> None:
    """What the app left on the device; a device that went is none of this call's business."""
    with contextlib.suppress(DeviceError):
        adb.shell(quoted("run-as", APP, "rm", "-rf", "files/answers"))
        adb.shell(quoted("rm", "-rf", f"{EXTERNAL}/answers"))
