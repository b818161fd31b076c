"""What the tests of the app's launches share: a job, the hints, what Android remembers of a process's end."""

import hashlib

import pytest

from edgekit.runner.protocol import Case, FileRef, Job

DOCTOR = "edgekit doctor --device writes down what works there"
INSTALL = "edgekit runner install --serial R3CN30"
BREAKS = "the model breaks the runtime"
MODEL = b"a model"
JOB = Job(
    id="job1",
    edgekit="0.1.0",
    cases=(
        Case(
            id="c0",
            artifact=FileRef(file="models/m.tflite", sha256=hashlib.sha256(MODEL).hexdigest(), size_bytes=len(MODEL)),
            delegate="gpu",
            limit_ns=30_000_000_000,
        ),
    ),
)


def exits(reason, status, description="null", pid=77):
    return (
        "ACTIVITY MANAGER PROCESS EXIT INFO (dumpsys activity exit-info)\n  package: dev.edgekit.runner\n"
        "    Historical Process Exit for uid=10123\n        ApplicationExitInfo #0:\n"
        f"          timestamp=2026-11-25 04:42:00.000 pid={pid} realUid=10123 packageUid=10123 user=0\n"
        f"          process=dev.edgekit.runner reason={reason} (SOMETHING) subreason=0 (UNKNOWN) status={status}\n"
        f"          importance=100 pss=0.00 rss=0.00 description={description} state=empty trace=null\n"
    )


def sentence(kind, launch):
    with pytest.raises(kind) as caught:
        launch()
    assert type(caught.value) is kind
    return caught.value.message, caught.value.hint
