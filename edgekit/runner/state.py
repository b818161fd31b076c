"""What the machine says of itself: the one module with Linux-only reads, each of which may be missing (None)."""

import contextlib
import os
import platform
import re
import resource
import time
from pathlib import Path

from edgekit.runner.protocol import DeviceState

_CPUFREQ = "/sys/devices/system/cpu/cpufreq"
_CANARY_LOOPS = 60_000


def read_text(path: str) -> str | None:
    """A file's text, or None where it is not readable here."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return None


def device_state() -> DeviceState:
    """One look, about 10 ms (the canary loop)."""
    load = read_text("/proc/loadavg")
    return DeviceState(
        monotonic_ns=time.monotonic_ns(),
        load_average=float(load.split()[0]) if load else None,
        steal_ticks=steal_ticks(read_text("/proc/stat")),
        involuntary_switches=resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw,
        cpu_khz=_frequencies("scaling_cur_freq"),
        cpu_max_khz=_frequencies("scaling_max_freq"),
        canary_ns=canary_ns(),
        thermal_status=None,
        battery_percent=None,
        battery_decicelsius=None,
        foreground=None,
    )


def canary_ns() -> int:
    """Time of a fixed integer loop, best of three: rises when clocks fall or the core is shared."""
    best = None
    for _ in range(3):
        started = time.perf_counter_ns()
        value = 1
        for step in range(_CANARY_LOOPS):
            value = (value * 31 + step) & 0xFFFF
        took = time.perf_counter_ns() - started
        best = took if best is None else min(best, took)
    return best or 0


def steal_ticks(stat: str | None) -> int | None:
    """The steal column of /proc/stat's first line, in clock ticks."""
    fields = (stat or "").partition("\n")[0].split()
    return int(fields[8]) if len(fields) > 8 and fields[0] == "cpu" else None


def memory_bytes(field: str) -> int | None:
    """VmRSS or VmHWM of this process, from /proc/self/status."""
    return status_bytes(read_text("/proc/self/status"), field)


def reset_peak() -> None:
    """Let VmHWM begin anew, so that a case's peak is its own; where that is not allowed the process's peak stays."""
    with contextlib.suppress(OSError), Path("/proc/self/clear_refs").open("w") as file:
        file.write("5")


def status_bytes(status: str | None, field: str) -> int | None:
    """`VmRSS:   1234 kB` -> 1263616."""
    found = re.search(rf"^{field}:\s+(\d+) kB", status or "", re.MULTILINE)
    return int(found.group(1)) * 1024 if found else None


def pss_bytes() -> int | None:
    """Proportional set size of this process."""
    return status_bytes(read_text("/proc/self/smaps_rollup"), "Pss")


def thread_count() -> int | None:
    """OS threads of this process."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - counting, not walking
    except OSError:
        return None


def cpu_name() -> str:
    """The processor's own name."""
    text = read_text("/proc/cpuinfo") or ""
    found = re.search(r"^(?:model name|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def _frequencies(name: str) -> tuple[int, ...]:
    texts = (read_text(f"{_CPUFREQ}/{policy}/{name}") for policy in _policies())
    return tuple(int(text) for text in texts if text and text.strip().isdigit())


def _policies() -> list[str]:
    try:
        return sorted(entry.name for entry in Path(_CPUFREQ).iterdir() if entry.name.startswith("policy"))
    except OSError:
        return []
