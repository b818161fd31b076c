"""Looking at other processes, waiting for what they do, and a job that does not end by itself."""

import dataclasses
import time
from pathlib import Path

from with_litert.golden_job import FILES, golden_job

from edgekit.device.adb import push_verified
from edgekit.runner import protocol
from edgekit.runner.protocol import SamplePlan

JOB = "/data/local/tmp/edgekit/job"


def commands_with(words):
    """Process ids of this computer's processes whose command line holds `words`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if words in line and state != "Z":
                found.append(int(folder.name))
    return found


def until(true, seconds=20):
    """Wait for what another process does; whether it did."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def endless_job():
    """One case that samples for ten minutes."""
    plan = SamplePlan(min_runs=10**9, min_ns=600 * 10**9, max_runs=10**9, max_ns=600 * 10**9)
    job = golden_job()
    return dataclasses.replace(job, cases=(dataclasses.replace(job.cases[0], samples=plan),))


def push_job(adb, tmp_path, job):
    """To JOB on the device, with its files."""
    (tmp_path / "job.json").write_text(protocol.dump_job(job))
    for name, path in {**FILES, "job.json": tmp_path / "job.json"}.items():
        push_verified(adb, path, f"{JOB}/{name}")


def runners(device):
    """Process ids of the runners of a device."""
    return commands_with(f"-m edgekit.runner {device.folder}")
