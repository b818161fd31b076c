"""Acceptance figures of the Android app and its test device: python benchmarks/figures_android.py [--remake]"""

from collections.abc import Callable
from typing import Any

from figures import ROOT, Experiment, Figure, Results, main

from edgekit.stats import geometric_interval

LIBRARY_BYTES = {
    "edgekit-runner": 16_008_528,
    "edgekit-runner-arm64-v8a": 5_532_256,
    "edgekit-runner-armeabi-v7a": 3_637_968,
    "edgekit-runner-x86_64": 6_838_304,
}
"""Of the native libraries in each APK: those of TensorFlow Lite 2.16.1 and JNA, stored as they are published."""
MOST_OVER_LIBRARIES = 0.10
"""Code, manifest, signature and alignment together: what edgekit itself adds to a download."""
MOST_COLD_SECONDS, MOST_WARM_SECONDS = 300, 60
"""Warm is what each change of the app waits for; cold adds Maven Central's downloads, which the network decides."""


def rows_of(results: Results, delegate: str) -> list[dict[str, Any]]:
    return [row for row in results["android_chain"]["rows"] if row["delegate"] == delegate]


def by_the_app(row: dict[str, Any]) -> bool:
    environment = row["environment"]
    return (environment["runner"], environment["context"], environment["emulator"]) == ("android", "app", True)


def measured(delegate: str) -> Any:
    def got(results: Results) -> tuple[str, bool]:
        rows = rows_of(results, delegate)
        fine = [
            row
            for row in rows
            if row["status"] == "ok"
            and row["accuracy"]["where"] == "target"
            and (row["accuracy"]["value"], row["accuracy"]["samples"]) == (1.0, 2)
            and row["target_parity"]["passed"]
            and row["latency_ns"] is None
            and by_the_app(row)
        ]
        nodes = ", ".join(
            f"{row['variant']} {row['nodes']['delegated']}/{row['nodes']['total']} nodes, parity "
            f"{row['target_parity']['value']:.3g}"
            for row in rows
        )
        text = f"{len(fine)} of {len(rows)} rows ok, espresso and a cat right in each, no latency shown ({nodes})"
        return text, len(fine) == len(rows) == 3

    return got


def no_gpu(results: Results) -> tuple[str, bool]:
    rows = rows_of(results, "gpu")
    reasons = sorted({row["reason"] for row in rows})
    fine = all(row["status"] == "unsupported" and row["reason"] and by_the_app(row) for row in rows)
    return f"{len(rows)} rows unsupported: {'; '.join(reasons)}", fine and len(rows) == 3


def no_nnapi(results: Results) -> tuple[str, bool]:
    rows = rows_of(results, "nnapi")
    reasons = sorted({row["reason"] for row in rows})
    fine = all(
        row["status"] == "fell back" and row["reason"].startswith("fell back: 0 of ") and by_the_app(row)
        for row in rows
    )
    return f"{len(rows)} rows {'; '.join(reasons)}", fine and len(rows) == 3


def same_bytes(results: Results) -> tuple[str, bool]:
    apk = results["apk"]
    equal = apk["equal_again"] and apk["equal_elsewhere"]
    return f"{'equal' if equal else 'NOT equal'}, {apk['sha256']['edgekit-runner'][:16]}... (4 APKs)", equal


def sizes(results: Results) -> tuple[str, bool]:
    sizes = results["apk"]["bytes"]
    over = {name: sizes[name] / libraries - 1 for name, libraries in LIBRARY_BYTES.items()}
    listed = [
        f"{name.removeprefix('edgekit-runner').lstrip('-') or 'all'} {sizes[name] / 1e6:.1f} MB (+{share:.1%})"
        for name, share in over.items()
    ]
    return ", ".join(listed), all(0 < share <= MOST_OVER_LIBRARIES for share in over.values())


def verified(results: Results) -> tuple[str, bool]:
    apk = results["apk"]
    schemes = [line for line in apk["verify"] if line.endswith(": true")]
    badging = " ".join(apk["badging"])
    fine = len(schemes) == 2 and apk["permissions"] == 0 and "sdkVersion:'26'" in badging
    abis = "'arm64-v8a' 'armeabi-v7a' 'x86_64'" in badging
    return f"v2 and v3 {'true' if len(schemes) == 2 else 'NOT true'}, {apk['permissions']} permissions", fine and abis


def build_times(results: Results) -> tuple[str, bool]:
    apk = results["apk"]
    cold, warm = apk["cold_seconds"], apk["warm_seconds"]
    text = f"cold {cold:.0f} s (empty Maven repository), warm {warm:.0f} s, JVM tests in both"
    return text, cold <= MOST_COLD_SECONDS and warm <= MOST_WARM_SECONDS


def threads(delegate: str, wanted: list[list[int]], holds: Callable[[float, float], bool]) -> Any:
    """`wanted`: OS threads made with 1 and with 2; `holds` takes the interval of latency with 1 over that with 2."""

    def got(results: Results) -> tuple[str, bool]:
        found = results["android_threads"]
        made = [found["threads_made"][f"{delegate} {count}"] for count in (1, 2)]
        ratios = found["one_over_two_threads"][delegate]
        interval = geometric_interval(ratios)
        if interval is None:
            return f"{len(ratios)} blocks: no interval", False
        faster, low, high = interval
        text = f"threads made {made[0]} -> {made[1]}, {faster:.2f}x faster [{low:.2f}, {high:.2f}]"
        return f"{text} ({len(ratios)} blocks, functional)", made == wanted and holds(low, high)

    return got


WANTED = {
    "native_crash": (6, "incorrect", "died of SIGSEGV at first_inference"),
    "hang": (6, "incorrect", "did not answer within"),
    "killed": (6, "incorrect", "was ended by SIGKILL at"),
    "half_a_bundle": (0, "ok", ""),
    "half_a_result_and_no_other_road": (4, "unreachable", "no whole answer came back"),
    "old_result": (0, "ok", ""),
    "newer_protocol": (4, "unreachable", "format 3 is newer than this edgekit reads"),
    "app_may_not_read": (0, "ok", ""),
    "no_instrumentation": (0, "ok", ""),
    "large_pages": (0, "unsupported", "16 KB memory pages"),
    "full_disk": (4, "unreachable", "No space left on device"),
}


def ending(name: str) -> Any:
    code, status, words = WANTED[name]

    def got(results: Results) -> tuple[str, bool]:
        found = results["android_endings"]["endings"][name]
        text = f"exit {found['exit_code']}, {found['status']}"
        if found["reason"]:
            text += f": {found['reason'][:150]}"
        return text, (found["exit_code"], found["status"]) == (code, status) and words in found["reason"]

    return got


def self_test(results: Results) -> tuple[str, bool]:
    doctor = results["android_doctor"]
    states = [check["state"] for check in doctor["checks"]]
    text = (
        f"exit {doctor['exit_code']}, {states.count('ok')} ok, {states.count('differs')} differ, "
        f"{states.count('failed')} failed, {doctor['seconds']:.0f} s, {doctor['file_bytes'] / 1e3:.0f} kB"
    )
    return text, doctor["exit_code"] == 0 and "failed" not in states and doctor["seconds"] <= 300


def page_for_the_first_phone(_: Results) -> tuple[str, bool]:
    path = ROOT / "docs/first-phone.md"
    text = path.read_text() if path.is_file() else ""
    listed = text.partition("## What could not be proved without a phone")[2].count("\n* **")
    return f"docs/first-phone.md, {listed} things that could not be proved", listed >= 5


FIGURES = [
    Figure(name="rows cpu", asked="3 rows ok, espresso and a cat, parity, by the APK's code", got=measured("cpu")),
    Figure(name="rows cpu-default", asked="the same", got=measured("cpu-default")),
    Figure(name="rows gpu", asked="unsupported, with the reason", got=no_gpu),
    Figure(name="rows nnapi", asked="fell back: 0 of N nodes", got=no_nnapi),
    Figure(name="APK sha256", asked="equal from two folders, other umask, dates, time zone", got=same_bytes),
    Figure(name="APK size", asked=f"each at most {MOST_OVER_LIBRARIES:.0%} above its native libraries", got=sizes),
    Figure(name="APK verified", asked="apksigner v2, v3; minSdk 26, no permission, 3 ABIs", got=verified),
    Figure(
        name="APK build",
        asked=f"cold at most {MOST_COLD_SECONDS} s, warm at most {MOST_WARM_SECONDS} s",
        got=build_times,
    ),
    Figure(
        name="threads 1 -> 2, cpu",
        asked="OS threads rise, latency falls",
        got=threads("cpu", [[0], [1]], lambda low, _: low > 1),
    ),
    Figure(
        name="threads 1 -> 2, cpu-default",
        asked="both stay",
        got=threads("cpu-default", [[0], [0]], lambda low, high: low < 1.02 and high > 0.98),
    ),
    *(
        Figure(name=name.replace("_", " "), asked=f"exit {wanted[0]}, {wanted[1]}", got=ending(name))
        for name, wanted in WANTED.items()
    ),
    Figure(name="doctor --device", asked="self-test in five minutes, one file", got=self_test),
    Figure(name="first phone", asked="a page, with what could not be proved", got=page_for_the_first_phone),
]

EXPERIMENTS = [
    Experiment(name=name, command=(f"benchmarks/{name}.py",))
    for name in ("apk", "android_chain", "android_threads", "android_endings", "android_doctor")
]

if __name__ == "__main__":
    main("android", FIGURES, EXPERIMENTS)
