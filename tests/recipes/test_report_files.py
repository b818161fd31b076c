"""What a run leaves in its report's folder: every format, the JSON by its schema, the HTML with everything in it."""

import json

from json_schema_check import problems
from recipes.conftest import ROOT

from edgekit.report import EXTENSIONS


def test_the_folder_of_a_report(digits):
    workspace, report, _ = digits
    folder = workspace / "first-report"
    assert {path.name for path in folder.iterdir()} == {f"report.{ending}" for ending in EXTENSIONS.values()}
    written = json.loads((folder / "report.json").read_text())
    assert written == report
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    assert problems(written, schema) == []


def test_the_operators_and_tools_of_every_file(digits):
    _, report, _ = digits
    rows = {row["variant"]: row for row in report["rows"] if row["target"] == "desktop:cpu"}
    layers = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "MAX_POOL_2D": 3}
    assert rows["float32"]["operators"] == rows["pruned-qat-int8"]["operators"] == layers
    assert rows["fp16"]["operators"] == layers | {"DEQUANTIZE": 4}
    for row in report["rows"]:
        assert sum(row["operators"].values()) == row["measurement"]["nodes"]["total"], "all of them are nodes"
        assert row["tools"]["torch"].startswith("2.")


def test_the_html_of_a_recipe_is_small_and_whole(digits):
    workspace, report, _ = digits
    content = (workspace / "first-report" / "report.html").read_bytes()
    assert len(content) < 1_000_000
    text = content.decode()
    for heading in ("Size against top-1", "Latency of each launch", "From the file", "Operators in", "All rows"):
        assert f">{heading}" in text
    for row in report["rows"]:
        assert row["artifact_sha256"] in text
        assert f">{row['size_bytes']}</td>" in text
