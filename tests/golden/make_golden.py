"""How the golden files were made: python tests/golden/make_golden.py [runner] [protocol] [report]

runner/    a job with two cases (a float and an int8 model) and the run it gives, outputs included
protocol/  a job and a run that use every key, which Python and Java read
report/    a report with every kind of row, and what each renderer makes of it
"""

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from edgekit.compress import start
from edgekit.convert import post_training
from edgekit.convert.from_torch import to_tflite
from edgekit.report import EXTENSIONS, render
from edgekit.runner import protocol
from edgekit.runner.protocol import Case, FileRef, InputData, Job, SamplePlan

HERE = Path(__file__).resolve().parent


def reference(folder: Path, name: str) -> FileRef:
    """A file of the job."""
    content = (folder / name).read_bytes()
    return FileRef(file=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


def make_runner() -> None:
    """A network of one convolution and one linear layer."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 3)).eval()
    images = np.random.default_rng(0).random((5, 1, 4, 4)).astype(np.float32)
    model = start.start(network, (images[:1],), input_names=("image",), channels_last=(0,))
    content = to_tflite(network, model)
    moved = np.ascontiguousarray(np.moveaxis(images, 1, -1))
    folder = HERE / "runner"
    (folder / "float.tflite").write_bytes(content)
    (folder / "int8.tflite").write_bytes(post_training.to_static_int8(content, [(row[None],) for row in moved]))
    (folder / "images.bin").write_bytes(moved.tobytes())
    data = InputData(name="image", data=reference(folder, "images.bin"), dtype="float32", shape=(1, 4, 4, 1), count=5)
    cases = tuple(
        Case(
            id=name,
            artifact=reference(folder, f"{name}.tflite"),
            delegate="cpu",
            inputs=(data,),
            samples=SamplePlan(min_runs=20, min_ns=0, max_runs=20),
            warmup=dataclasses.replace(protocol.Warmup(), min_runs=5, in_a_row=2, min_ns=0, max_ns=100_000_000),
            outputs="all",
        )
        for name in ("float", "int8")
    )
    (folder / "job.json").write_text(protocol.dump_job(Job(id="golden", edgekit="0.1.0", cases=cases)) + "\n")
    subprocess.run([sys.executable, "-m", "edgekit.runner", str(folder)], check=True)


def make_report() -> None:
    """Each renderer's text of tests/golden/report_data.py's report."""
    sys.path.insert(0, str(HERE))
    from report_data import REPORT

    for format, ending in EXTENSIONS.items():
        (HERE / "report" / f"report.{ending}").write_text(render(REPORT, format))


def make_protocol() -> None:
    """Every key of both formats, set."""
    run = protocol.load_run((HERE / "runner" / "run.json").read_bytes())
    state = protocol.DeviceState(
        monotonic_ns=1,
        load_average=0.5,
        steal_ticks=3,
        involuntary_switches=4,
        cpu_khz=(1_000_000, 2_000_000),
        cpu_max_khz=(2_000_000, 2_000_000),
        canary_ns=5_000_000,
        thermal_status=0,
        battery_percent=80,
        battery_decicelsius=271,
        foreground=True,
    )
    memory = protocol.Memory(**dict.fromkeys(protocol.Memory.__dataclass_fields__, 4096))
    phases = protocol.Phases(**dict.fromkeys(protocol.Phases.__dataclass_fields__, 1000))
    full = dataclasses.replace(
        run.cases[1],
        reason="",
        phases=phases,
        memory=memory,
        before=state,
        after=state,
        threads=protocol.Threads(asked=2, seen_before=21, seen_after=22),
        nodes=protocol.Nodes(total=5, delegated=5, partitions=1, plan_length=1),
        samples=protocol.Samples(
            latency_ns=(7000, 7100), invoke_ns=(6000, 6100), warmup_runs=40, warmup_converged=True
        ),
    )
    refused = protocol.CaseResult(
        id="gpu", status="unsupported", reason="no OpenCL on this device", threads=protocol.Threads(asked=1)
    )
    environment = dataclasses.replace(
        run.environment,
        runner="android",
        context="app",
        system="Android 15",
        machine="arm64-v8a",
        cpu="Tensor G3",
        cores=9,
        page_bytes=16384,
        device="Google Pixel 8",
        emulator=True,
        runtime_version="2.16.1",
        versions={"app": "0.1.0"},
    )
    text = protocol.dump_run(protocol.Run(job="golden", environment=environment, cases=(full, refused)))
    (HERE / "protocol" / "run.json").write_text(text + "\n")
    job = protocol.load_job((HERE / "runner" / "job.json").read_bytes())
    cases = (
        dataclasses.replace(job.cases[0], options={"fp16": True, "priority": 1, "share": 0.5, "name": "a b"}),
        job.cases[1],
    )
    (HERE / "protocol" / "job.json").write_text(protocol.dump_job(dataclasses.replace(job, cases=cases)) + "\n")


MAKERS = {"runner": make_runner, "protocol": make_protocol, "report": make_report}

if __name__ == "__main__":
    for name in sys.argv[1:] or MAKERS:
        MAKERS[name]()
