"""What a method without a neural network reaches on the same test samples: a note under the report."""

import json
from pathlib import Path

from edgekit.pipeline.samples import Samples
from edgekit.pipeline.session import Session
from edgekit.workspace import stage_key

TOOLS = ("scikit-learn", "numpy")


def yardstick_notes(session: Session, samples: Samples) -> tuple[str, ...]:
    """`TF-IDF + logistic regression, no network, on the same 500 test samples: top-1 0.802`; none without a yardstick.

    Fitted on train alone, once a workspace.
    """
    inputs = {"samples": samples.key, "data": session.identity("data"), "metric": session.identity("metric")}
    key = stage_key("yardstick", sources=("edgekit.evaluate", __name__), inputs=inputs, tools=TOOLS)
    folder = session.workspace.kept("yardstick", key, lambda building: _measure(session, samples, building))
    return tuple(json.loads((folder / "notes.json").read_text()))


def _measure(session: Session, samples: Samples, folder: Path) -> None:
    notes = []
    yardstick = session.source.yardstick
    if yardstick is not None:
        inputs = tuple(samples.load(f"input-{index}") for index in range(len(session.source.input_names)))
        outputs = yardstick.fit_and_predict(session.data.train, inputs)
        value = session.metric.value((outputs,), samples.load("labels"))
        shown = f"{value:.1%}" if session.metric.name == "top-1" else f"{value:.4g}"
        said = f"{yardstick.name}, no network, on the same {samples.count} test samples"
        notes.append(f"{said}: {session.metric.name} {shown}")
    (folder / "notes.json").write_text(json.dumps(notes))
