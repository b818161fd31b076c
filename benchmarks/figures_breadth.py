"""Acceptance figures of breadth: recipes, distillation, the report, bad input.

python benchmarks/figures_breadth.py [--remake]
"""

from collections.abc import Callable
from statistics import mean

from figures import Experiment, Figure, Results, main

KNOWN = {
    "fashion_cnn": ("91.9 % after 4 epochs", 0.919),
    "fashion_resnet20": ("", 0.0),
    "vowels_rnn": ("93.8 to 95.4 %", 0.938),
    "digits_speech_rnn": ("96.3 to 98.2 %", 0.963),
}
"""Recipe -> what was measured by hand before, and its lower end."""
WITHIN = 0.01


def baseline(recipe: str) -> Callable[[Results], tuple[str, bool]]:
    """Three seeds on the whole test split, and their spread."""

    def got(results: Results) -> tuple[str, bool]:
        found = results[recipe]["seeds"]
        values = [next(iter(seed["accuracy"].values())) for seed in found]
        text = f"{mean(values):.2%} ({min(values):.2%} to {max(values):.2%}; n = {found[0]['test_samples']})"
        return text, len(values) == 3 and mean(values) >= KNOWN[recipe][1] - WITHIN

    return got


def snippets(results: Results) -> tuple[str, bool]:
    found = results["snippets_transformer"]["seeds"]
    values = [next(iter(seed["accuracy"].values())) for seed in found]
    text = f"{mean(values):.2%} ({min(values):.2%} to {max(values):.2%}; n = {found[0]['test_samples']})"
    return text, len(values) == 3 and mean(values) >= 0.78


def int8(recipe: str) -> Callable[[Results], tuple[str, bool]]:
    """The change of every seed, paired, in points."""

    def got(results: Results) -> tuple[str, bool]:
        changes = [[value * 100 for value in seed["change"]] for seed in results[recipe]["seeds"]]
        listed = ", ".join(f"{value:+.2f} [{low:+.2f}, {high:+.2f}]" for value, low, high in changes)
        samples = results[recipe]["seeds"][0]["test_samples"]
        why = f"; one of the {samples} test samples is {100 / samples:.2f} points" if samples < 500 else ""
        return f"{listed} points{why}", len(changes) == 3 and all(low >= -1.0 for _, low, _ in changes)

    return got


def gain(name: str, least: float | None) -> Callable[[Results], tuple[str, bool]]:
    """A taught student against the same student alone, in points."""

    def got(results: Results) -> tuple[str, bool]:
        found = results["distillation"]["gains"][name]
        centre, low, high = (value * 100 for value in found["over_seeds"])
        listed = ", ".join(f"{change * 100:+.2f}" for change, _, _ in found["seeds"])
        text = f"{centre:+.2f} points, interval over seeds [{low:+.2f}, {high:+.2f}] ({listed})"
        return text, len(found["seeds"]) == 3 and (least is None or centre >= least)

    return got


def fuzz(results: Results) -> tuple[str, bool]:
    parsers = results["fuzz"]["parsers"]
    fewest = min(parser["inputs"] for parser in parsers.values())
    crashes, hangs = (sum(parser[key] for parser in parsers.values()) for key in ("crashes", "hangs"))
    peak = max(parser["peak_rss_bytes"] - parser["baseline_rss_bytes"] for parser in parsers.values())
    text = f"{len(parsers)} parsers, each at least {fewest} inputs: {crashes} crashes, {hangs} hangs"
    return f"{text}, at most {peak / 1e6:.0f} MB more memory", fewest >= 20_000 and crashes == hangs == 0


def page_size(results: Results) -> tuple[str, bool]:
    found = results["html_report"]["demo"]
    said, asked = len(found["console_messages"]), len(found["requests"])
    text = f"{found['html_bytes']} bytes, {said} console messages, {asked} requests in {found['pages_shown']} views"
    return text, found["html_bytes"] < 1_000_000 and found["pages_shown"] > 0 and said == asked == 0


def page_time(results: Results) -> tuple[str, bool]:
    found = results["html_report"]
    ratios = (found["python"]["html"]["median_ratio"], found["browser"]["load_and_sort"]["median_ratio"])
    return f"written {ratios[0]:.1f}x, loaded and sorted in Chromium {ratios[1]:.1f}x", max(ratios) <= 12


def readme(results: Results) -> tuple[str, bool]:
    found = results["readme"]
    return f"exit code {found['exit_code']}: {found['last_line']}", found["exit_code"] == 0 and found["passed"] > 0


FIGURES = (
    *(
        Figure(
            name=f"{recipe.replace('_', '-')} baseline",
            asked=f"3 seeds, within 1 point of {text}" if text else "3 seeds (no figure known before)",
            got=baseline(recipe),
        )
        for recipe, (text, _) in KNOWN.items()
    ),
    Figure(name="snippets-transformer baseline", asked="3 seeds, >= 78 % (TF-IDF: 80.2 %)", got=snippets),
    *(
        Figure(
            name=f"{recipe.replace('_', '-')} int8",
            asked="3 seeds, whole paired interval within 1 point",
            got=int8(recipe),
        )
        for recipe in (*KNOWN, "snippets_transformer")
    ),
    Figure(name="KD, all labels", asked="gain with its interval, whatever its sign", got=gain("all labels", None)),
    Figure(
        name="KD, 1,000 labels",
        asked=">= 1 point, same epochs (32 steps alone)",
        got=gain("1,000 labels, same epochs", 1.0),
    ),
    Figure(
        name="KD, 1,000 labels, same steps",
        asked=">= 1 point, alone for as many steps",
        got=gain("1,000 labels, same steps", 1.0),
    ),
    Figure(name="fuzzing", asked=">= 20,000 inputs a parser, 0 crashes, 0 hangs", got=fuzz),
    Figure(name="HTML report of a recipe", asked="< 1 MB, 0 console errors, 0 requests", got=page_size),
    Figure(name="HTML report, 1,000 rows", asked="<= 12x the time of 100", got=page_time),
    Figure(name="README's example", asked="what the command prints today", got=readme),
)

EXPERIMENTS = (
    Experiment(name="fuzz", command=("benchmarks/fuzz.py",)),
    Experiment(name="html_report", command=("benchmarks/html_report.py",)),
    Experiment(name="readme", command=("benchmarks/readme.py",)),
    Experiment(name="delegate_sizes", command=("benchmarks/delegate_sizes.py",)),
    Experiment(name="vowels_rnn", command=("benchmarks/recipe_seeds.py", "vowels-rnn")),
    Experiment(name="digits_speech_rnn", command=("benchmarks/recipe_seeds.py", "digits-speech-rnn")),
    Experiment(name="snippets_transformer", command=("benchmarks/recipe_seeds.py", "snippets-transformer")),
    Experiment(name="fashion_cnn", command=("benchmarks/recipe_seeds.py", "fashion-cnn")),
    Experiment(name="fashion_resnet20", command=("benchmarks/recipe_seeds.py", "fashion-resnet20")),
    Experiment(name="distillation", command=("benchmarks/distillation.py",)),
)

if __name__ == "__main__":
    main("breadth", FIGURES, EXPERIMENTS)
