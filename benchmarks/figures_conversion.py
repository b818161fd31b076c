"""Acceptance figures of conversion: roads, dead weight, recurrent forms, mixed precision, forecasts, rewrites, bisect.

python benchmarks/figures_conversion.py [--remake]
"""

from collections.abc import Callable
from typing import Any

from figures import Experiment, Figure, Results, main

NETWORKS = (
    "fashion-cnn",
    "fashion-cnn at half width",
    "fashion-resnet20",
    "fashion-resnet20's student",
    "mobilenet-v2",
)
PAYLOAD = 1.3
RECURRENT = {"vowels-rnn": "GRU", "digits-speech-rnn": "LSTM"}


def roads(results: Results) -> tuple[str, bool]:
    rows = results["roads"]["rows"]
    converted = [row for row in rows if row["converts"]]
    refused = [row for row in rows if not row["converts"]]
    named = "; ".join(f"{row['model']} ({row['road']}): {row['reason'][:60]}" for row in refused)
    text = f"{len(converted)} of {len(rows)} convert, parity in {sum(row['parity']['passed'] for row in converted)}"
    fine = all(row["parity"]["passed"] for row in converted) and all(row.get("reason") for row in refused)
    return f"{text}; refused: {named or 'none'}", fine and all(row["converts"] == row["expected"] for row in rows)


def formats(results: Results) -> tuple[str, bool]:
    found = [pair for pair in results["roads"]["formats"] if pair["model"] == "basic-pitch"]
    names = sorted({road for pair in found for road in pair["roads"]})
    worst = max(pair["largest_difference"] for pair in found)
    return f"{', '.join(names)}: at most {worst:.1e} apart", len(names) >= 3 and worst <= 1e-5


def overhead(results: Results) -> tuple[str, bool]:
    found = results["overhead"]
    return (
        f"{found['ratio_median']:.3f}x, median of {len(found['pairs'])} pairs (largest {found['ratio_largest']:.3f}x)",
        found["ratio_median"] <= found["asked"],
    )


def payload(network: str) -> Callable[[Results], tuple[str, bool]]:
    """int8 after training: bytes by payload, before and after; zero points are no payload here."""

    def got(results: Results) -> tuple[str, bool]:
        rows = results["dead_weight"]["rows"]
        (row,) = [row for row in rows if (row["recipe"], row["file"]) == (network, "int8")]
        ratio = row["after_of_payload"]
        with_zero_points = row["after_bytes"] / (row["payload_bytes"] + row["zero_points_bytes"])
        text = f"{row['before_bytes']} -> {row['after_bytes']} bytes: {row['before_of_payload']:.2f}x -> {ratio:.2f}x"
        text += f" ({with_zero_points:.2f}x with the zero points, without which no runtime opens it)"
        return text, ratio <= PAYLOAD

    return got


def _forms(results: Results, kind: str) -> dict[str, list[tuple[int, int, dict[str, Any]]]]:
    found: dict[str, list[tuple[int, int, dict[str, Any]]]] = {}
    for row in results["recurrent"]["rows"]:
        for form in row["forms"] if row["kind"] == kind else ():
            found.setdefault(form["form"], []).append((row["width"], row["steps"], form))
    return found


def constant(kind: str) -> Callable[[Results], tuple[str, bool]]:
    """Operators and bytes over the lengths, by form and width."""

    def got(results: Results) -> tuple[str, bool]:
        parts, fine = [], True
        for form, rows in _forms(results, kind).items():
            for width in sorted({width for width, _, _ in rows}):
                sizes = [item.get("bytes") for wide, _, item in rows if wide == width]
                operators = [item.get("operators") for wide, _, item in rows if wide == width]
                if form != "unrolled":
                    fine &= len(set(sizes)) == len(set(operators)) == 1 and len(sizes) == 4
                    parts.append(f"{form} {width}: {operators[0]} operators, {sizes[0]} bytes")
                else:
                    parts.append(f"unrolled {width}: {operators[0]} to {operators[-1]}, {sizes[0]} to {sizes[-1]}")
        return "; ".join(parts), fine

    return got


def auto(place: str, kind: str) -> Callable[[Results], tuple[str, bool]]:
    """The form that `auto` picks, by width and length, with the latencies in microseconds.

    `auto` measures every form on the target and takes the fastest: what can fail here is that nothing was measured.
    """

    def got(results: Results) -> tuple[str, bool]:
        parts, fine = [], True
        for row in results["recurrent"]["rows"]:
            if row["kind"] != kind:
                continue
            found = row[place]
            times = {form: held["latency_us"] for form, held in found.items() if isinstance(held, dict)}
            known = {form: value for form, value in times.items() if value is not None}
            fine &= bool(known) and found["auto"] == min(known, key=lambda form: known[form])
            listed = "/".join(f"{value:.1f}" for value in known.values())
            parts.append(f"{row['width']}x{row['steps']} {found['auto']} ({listed})")
        return f"{'/'.join(known)} us: " + ", ".join(parts), fine

    return got


def memory(kind: str) -> Callable[[Results], tuple[str, bool]]:
    """At the longest length: arena planned from the file, and resident bytes of a fresh process on the desktop."""

    def got(results: Results) -> tuple[str, bool]:
        rows = [row for row in results["recurrent"]["rows"] if row["kind"] == kind]
        longest = max(row["steps"] for row in rows)
        parts = [
            f"{row['width']}x{row['steps']} {form['form']}: arena {form['arena_bytes'] / 1e3:.0f} kB, "
            f"resident {row['desktop'][form['form']]['resident_bytes'] / 1e6:.0f} MB, "
            f"converted in {form['seconds']:.1f} s"
            for row in rows
            if row["steps"] == longest
            for form in row["forms"]
        ]
        return "; ".join(parts), all("arena_bytes" in form for row in rows for form in row["forms"])

    return got


def again(results: Results) -> tuple[str, bool]:
    found = [form for row in results["recurrent"]["rows"] for form in row["forms"] if "equal_1_and_100" in form]
    equal = sum(form["equal_1_and_100"] for form in found)
    worst = max(form["error_to_torch"] for form in found)
    return f"{equal} of {len(found)} files equal bit for bit; at most {worst:.1e} from torch", equal == len(found) > 0


def smaller(results: Results) -> tuple[str, bool]:
    rows = results["recurrent"]["precisions"]
    sizes: dict[tuple[str, int, str], dict[str, int]] = {}
    for row in rows:
        sizes.setdefault((row["kind"], row["width"], row["form"]), {})[row["precision"]] = row["bytes"]
    text = "; ".join(
        f"{kind} {width} {form}: " + ", ".join(f"{precision} {size}" for precision, size in held.items())
        for (kind, width, form), held in sizes.items()
    )
    fine = all(size < held["float32"] for held in sizes.values() for name, size in held.items() if name != "float32")
    return text, fine and bool(sizes)


def recurrent_accuracy(recipe: str) -> Callable[[Results], tuple[str, bool]]:
    """Every form and precision on the recipe's test split, in points against unrolled float32."""

    def got(results: Results) -> tuple[str, bool]:
        (found,) = [row for row in results["recurrent"]["recipes"] if row["recipe"] == recipe]
        whole = found["accuracy"]["unrolled-float32"]
        listed = ", ".join(
            f"{name} {(value - whole) * 100:+.2f} ({found['bytes'][name]} B)"
            for name, value in found["accuracy"].items()
        )
        worst = min(value - whole for value in found["accuracy"].values())
        return f"{whole:.2%} unrolled float32 (n = {found['test_samples']}); {listed}", worst >= -0.01

    return got


def mixed(results: Results) -> tuple[str, bool]:
    parts, fine, judged = [], True, 0
    for row in results["mixed"]["networks"]:
        held = row["files"]
        lost = {name: (held["float32"]["accuracy"] - file["accuracy"]) * 100 for name, file in held.items()}
        parts.append(
            f"{row['recipe']} seed {row['seed']}: int8 -{lost['int8']:.2f}, mixed -{lost['mixed']:.2f} points, "
            f"{held['mixed']['bytes']} bytes (fp16 {held['fp16']['bytes']})"
        )
        if lost["int8"] > 1:  # elsewhere plain int8 is good enough, and a mixed file no figure
            judged += 1
            fine &= lost["mixed"] <= 0.5 and held["mixed"]["bytes"] < held["fp16"]["bytes"]
    return f"{judged} rows judged, where int8 loses over 1 point; " + "; ".join(parts), fine and judged >= 1


def xnnpack(runtime: str) -> Callable[[Results], tuple[str, bool]]:
    """Nodes and partitions, forecast against counted."""

    def got(results: Results) -> tuple[str, bool]:
        found = results["forecast_xnnpack"][runtime]
        text = f"{found['equal']} of {found['prepared']} files equal in nodes and partitions, {found['explained']} by a"
        return f"{text} named rule, {found['unexplained']} unexplained", found["unexplained"] == 0 < found["equal"]

    return got


def gpu_analyzer(*, all_that_is_forecast: bool) -> Callable[[Results], tuple[str, bool]]:
    """Nodes judged alike: by the whole forecast, or by the rules that the analyzer knows."""

    def got(results: Results) -> tuple[str, bool]:
        groups = results["forecast_gpu"]["summary"]
        nodes = sum(group["nodes"] for group in groups.values())
        if all_that_is_forecast:
            share = sum(group["as_the_analyzer"] for group in groups.values()) / nodes
            parts = ", ".join(f"{name} {group['as_the_analyzer_share']:.1%}" for name, group in groups.items())
            listed = f"{len(results['forecast_gpu']['differences'])} kinds of difference listed"
            return f"{share:.2%} of {nodes} nodes ({parts}); {listed}: versions, types, neighbours", share >= 0.98
        alike = sum(group["as_the_analyzer_in_what_it_asks_share"] * group["nodes"] for group in groups.values())
        return f"{alike / nodes:.2%} of {nodes} nodes", alike / nodes >= 0.98

    return got


def gpu_delegate(results: Results) -> tuple[str, bool]:
    found = results["forecast_gpu"]["summary"].values()
    judged = sum(group["files_the_delegate_judged"] for group in found)
    alike = sum(group["files_as_the_delegate"] for group in found)
    return f"{alike} of {judged} files as the delegate itself chooses (the others hold SPLIT)", alike / judged >= 0.98


def nnapi(results: Results) -> tuple[str, bool]:
    rows = results["forecast_nnapi"]["rows"]
    alike, files = sum(row["alike"] for row in rows), sum(row["files"] for row in rows)
    return f"{alike} of {files} (file, level) as the delegate itself chooses, levels 27 to 31", alike / files >= 0.98


def bisect(results: Results) -> tuple[str, bool]:
    found = results["bisect"]
    return f"{found['right']} of {found['asked']} named, {found['operators']} operators", found["right"] == found[
        "asked"
    ]


def rewrites(goal: str) -> Callable[[Results], tuple[str, bool]]:
    """Nodes left behind, before and after, of the files that a rewrite changes; the gain of each rewrite."""

    def got(results: Results) -> tuple[str, bool]:
        rows = [row for row in results["rewrites"]["rows"] if row["goal"] == goal and row.get("rewrites")]
        before, after = (sum(row[side]["left"] for row in rows) for side in ("before", "after"))
        gains = ", ".join(
            f"{line['rewrite']} {line['left']:+d}" for line in results["rewrites"]["by_rewrite"] if line["goal"] == goal
        )
        return f"{len(rows)} files, nodes left behind {before} -> {after}: {gains}", bool(rows) and after <= before

    return got


FIGURES = (
    Figure(name="model x road", asked="table; what does not convert names its op", got=roads),
    Figure(name="basic-pitch, formats", asked="equal to 1e-5", got=formats),
    Figure(name="convert against the bare library", asked="at most 1.15x on MobileNetV2", got=overhead),
    *(Figure(name=f"int8 bytes, {name}", asked="at most 1.3x the payload", got=payload(name)) for name in NETWORKS),
    *(
        Figure(
            name=f"{kind}: operators and bytes", asked="equal at T = 8, 29, 64, 256 unless unrolled", got=constant(kind)
        )
        for kind in ("lstm", "gru")
    ),
    *(
        Figure(
            name=f"{kind}, auto on {words}", asked="the faster in every row (by measuring all)", got=auto(place, kind)
        )
        for kind in ("lstm", "gru")
        for place, words in (("desktop", "the desktop"), ("android_library_x86", "the Android library (functional)"))
    ),
    *(
        Figure(name=f"{kind}: memory and conversion", asked="arena and seconds of every form", got=memory(kind))
        for kind in ("lstm", "gru")
    ),
    Figure(name="1st and 100th invocation", asked="equal outputs", got=again),
    Figure(name="bytes by precision", asked="each smaller than the float file", got=smaller),
    *(Figure(name=recipe, asked="accuracy in each form", got=recurrent_accuracy(recipe)) for recipe in RECURRENT),
    Figure(name="mixed", asked="within 0.5 point, smaller than fp16", got=mixed),
    Figure(name="XNNPACK forecast, desktop", asked="equal to the counted, or explained", got=xnnpack("desktop")),
    Figure(name="XNNPACK forecast, TFLite 2.16.1", asked="equal to the counted, or explained", got=xnnpack("android")),
    Figure(
        name="GPU forecast, what the analyzer asks",
        asked="as the analyzer in at least 98 % of the nodes",
        got=gpu_analyzer(all_that_is_forecast=False),
    ),
    Figure(
        name="GPU forecast, whole",
        asked="as the analyzer in at least 98 % of the nodes",
        got=gpu_analyzer(all_that_is_forecast=True),
    ),
    Figure(name="GPU forecast, the delegate", asked="(not asked) as the delegate itself", got=gpu_delegate),
    Figure(name="NNAPI forecast, the delegate", asked="(not asked) as the delegate itself", got=nnapi),
    Figure(name="wrong weight in 50 layers", asked="its operator named", got=bisect),
    *(
        Figure(name=f"rewrites for {goal}", asked="coverage gain of each", got=rewrites(goal))
        for goal in ("gpu", "nnapi", "xnnpack-sparse")
    ),
)

EXPERIMENTS = (
    Experiment(name="roads", command=("benchmarks/roads.py",)),
    Experiment(name="overhead", command=("benchmarks/convert_overhead.py",)),
    Experiment(name="dead_weight", command=("benchmarks/dead_weight.py",)),
    Experiment(name="recurrent", command=("benchmarks/recurrent.py",)),
    Experiment(name="mixed", command=("benchmarks/mixed.py",)),
    Experiment(name="low_bits", command=("benchmarks/low_bits.py",)),
    Experiment(name="forecast_xnnpack", command=("benchmarks/forecast.py", "--android")),
    Experiment(name="forecast_gpu", command=("benchmarks/forecast_gpu.py",)),
    Experiment(name="forecast_nnapi", command=("benchmarks/forecast_nnapi.py",)),
    Experiment(name="rewrites", command=("benchmarks/rewrites.py",)),
    Experiment(name="bisect", command=("benchmarks/wrong_weight.py",)),
)

if __name__ == "__main__":
    main("conversion", FIGURES, EXPERIMENTS)
