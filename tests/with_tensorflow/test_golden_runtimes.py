"""The golden job under tflite-runtime and tensorflow, each in its own environment, as a child process."""

from pathlib import Path

import pytest
from with_litert.golden_job import compare, run_golden_job

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = {"tflite-runtime": "2.14.0", "tensorflow": "2.21"}
NODES = {"tflite-runtime": [(3, 3, 1), (3, 0, 0)], "tensorflow": [(3, 3, 1), (3, 3, 1)]}
"""(total, delegated, partitions) of float and int8: in 2.14 XNNPACK does not take quantized operators by default."""


def python_of(runtime):
    """The environment's python; skips where `make` has not made it."""
    python = ROOT / f".venv-{runtime}" / "bin" / "python"
    if not python.exists():
        pytest.skip(f".venv-{runtime} is not there: make venv-{runtime}")
    return python


@pytest.mark.parametrize("runtime", ["tflite-runtime", pytest.param("tensorflow", marks=pytest.mark.slow)])
def test_the_golden_job_gives_the_golden_run(runtime, tmp_path):
    run = run_golden_job(runtime, tmp_path, python=python_of(runtime))
    assert run.environment.runtime_version.startswith(VERSIONS[runtime])
    compare(run, tmp_path, runtime=runtime, exact_nodes=False)
    nodes = [(case.nodes.total, case.nodes.delegated, case.nodes.partitions) for case in run.cases]
    assert nodes == NODES[runtime]
