"""The files that edgekit reads: model files, recipes, jobs, runs, reports, the app's answer, a stored series."""

import io
import json
import random
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from fuzzing import json_text, toml_text
from fuzzing.drive import Parser
from fuzzing.mutate import mutated
from unit.tflite import built
from unit.tflite.test_reader import random_model, shown

from edgekit.delegates import DELEGATES, describe, predict
from edgekit.measure.folder import COMPLETE, load_complete
from edgekit.recipe.load import load
from edgekit.result.store import parse_report
from edgekit.runner import codec, protocol
from edgekit.targets.android_answer import unpack
from edgekit.tflite import read as read_model

TESTS = Path(__file__).resolve().parents[1]
GOLDEN = TESTS / "golden"
ROOT = TESTS.parent


def read(*paths: str) -> list[bytes]:
    return [(ROOT / path).read_bytes() for path in paths]


MODELS = read("tests/golden/runner/float.tflite", "tests/golden/runner/int8.tflite")
RECIPES = [path.read_bytes() for path in sorted((ROOT / "recipes").glob("*.toml"))]
JOBS = read("tests/golden/protocol/job.json", "tests/golden/runner/job.json")
RUNS = read("tests/golden/protocol/run.json", "tests/golden/runner/run.json")
REPORTS = read("tests/golden/report/report.json")


def model_parser() -> Parser:
    """The reader, and all that `edgekit inspect` does with what it read."""

    def make(chance: random.Random) -> bytes:
        if chance.random() < 0.4:
            content = built.file(random_model(chance))
            return content if chance.random() < 0.3 else mutated(chance, [content])
        return mutated(chance, MODELS)

    def take(content: bytes) -> bool:
        if not shown(content):
            return False
        model = read_model(content)
        return all(bool(describe.render(predict(model, delegate))) for delegate in DELEGATES)

    return Parser(name="tflite", make=make, take=take)


def recipe_parser() -> Parser:
    folder = Path(tempfile.mkdtemp(prefix="edgekit-fuzz-"))
    file = folder / "recipe.toml"

    def take(content: bytes) -> bool:
        file.write_bytes(content)
        loaded = load(file)
        return bool(repr(loaded))

    return Parser(name="recipe", make=lambda chance: toml_text.changed(chance, RECIPES), take=take)


def _json_parser(name: str, seeds: list[bytes], loaded: Callable[[bytes], object], error: type[Exception]) -> Parser:
    """What is accepted is written again, and read again as the same."""

    def take(content: bytes) -> bool:
        try:
            value = loaded(content)
        except error as problem:
            assert len(str(problem)) <= 1000, f"a sentence of {len(str(problem))} characters"
            return False
        assert loaded(codec.dumps(value).encode()) == value
        return True

    return Parser(name=name, make=lambda chance: json_text.changed(chance, seeds), take=take)


def job_parser() -> Parser:
    return _json_parser("job", JOBS, protocol.load_job, codec.CodecError)


def run_parser() -> Parser:
    return _json_parser("run", RUNS, protocol.load_run, codec.CodecError)


def report_parser() -> Parser:
    from edgekit.errors import ResultError

    return _json_parser("report", REPORTS, parse_report, ResultError)


def series_parser() -> Parser:
    """The summary of a measured series; a damaged one is no series, never an error."""
    folder = Path(tempfile.mkdtemp(prefix="edgekit-fuzz-"))
    measured = [row["measurement"] for row in json.loads(REPORTS[0])["rows"] if row["measurement"]]
    seed = {"measurements": measured, "scores": {"a": [0.0, 1.0]}, "finished_unix": 1.7e9}

    def take(content: bytes) -> bool:
        (folder / COMPLETE).write_bytes(content)
        found = load_complete(folder)
        return found is not None and found[1] >= 0

    seeds = [json.dumps(seed).encode()]
    return Parser(name="series", make=lambda chance: json_text.changed(chance, seeds), take=take)


def answer_parser() -> Parser:
    """The zip that the app sends: damaged, packed in other ways, with another run in it."""
    folder = Path(tempfile.mkdtemp(prefix="edgekit-fuzz-"))
    runner = GOLDEN / "runner"
    job = protocol.load_job((runner / "job.json").read_bytes())
    run = (runner / "run.json").read_bytes()
    outputs = {f"outputs/{path.name}": path.read_bytes() for path in sorted((runner / "outputs").iterdir())}

    def zipped(run_json: bytes, method: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, content in {"run.json": run_json, **outputs}.items():
                archive.writestr(name, content)
        return buffer.getvalue()

    whole = [zipped(run, method) for method in range(15) if method in METHODS]

    def make(chance: random.Random) -> bytes:
        if chance.random() < 0.3:
            return zipped(json_text.changed(chance, [run]), chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
        return mutated(chance, whole)

    def take(content: bytes) -> bool:
        return unpack(content, job, folder / "answer", serial="s").job == job.id

    def tidy() -> None:
        shutil.rmtree(folder / "answer", ignore_errors=True)

    return Parser(name="android answer", make=make, take=take, tidy=tidy)


METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
