"""What every device behind adb shares: push by hash, start the runner, fetch the run and its outputs, clean up."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from edgekit.device import FOLDER
from edgekit.device.adb import Adb, push_verified, quoted, remote_sha256, sha256_of
from edgekit.errors import AdbTimeout, DeviceError, PushFailed, RunnerError
from edgekit.progress import SILENT, Progress, Tick
from edgekit.runner import protocol
from edgekit.runner.main import NO_ROOM
from edgekit.runner.protocol import Job, Run
from edgekit.targets.desktop import answer_file, ended_by, last_lines, no_room, out_of_time, read_run

JOB_FOLDER = f"{FOLDER}/job"
EXTRA_SECONDS = 60.0


def push_job(adb: Adb, job: Job, files: Mapping[str, Path], remote: str, progress: Progress) -> None:
    """The job and its files into `remote`. Files stay there and are pushed again only when their sha256 differs."""
    for name, local in files.items():
        push_shown(adb, local, f"{remote}/{name}", progress)
    with TemporaryDirectory() as temporary:
        job_file = Path(temporary) / "job.json"
        job_file.write_text(protocol.dump_job(job), encoding="utf-8")
        push_verified(adb, job_file, f"{remote}/job.json")


def limit_seconds(job: Job) -> float:
    """How long a launch of the job may take."""
    return sum(case.limit_ns for case in job.cases) / 1e9 + EXTRA_SECONDS


def run_on_device(adb: Adb, job: Job, files: Mapping[str, Path], answer: Path, progress: Progress = SILENT) -> Run:
    """One launch of the portable runner in JOB_FOLDER."""
    remote = JOB_FOLDER
    adb.shell(quoted("rm", "-f", f"{remote}/run.json"))
    push_job(adb, job, files, remote, progress)
    with TemporaryDirectory() as temporary:
        _launch(adb, job, remote)
        run_file = Path(temporary) / "run.json"
        adb.pull(f"{remote}/run.json", run_file)
        with run_file.open("rb") as file:
            run = read_run(file.read(protocol.MAX_BYTES + 1), job)
    for case in run.cases:
        for output in case.outputs:
            if output.data is not None:
                _fetch(adb, remote, answer, output.data.file, output.data.sha256)
    adb.shell(quoted("rm", "-rf", f"{remote}/outputs"))
    return run


def _launch(adb: Adb, job: Job, remote: str) -> None:
    """Run the runner to its end; RunnerError where it failed, or took longer than the job allows."""
    runner = f"the runner on {adb.serial}"
    limit_s = limit_seconds(job)
    runtime = job.cases[0].runtime if job.cases else "litert"
    try:
        result = adb.shell(quoted("edgekit-runner", remote, runtime), seconds=limit_s)
    except AdbTimeout as error:  # the device ends a runner whose host has gone
        raise out_of_time(runner, limit_s) from error
    said = (result.stderr or result.stdout).decode(errors="replace")
    if result.exit_code > 128:
        raise ended_by(runner, result.exit_code - 128, said)
    if result.exit_code == NO_ROOM:
        raise no_room(runner, said)
    if result.exit_code != 0:
        raise RunnerError(f"{runner} ended with code {result.exit_code}: {last_lines(said)}", "run with --debug")


def _fetch(adb: Adb, remote: str, answer: Path, name: str, sha256: str) -> None:
    local = answer_file(answer, name)
    local.parent.mkdir(parents=True, exist_ok=True)
    adb.pull(f"{remote}/{name}", local)
    if sha256_of(local) != sha256:
        raise DeviceError(f"{name} came back from {adb.serial} with another sha256", "run it again", serial=adb.serial)


def push_shown(adb: Adb, local: Path, remote: str, progress: Progress) -> bool:
    """`push_verified` with a bar from the first byte on; none where the file lies there already."""
    size = local.stat().st_size
    with contextlib.ExitStack() as shown:
        tick: Tick | None = None

        def moved(count: int) -> None:
            nonlocal tick
            if tick is None:
                tick = shown.enter_context(progress.task(f"push {local.name} to {adb.serial}", size, "bytes"))
            tick(count, "")

        return push_verified(adb, local, remote, moved)


def push_file(adb: Adb, local: Path, progress: Progress = SILENT) -> str:
    """Push a file to FOLDER/files; says what was done."""
    remote = f"{FOLDER}/files/{local.name}"
    pushed = push_shown(adb, local, remote, progress)
    digest = remote_sha256(adb, remote)
    if digest is None:
        raise PushFailed(f"{remote} is not on {adb.serial} after the push", "run it again", serial=adb.serial)
    return f"{adb.serial}: {remote} {'pushed' if pushed else 'there already'}, sha256 {digest}"
