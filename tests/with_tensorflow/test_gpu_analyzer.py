"""TensorFlow's own analyzer beside the GPU forecast, in its own environment."""

import json
import subprocess
from pathlib import Path

import pytest
from operator_files.writer import T, one
from with_tensorflow.test_golden_runtimes import python_of

from edgekit.delegates import predict
from edgekit.tflite import read

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_todays_analyzer_finds_every_file_compatible_so_an_older_one_is_asked(tmp_path):
    """When this fails, TensorFlow analyzes again: let benchmarks/forecast_gpu.py ask the newer one."""
    content = one("CEIL", [T((1, 4, 4, 2))], [T((1, 4, 4, 2))])
    path = tmp_path / "ceil.tflite"
    path.write_bytes(content)
    command = [str(python_of("tensorflow")), str(ROOT / "benchmarks/analyzer_child.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    answer = json.loads(done.stdout)
    assert answer["version"].startswith("2.21")
    assert answer["nodes"] == {}
    assert predict(read(content), "gpu").taken == 0
