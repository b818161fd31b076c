"""`python -m edgekit.runner FOLDER`: reads FOLDER/job.json, writes FOLDER/run.json whole, or not at all."""

import argparse
import importlib.metadata
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from edgekit import __version__
from edgekit.runner import codec, lifeline, protocol, state
from edgekit.runner.case import NoRoom, run_case
from edgekit.runner.protocol import Environment, Job, Run

BAD_JOB, NO_ROOM = 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 when run.json was written, 2 for a job that cannot be read, 3 where there is no room for it."""
    parser = argparse.ArgumentParser(prog="edgekit.runner", description="Run a job of docs/runner-protocol.md.")
    parser.add_argument("folder", type=Path, help="holds job.json and the files it names; run.json is written here")
    parser.add_argument("--parent", type=int, default=0, help="process to end with (0: none)")
    parsed = parser.parse_args(arguments)
    folder: Path = parsed.folder
    if parsed.parent:
        lifeline.end_with(parsed.parent)
    try:
        with (folder / "job.json").open("rb") as file:
            job = protocol.load_job(file.read(protocol.MAX_BYTES + 1))
    except (codec.CodecError, OSError) as error:
        sys.stderr.write(f"edgekit runner: job.json: {error}\n")
        return BAD_JOB
    try:
        _answer(job, folder)
    except (NoRoom, OSError) as error:
        sys.stderr.write(f"edgekit runner: its answer cannot be written: {getattr(error, 'strerror', None) or error}\n")
        return NO_ROOM
    return 0


def _answer(job: Job, folder: Path) -> None:
    """Run every case; FOLDER/run.json whole, or not at all."""
    results, version = [], ""
    for case in job.cases:
        result, seen = run_case(case, folder)
        results.append(result)
        version = seen or version
    runtime = job.cases[0].runtime if job.cases else "litert"
    run = Run(job=job.id, environment=environment(runtime, version), cases=tuple(results))
    temporary = folder / "run.json.tmp"
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(protocol.dump_run(run))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / "run.json")
    finally:
        temporary.unlink(missing_ok=True)


def environment(runtime: str, version: str) -> Environment:
    """This process, for the run."""
    return Environment(
        runner="portable",
        runner_version=__version__,
        context="shell",
        runtime=runtime,
        runtime_version=version,
        system=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        cpu=state.cpu_name(),
        cores=os.cpu_count() or 1,
        page_bytes=os.sysconf("SC_PAGESIZE"),
        versions={"python": platform.python_version(), **_numpy_version()},
    )


def _numpy_version() -> dict[str, str]:
    try:
        return {"numpy": importlib.metadata.version("numpy")}
    except importlib.metadata.PackageNotFoundError:
        return {}  # then every case has failed, with that as its reason
