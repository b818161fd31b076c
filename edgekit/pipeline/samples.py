"""The labelled test samples that a target itself runs, and the desktop's own answer to them.

The samples come from `edgekit.evaluate`, the only module that opens a test split.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.artifact import Artifact
from edgekit.pipeline.artifacts import Made
from edgekit.pipeline.session import Session
from edgekit.runner.protocol import FileRef, InputData
from edgekit.workspace import stage_key, write_by

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """`folder` holds input-<i>.npy (N, ...) in torch's layout and labels.npy. `key` is their identity."""

    folder: Path
    key: str
    count: int

    def load(self, name: str) -> "NDArray[Any]":
        """input-<i> or labels."""
        import numpy as np

        array: NDArray[Any] = np.load(self.folder / f"{name}.npy", allow_pickle=False)
        return array


def test_samples(session: Session) -> Samples:
    """The first `plan.accuracy_samples` test samples in seeded order."""
    count = session.recipe.plan.accuracy_samples
    inputs = {"data": session.identity("data"), "count": count, "seed": session.recipe.seed}
    key = stage_key("samples", sources=("edgekit.evaluate", __name__), inputs=inputs, tools=("numpy",))
    folder = session.workspace.kept("samples", key, lambda building: _save_samples(session, count, building))
    return Samples(folder=folder, key=key, count=json.loads((folder / "count.json").read_text()))


def _save_samples(session: Session, count: int, folder: Path) -> None:
    import numpy as np

    from edgekit import evaluate

    split = evaluate.test_split(session.source, limit=count, seed=session.recipe.seed)
    for index, array in enumerate(split.inputs):
        write_by(folder / f"input-{index}.npy", partial(np.save, arr=array))
    write_by(folder / "labels.npy", partial(np.save, arr=split.labels))
    (folder / "count.json").write_text(json.dumps(len(split)))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInputs:
    """An artifact's inputs as a job names them, and the local file behind each name."""

    check: tuple[InputData, ...]
    timing: tuple[InputData, ...]
    files: Mapping[str, Path]


def job_inputs(session: Session, samples: Samples, made: Made) -> JobInputs:
    """Write the samples in the artifact's own layout, once a layout, and describe them."""
    artifact = made.artifact
    channels_last = artifact.format == "tflite"
    layout = "artifact" if channels_last else "torch"
    inputs = {"samples": samples.key, "layout": layout, "channels_last": list(session.recipe.model.channels_last)}
    key = stage_key("inputs", sources=(__name__,), inputs=inputs, tools=("numpy",))

    def write(folder: Path) -> None:
        from edgekit.datasets.layout import to_channels_last

        arrays = tuple(samples.load(f"input-{index}") for index in range(len(artifact.inputs)))
        if channels_last:
            arrays = to_channels_last(arrays, session.recipe.model.channels_last)
        write_inputs(arrays, folder)

    folder = session.workspace.kept("inputs", key, write)
    return describe_inputs(folder, artifact)


def write_inputs(arrays: Sequence["NDArray[Any]"], folder: Path) -> None:
    """all-<i>.bin holds every sample, one-<i>.bin the first; meta.json says what they are."""
    import numpy as np

    meta = []
    for index, array in enumerate(arrays):
        little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
        sizes = {}
        for name, part in (("all", little), ("one", little[:1])):
            content = part.tobytes()
            (folder / f"{name}-{index}.bin").write_bytes(content)
            sizes[name] = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        meta.append({"dtype": str(array.dtype), "shape": [1, *array.shape[1:]], "count": len(array), **sizes})
    (folder / "meta.json").write_text(json.dumps(meta, indent=1))


def describe_inputs(folder: Path, artifact: Artifact) -> JobInputs:
    """Read back what `write_inputs` wrote, under the artifact's input names."""
    files: dict[str, Path] = {}

    def data(which: str) -> tuple[InputData, ...]:
        described = []
        for index, (info, meta) in enumerate(zip(artifact.inputs, metas, strict=True)):
            name = f"inputs/{meta[which]['sha256'][:16]}.bin"
            files[name] = folder / f"{which}-{index}.bin"
            described.append(
                InputData(
                    name=info.name,
                    data=FileRef(file=name, **meta[which]),
                    dtype=meta["dtype"],
                    shape=tuple(meta["shape"]),
                    count=meta["count"] if which == "all" else 1,
                )
            )
        return tuple(described)

    metas = json.loads((folder / "meta.json").read_text())
    return JobInputs(check=data("all"), timing=data("one"), files=files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The desktop's own outputs of an artifact on the samples: raw-<i>.npy, and the metric's score of each sample."""

    folder: Path
    scores: tuple[float, ...]

    def raw(self, index: int) -> "NDArray[Any]":
        """Output `index`, (N, ...), in the file's own dtype."""
        import numpy as np

        array: NDArray[Any] = np.load(self.folder / f"raw-{index}.npy", allow_pickle=False)
        return array


def reference(session: Session, samples: Samples, made: Made) -> Reference:
    """Run the artifact on the samples in this process, once."""
    inputs = {"samples": samples.key, "artifact": made.artifact.sha256, "metric": session.identity("metric")}
    sources = ("edgekit.evaluate", "edgekit.runner.batch", "edgekit.metrics", __name__)
    key = stage_key("reference", sources=sources, inputs=inputs, tools=("ai-edge-litert", "torch", "numpy"))
    folder = session.workspace.kept("reference", key, lambda building: _answer(session, samples, made, building))
    return Reference(folder=folder, scores=tuple(json.loads((folder / "scores.json").read_text())))


def _answer(session: Session, samples: Samples, made: Made, folder: Path) -> None:
    import numpy as np

    from edgekit import evaluate

    inputs = [samples.load(f"input-{index}") for index in range(len(made.artifact.inputs))]
    outputs = evaluate.artifact_outputs(made.path, made.artifact, inputs, session.recipe.model.channels_last)
    for index, array in enumerate(outputs.raw):
        write_by(folder / f"raw-{index}.npy", partial(np.save, arr=array))
    scores = session.metric.scores(outputs.floats(), samples.load("labels"))
    (folder / "scores.json").write_text(json.dumps([float(score) for score in scores]))
