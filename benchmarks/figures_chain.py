"""Acceptance figures of the chain, end to end: python benchmarks/figures_chain.py [--remake]"""

from math import sqrt
from statistics import mean, stdev

from figures import Experiment, Figure, Results, main

T_OF_FIVE = 2.776
"""Student's t, 95 %, 4 degrees of freedom."""


def demo(results: Results) -> tuple[str, bool]:
    fresh = results["fresh_clone"]
    first, rows = fresh["demo"], fresh["rows"]
    ok = sum(row["status"] == "ok" for row in rows)
    return (
        f"exit {first['exit_code']}, {ok} of {len(rows)} rows ok, {first['seconds']:.0f} s "
        f"(after an installation of {fresh['installation']['seconds']:.0f} s)",
        first["exit_code"] == 0 and ok == len(rows) == 8 and first["seconds"] <= 300,
    )


def second_demo(results: Results) -> tuple[str, bool]:
    fresh = results["fresh_clone"]
    second, changed = fresh["second_demo"], fresh["files_changed_by_second_demo"]
    text = (
        f"exit {second['exit_code']}, {len(changed)} of {fresh['files_kept']} files changed, {second['seconds']:.1f} s"
    )
    return text, second["exit_code"] == 0 and not changed and second["seconds"] <= 10


def make_test(results: Results) -> tuple[str, bool]:
    fresh = results["fresh_clone"]
    test, seconds = fresh["test"], fresh["installation"]["seconds"] + fresh["test"]["seconds"]
    text = f"exit {test['exit_code']}, {seconds:.0f} s with the installation, {test['last_lines'][-1].strip('= ')}"
    return text, test["exit_code"] == 0 and seconds <= 900


def float_accuracy(results: Results) -> tuple[str, bool]:
    values = [seed["accuracy"]["float32"] for seed in results["digits_seeds"]["seeds"]]
    samples = results["digits_seeds"]["seeds"][0]["test_samples"]
    listed = " ".join(f"{value:.2%}" for value in values)
    return f"mean {mean(values):.2%}, least {min(values):.2%} ({listed}; n = {samples})", len(values) == 5 and min(
        values
    ) >= 0.97


def qat_change(results: Results) -> tuple[str, bool]:
    changes = [seed["change"][0] * 100 for seed in results["digits_seeds"]["seeds"]]
    centre, half = mean(changes), T_OF_FIVE * stdev(changes) / sqrt(len(changes))
    paired = [[value * 100 for value in seed["change"]] for seed in results["digits_seeds"]["seeds"]]
    listed = " ".join(f"{value:+.2f} [{low:+.2f}, {high:+.2f}]" for value, low, high in paired)
    text = f"{centre:+.2f} points, interval over seeds [{centre - half:+.2f}, {centre + half:+.2f}]; paired: {listed}"
    return text, len(changes) == 5 and centre >= -1.0


def fewer_macs(results: Results) -> tuple[str, bool]:
    shares = [1 - seed["macs"][1] / seed["macs"][0] for seed in results["digits_seeds"]["seeds"]]
    return f"{min(shares):.1%} to {max(shares):.1%}", min(shares) >= 0.5


def scales(results: Results) -> tuple[str, bool]:
    seeds = results["digits_seeds"]["seeds"]
    triples = [(seed["quantized_tensors"], seed["quantized_compared"], seed["quantized_equal"]) for seed in seeds]
    return " ".join("=".join(map(str, triple)) for triple in triples), all(
        triple[0] and len(set(triple)) == 1 for triple in triples
    )


def within_lsb(results: Results) -> tuple[str, bool]:
    shares = [seed["share_within_1_lsb"] for seed in results["digits_seeds"]["seeds"]]
    samples = results["digits_seeds"]["seeds"][0]["parity_samples"]
    return f"least {min(shares):.2%} ({samples} samples a seed)", min(shares) >= 0.99


def photographs(results: Results) -> tuple[str, bool]:
    rows = results["photographs"]["rows"]
    right = [row for row in rows if row["status"] in ("ok", "unstable") and row["accuracy"]["where"] == "target"]
    right = [row for row in right if row["accuracy"]["value"] == 1.0 and row["accuracy"]["samples"] == 2]
    wanted = {
        (variant, target) for variant in ("float32", "fp16", "int8") for target in ("desktop:cpu", "loopback:0:cpu")
    }
    found = {(row["variant"], row["target"]) for row in right}
    return f"{len(found & wanted)} of {len(wanted)} (variant, target) right, seen on the target", found >= wanted


def transfer_equal(results: Results) -> tuple[str, bool]:
    found = results["transfer"]
    return f"{'equal' if found['sha256_equal'] else 'DIFFERENT'} up and down", bool(found["sha256_equal"])


def transfer_speed(results: Results) -> tuple[str, bool]:
    found = results["transfer"]
    up, down = found["push_median_ratio"], found["pull_median_ratio"]
    return f"up {up:.3f}x, down {down:.3f}x (medians of {len(found['pairs'])} pairs)", min(up, down) >= 0.9


def verified_speed(results: Results) -> tuple[str, bool]:
    ratio = results["transfer"]["verified_push_median_ratio"]
    return f"up {ratio:.3f}x with both sha256 and the rename", ratio >= 0.9


def startup(results: Results) -> tuple[str, bool]:
    ratio = results["startup"]["median_ratio"]
    return f"{ratio:.3f}x (median of {results['startup']['pairs']} pairs)", ratio <= 1.3


def startup_imports(results: Results) -> tuple[str, bool]:
    found = results["startup"]["forbidden_imported"]
    return ", ".join(found) or "none", not found


def kill(results: Results) -> tuple[str, bool]:
    tries = [item for item in results["kill"]["tries"] if item["killed"]]
    fine = sum(item["exit_code"] == 0 and item["same_report"] for item in tries)
    return f"{fine} of {len(tries)} complete with the same report", fine == len(tries) >= 20


FIGURES = (
    Figure(name="make demo", asked="exit 0, report, <= 300 s after installation", got=demo),
    Figure(name="second make demo", asked="computes and measures nothing, <= 10 s", got=second_demo),
    Figure(name="make test", asked="passes, <= 900 s with installation", got=make_test),
    Figure(name="digits float", asked=">= 97 %, 5 seeds, half held back", got=float_accuracy),
    Figure(name="digits pruned + QAT int8", asked="within 1.0 point on average", got=qat_change),
    Figure(name="digits MACs", asked=">= 50 % fewer", got=fewer_macs),
    Figure(name="digits quantized tensors", asked="in the file = compared = equal", got=scales),
    Figure(name="digits int8 against fake-quant", asked=">= 99 % of outputs within 1 LSB", got=within_lsb),
    Figure(name="efficientnet-lite0", asked="espresso and a cat, 3 precisions, 2 targets", got=photographs),
    Figure(name="50 MB through adb-shell", asked="bit for bit", got=transfer_equal),
    Figure(name="50 MB, speed", asked=">= 0.9x of bare adb-shell", got=transfer_speed),
    Figure(name="50 MB, verified push", asked=">= 0.9x of bare adb-shell", got=verified_speed),
    Figure(name="edgekit --help", asked="<= 1.3x of import typer", got=startup),
    Figure(name="edgekit --help imports", asked="no heavy module", got=startup_imports),
    Figure(name="kill -9", asked="20 of 20 complete, same report", got=kill),
)

EXPERIMENTS = (
    Experiment(name="startup", command=("benchmarks/startup.py",)),
    Experiment(name="transfer", command=("benchmarks/transfer.py",)),
    Experiment(name="digits_seeds", command=("benchmarks/digits_seeds.py",)),
    Experiment(name="photographs", command=("benchmarks/photographs.py",)),
    Experiment(name="kill", command=("benchmarks/kill.py",)),
    Experiment(name="fresh_clone", command=("benchmarks/fresh_clone.py",)),
)

if __name__ == "__main__":
    main("chain", FIGURES, EXPERIMENTS)
