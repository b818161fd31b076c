"""What a command may import before it does anything: the interpreter starts fresh for each."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN = (
    *("torch", "tensorflow", "numpy", "ai_edge_litert", "litert_torch", "cryptography", "rich", "adb_shell"),
    *("sklearn", "PIL", "flatbuffers", "torch_pruning", "litert_quantizer"),
)
GOLDEN_REPORT = Path(__file__).parent / "golden" / "report" / "report.json"
PROBE = """
import contextlib, io, json, sys
from edgekit.cli.main import main
code = 0
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    try:
        main(sys.argv[2:])
    except SystemExit as stop:
        code = stop.code
loaded = [name for name in json.loads(sys.argv[1]) if name in sys.modules]
sys.stdout.write(json.dumps([code, loaded]))
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], 0),
        (["run", "--help"], 0),
        (["recipes"], 0),
        (["report", str(GOLDEN_REPORT)], 0),
        (["report", str(GOLDEN_REPORT), "--format", "html"], 0),
        (["run", "no-such-recipe.toml"], 2),
    ],
    ids=lambda value: " ".join(Path(word).name for word in value) if isinstance(value, list) else str(value),
)
def test_nothing_heavy_at_start(arguments, expected):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(FORBIDDEN), *arguments], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [expected, []]


def test_devices_imports_nothing_heavy_where_adb_is_a_program(tmp_path):
    """With an adb program on PATH, listing devices needs neither adb-shell nor cryptography."""
    adb = tmp_path / "adb"
    adb.write_text("#!/bin/sh\necho 'List of devices attached'\n")
    adb.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(FORBIDDEN), "devices"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert json.loads(done.stdout) == [0, []]
