"""Stand-ins for the seams: a target without a process, an adb program that is a script."""

import hashlib
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

from edgekit.artifact import Artifact, TensorInfo
from edgekit.measure.series import Subject
from edgekit.runner.protocol import (
    CaseResult,
    Environment,
    FileRef,
    InputData,
    Nodes,
    OutputData,
    Run,
    Samples,
    Threads,
)
from edgekit.target import TargetSpec
from edgekit.targets import Identity

ENVIRONMENT = Environment(
    runner="portable",
    runner_version="0.1.0",
    context="shell",
    runtime="litert",
    runtime_version="0",
    system="none",
    machine="none",
    cpu="none",
    cores=1,
    page_bytes=4096,
)


class FakeTarget:
    """Answers every job at once: latency 1000 ns times the factor of the artifact, a little more each launch."""

    def __init__(self, factors, *, gone_after=None, status=None, crashes=(), emulator=False):
        self.spec = TargetSpec(kind="loopback", address="0", delegate="cpu")
        self.factors, self.gone_after, self.status = factors, gone_after, status or {}
        self.environment = replace(ENVIRONMENT, emulator=emulator)
        self.jobs = []
        self.identities = [Identity(device="fake", boot="1")]
        """What `identity` answers, one after the other; the last one stays."""
        self.crashes = list(crashes)
        """Model files whose next launch ends without an answer, once for each time they stand here."""

    def probe(self):
        return None

    def identity(self):
        return self.identities.pop(0) if len(self.identities) > 1 else self.identities[0]

    def run(self, job, files, answer):
        if self.gone_after is not None and len(self.jobs) >= self.gone_after:
            raise self.gone_error()
        self.jobs.append(job)
        case = job.cases[0]
        name = case.artifact.file
        if name in self.crashes:
            from edgekit.errors import RunnerError

            self.crashes.remove(name)
            raise RunnerError("the runner was ended by SIGKILL", "the model breaks the runtime")
        status = self.status.get(name, "ok")
        result = CaseResult(
            id=case.id,
            status=status,
            reason="" if status == "ok" else f"{name} is {status}",
            threads=Threads(asked=1),
        )
        if status == "ok":
            result = self._measured(case, name, answer)
        return Run(job=job.id, environment=self.environment, cases=(result,))

    def gone_error(self):
        from edgekit.errors import DeviceGone

        return DeviceGone("the device vanished", "attach it again", serial="x")

    def _measured(self, case, name, answer):
        content = struct.pack("<3f", 0.1, 0.7, 0.2) * (case.inputs[0].count if case.outputs == "all" else 1)
        path = answer / f"outputs/{case.id}-0.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        base = round(1000 * self.factors[name] * (1 + 0.001 * len(self.jobs)))
        timed = case.samples.max_runs > 0
        return CaseResult(
            id=case.id,
            status="ok",
            samples=Samples(latency_ns=(base,) * 64 if timed else (), invoke_ns=(base - 100,) * 64 if timed else ()),
            threads=Threads(asked=case.threads, seen_before=1, seen_after=1),
            nodes=Nodes(total=3, delegated=3, partitions=1),
            outputs=(
                OutputData(
                    name="out",
                    data=FileRef(
                        file=f"outputs/{case.id}-0.bin",
                        sha256=hashlib.sha256(content).hexdigest(),
                        size_bytes=len(content),
                    ),
                    dtype="float32",
                    shape=(1, 3),
                    count=len(content) // 12,
                    first_values=(0.1, 0.7, 0.2),
                ),
            ),
        )

    def close(self):
        pass


def subject(folder: Path, name: str, *, blocked: str = "") -> Subject:
    """A subject whose model file holds its own name."""
    content = name.encode()
    model = FileRef(file=f"models/{name}", sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
    (folder / name).write_bytes(content)
    data = InputData(
        name="x", data=FileRef(file="inputs/x", sha256="0", size_bytes=4), dtype="float32", shape=(1, 1), count=5
    )
    artifact = Artifact(
        file=name,
        format="tflite",
        sha256=model.sha256,
        size_bytes=len(content),
        compressed_bytes=len(zlib.compress(content, 9)),
        recipe="fake",
        variant=name,
        precision="float32",
        parameters=1,
        macs=1,
        inputs=(TensorInfo(name="x", shape=(1, 1), dtype="float32"),),
        outputs=(TensorInfo(name="out", shape=(1, 3), dtype="float32"),),
        source_sha256="0",
    )
    return Subject(
        variant=name,
        artifact=artifact,
        model=model,
        check_inputs=(data,),
        timing_inputs=(data,),
        files={model.file: folder / name, "inputs/x": folder / name},
        blocked=blocked,
    )


ADB_SCRIPT = """#!{python}
import json, pathlib, sys
state = json.loads(pathlib.Path({state!r}).read_text())
log = pathlib.Path({log!r})
with log.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + chr(10))
arguments = sys.argv[1:]
if arguments[:1] == ["devices"]:
    sys.stdout.write("* daemon started successfully" + chr(10) + "List of devices attached" + chr(13) + chr(10))
    for serial, kind in state["devices"].items():
        sys.stdout.write(serial + chr(9) + kind + " usb:1-1 model:Pixel_8" + chr(13) + chr(10))
    sys.exit(0)
if arguments[:1] == ["-s"]:
    words = arguments[2:]
    if state.get("error"):
        sys.stderr.write(state["error"] + chr(10))
        sys.exit(1)
    if words[0] == "shell":
        stdout, stderr, code = state["shell"].get(words[-1], ["", "not found", 127])
        sys.stdout.write(stdout)
        sys.stderr.write(stderr)
        sys.exit(code)
sys.exit(9)
"""


class FakeAdb:
    """An `adb` program in `folder`, put first on PATH; `calls` are the argument lists it got."""

    def __init__(self, folder: Path, monkeypatch, **state):
        import sys

        self.log = folder / "calls.log"
        self.state = folder / "state.json"
        self.set(**{"devices": {}, "shell": {}, **state})
        program = folder / "adb"
        program.write_text(ADB_SCRIPT.format(python=sys.executable, state=str(self.state), log=str(self.log)))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.delenv("ANDROID_SERIAL", raising=False)

    def set(self, **state):
        self.state.write_text(json.dumps(state))

    @property
    def calls(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
