"""The golden job under ai-edge-litert, and jobs that the runner must refuse in whole or in one case."""

import dataclasses
import json
import math
import shutil

import numpy as np
import pytest
from with_litert.golden_job import FILES, GOLDEN, compare, golden_job, run_golden_job

from edgekit.runner import protocol
from edgekit.runner.main import main


def test_the_golden_job_gives_the_golden_run(tmp_path):
    compare(run_golden_job("litert", tmp_path), tmp_path, runtime="litert", exact_nodes=True)


@pytest.fixture
def folder(tmp_path):
    """A job folder in which the golden job runs."""
    for name, path in FILES.items():
        shutil.copy(path, tmp_path / name)
    write(tmp_path, golden_job())
    return tmp_path


def write(folder, job):
    (folder / "job.json").write_text(protocol.dump_job(job))


def answers(folder):
    assert main([str(folder)]) == 0
    return protocol.load_run((folder / "run.json").read_bytes()).cases


def change_first(job, **changes):
    return dataclasses.replace(job, cases=(dataclasses.replace(job.cases[0], **changes), *job.cases[1:]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 3}, "version: format 3 is newer than this edgekit reads (up to 2)"),
        ({"version": None}, "version: null is not a version this edgekit reads (2)"),
        ({"color": 1}, "color: unknown key"),
        ({"case": []}, "case: unknown key, did you mean 'cases'?"),
        ({"schema": "edgekit.run"}, "schema: expected 'edgekit.job'"),
    ],
)
def test_a_job_that_cannot_be_read_is_refused_whole(folder, capfd, change, sentence):
    job = json.loads((folder / "job.json").read_bytes()) | change
    (folder / "job.json").write_text(json.dumps(job))
    assert main([str(folder)]) == 2
    assert capfd.readouterr().err == f"edgekit runner: job.json: {sentence}\n"
    assert not (folder / "run.json").exists()


def test_no_job_at_all(tmp_path, capfd):
    assert main([str(tmp_path)]) == 2
    assert "job.json: [Errno 2] No such file" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("artifact", "reason"),
    [
        ({"file": "gone.tflite"}, "gone.tflite is not there"),
        ({"sha256": "0" * 64}, "float.tflite has sha256 5b26c69dce2ba725..., the job says 0000000000000000..."),
        ({"size_bytes": 1}, "float.tflite has 2752 bytes, the job says 1"),
        ({"file": "../float.tflite"}, "file name '../float.tflite' leaves the job's folder"),
        ({"file": "/etc/passwd"}, "file name '/etc/passwd' leaves the job's folder"),
        ({"file": ""}, "file name '' leaves the job's folder"),
        ({"file": "images.bin", "sha256": None, "size_bytes": 320}, "ValueError"),
    ],
)
def test_a_bad_artifact_fails_its_case_alone(folder, artifact, reason):
    job = golden_job()
    if "sha256" in artifact and artifact["sha256"] is None:
        artifact = {**artifact, "sha256": job.cases[0].inputs[0].data.sha256}
        reason = "ai-edge-litert"
    write(folder, change_first(job, artifact=dataclasses.replace(job.cases[0].artifact, **artifact)))
    first, second = answers(folder)
    assert first.status == "failed"
    assert first.reason.startswith(reason)
    assert (second.status, second.reason, len(second.samples.latency_ns)) == ("ok", "", 20)


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"inputs": ()}, "failed", "the model takes 1 inputs, the case brings 0"),
        ({"delegate": "gpu"}, "unsupported", "ai-edge-litert on this computer has no delegate gpu"),
        ({"runtime": "onnxruntime"}, "unsupported", "this runner has no runtime onnxruntime"),
        ({"options": {"fp16": True}}, "unsupported", "delegate cpu takes no option 'fp16' in this runner"),
        ({"id": "../../x"}, "failed", "file name 'outputs/../../x-0.bin' leaves the job's folder"),
        ({"runtime": "torch"}, "unsupported", "torch runs float32 variants only (an exported program, not a .tflite"),
    ],
)
def test_a_case_that_cannot_run_says_why(folder, changes, status, reason):
    write(folder, change_first(golden_job(), **changes))
    first, second = answers(folder)
    assert (first.status, second.status) == (status, "ok")
    assert first.reason.startswith(reason)
    assert not (folder.parent / "x-0.bin").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shape": (1, 16)}, "has shape [1, 4, 4, 1], the case brings [1, 16]"),
        ({"count": 4}, "input image: 320 bytes are not 4 samples of [1, 4, 4, 1]"),
        ({"dtype": "int32"}, "takes float32, the sample is int32"),
    ],
)
def test_inputs_that_do_not_fit(folder, changes, reason):
    job = golden_job()
    write(folder, change_first(job, inputs=(dataclasses.replace(job.cases[0].inputs[0], **changes),)))
    first, _ = answers(folder)
    assert first.status == "failed"
    assert reason in first.reason


def test_what_was_not_asked_for_is_not_measured(folder):
    samples = protocol.SamplePlan(max_runs=0)
    job = golden_job()
    write(folder, change_first(job, samples=samples, outputs="none"))
    first, second = answers(folder)
    assert first.samples == protocol.Samples()
    assert first.phases.warmup_ns is None
    assert first.phases.first_inference_ns > 0
    assert [(output.data, output.count, output.first_values) for output in first.outputs] == [(None, 0, ())]
    assert second.outputs[0].count == 5


def test_values_that_are_not_finite_are_left_out_and_kept_in_the_data(folder):
    images = np.fromfile(FILES["images.bin"], np.float32).reshape(5, 16)
    images[0] = math.nan
    content = images.tobytes()
    (folder / "images.bin").write_bytes(content)
    job = golden_job()
    data = dataclasses.replace(job.cases[0].inputs[0], data=protocol_reference("images.bin", content))
    write(folder, change_first(job, inputs=(data,)))
    first, _ = answers(folder)
    assert first.status == "ok"
    output = first.outputs[0]
    assert (output.count, output.first_values) == (5, ())
    values = np.fromfile(folder / output.data.file, np.float32).reshape(5, 3)
    wanted = np.fromfile(GOLDEN / "outputs" / "float-0.bin", np.float32).reshape(5, 3)
    assert np.isnan(values[0]).all()
    assert np.abs(values[1:] - wanted[1:]).max() <= 1e-5


def protocol_reference(name, content):
    import hashlib

    return protocol.FileRef(file=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


def test_a_run_is_written_whole_or_not_at_all(folder, monkeypatch, capfd):
    def broken(_):
        raise OSError("no space left")

    monkeypatch.setattr(protocol, "dump_run", broken)
    assert main([str(folder)]) == 3
    assert capfd.readouterr().err == "edgekit runner: its answer cannot be written: no space left\n"
    assert not list(folder.glob("run.json*"))
