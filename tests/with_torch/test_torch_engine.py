"""An exported program on the desktop: desktop:cpu@torch, and desktop:cuda@torch where there is a CUDA device."""

import hashlib
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgekit.runner.protocol import Case, FileRef, InputData, Job, SamplePlan, Warmup
from edgekit.target import parse_target
from edgekit.targets import open_target

DRIVER = Path("/proc/driver/nvidia/version")


class InPlace(nn.Module):
    """Writes into its own input."""

    def forward(self, x):
        return x.add_(1.0).relu()


def reference(path):
    content = path.read_bytes()
    return FileRef(file=path.name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


def exported(network, folder, samples):
    """(job on `delegate` -> Job, its files) of a program and its input samples."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(network, (torch.zeros(1, 3),)), folder / "m.pt2")
    samples.tofile(folder / "x.bin")
    data = InputData(name="x", data=reference(folder / "x.bin"), dtype="float32", shape=(1, 3), count=len(samples))

    def job(delegate):
        case = Case(
            id="c",
            artifact=reference(folder / "m.pt2"),
            delegate=delegate,
            runtime="torch",
            inputs=(data,),
            warmup=Warmup(min_runs=5, in_a_row=2, min_ns=0, max_ns=100_000_000),
            samples=SamplePlan(min_runs=20, min_ns=0, max_runs=20),
            outputs="all",
        )
        return Job(id="torch", edgekit="0.1.0", cases=(case,))

    return job, {"m.pt2": folder / "m.pt2", "x.bin": folder / "x.bin"}


SAMPLES = np.array([[-2, 0, 1], [3, -4, 5]], np.float32)


def result(delegate, tmp_path, network):
    job, files = exported(network, tmp_path, SAMPLES)
    target = open_target(parse_target(f"desktop:{delegate}@torch"))
    case = target.run(job(delegate), files, tmp_path / "answer").cases[0]
    values = None
    if case.status == "ok":
        values = np.fromfile(tmp_path / "answer" / case.outputs[0].data.file, np.float32).reshape(2, 3)
    return case, values


def test_a_program_that_writes_into_its_input_gets_a_copy_each_time(tmp_path):
    case, values = result("cpu", tmp_path, InPlace())
    assert (case.status, case.reason) == ("ok", "")
    assert values.tolist() == [[0, 1, 2], [4, 0, 6]]
    assert case.outputs[0].first_values == (0.0, 1.0, 2.0)
    assert len(case.samples.latency_ns) == len(case.samples.invoke_ns) == 20
    assert (case.nodes.total, case.nodes.delegated, case.phases.allocate_ns) == (None, None, None)


def test_a_broken_program_is_a_failed_case(tmp_path):
    job, files = exported(nn.ReLU(), tmp_path, SAMPLES)
    (tmp_path / "m.pt2").write_bytes(b"PK\3\4 no archive")
    broken = replace(job("cpu").cases[0], artifact=reference(tmp_path / "m.pt2"))
    run = open_target(parse_target("desktop:cpu@torch")).run(replace(job("cpu"), cases=(broken,)), files, tmp_path)
    assert run.cases[0].status == "failed"
    assert run.cases[0].reason


@pytest.mark.skipif(torch.cuda.is_available(), reason="this computer has a CUDA device")
def test_without_cuda_it_is_unsupported_with_its_reason(tmp_path):
    if not DRIVER.exists():
        assert open_target(parse_target("desktop:cuda@torch")).probe() == "this computer has no CUDA device"
    case, _ = result("cuda", tmp_path, nn.ReLU())
    assert (case.status, case.reason) == ("unsupported", "torch sees no CUDA device on this computer")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device on this computer")
def test_cuda_gives_the_cpus_answer(tmp_path):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 3))
    assert open_target(parse_target("desktop:cuda@torch")).probe() is None
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cuda").mkdir()
    _, wanted = result("cpu", tmp_path / "cpu", network)
    case, values = result("cuda", tmp_path / "cuda", network)
    assert (case.status, case.reason) == ("ok", "")
    assert np.abs(values - wanted).max() <= 1e-3  # TF32 has 10 bits
    assert all(0 < inner <= outer for outer, inner in zip(case.samples.latency_ns, case.samples.invoke_ns, strict=True))
