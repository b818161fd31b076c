"""A recipe's files made from one seed, and each one's score on every test sample.

The test split is opened by edgekit.evaluate, once the files are made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit import evaluate
from edgekit.artifact import Artifact
from edgekit.pipeline import artifacts
from edgekit.pipeline.session import open_session
from edgekit.progress import for_stderr


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """By variant, the baseline always among them; `scores` in the test split's order."""

    baseline: str
    artifacts: dict[str, Artifact]
    scores: dict[str, list[float]]

    @property
    def samples(self) -> int:
        """Of the test split."""
        return len(self.scores[self.baseline])

    @property
    def accuracy(self) -> dict[str, float]:
        """Mean scores."""
        return {name: sum(values) / len(values) for name, values in self.scores.items()}


def scored(
    recipe: str, variants: Sequence[str], seed: int, workspace: Path, say: Callable[[str], None] = print
) -> Scored:
    """Make the variants' files where they are not in the workspace yet, and judge them on the whole test split."""
    session = open_session(recipe, workspace, progress=for_stderr(), say=say, seed=seed)
    made = {item.variant.name: item for item in artifacts.convert(session, variants)}
    split = evaluate.test_split(session.source)
    layout = session.recipe.model.channels_last
    scores = {
        name: evaluate.artifact_scores(item.path, item.artifact, split, session.metric, layout).tolist()
        for name, item in made.items()
    }
    found = {name: item.artifact for name, item in made.items()}
    return Scored(baseline=session.recipe.baseline, artifacts=found, scores=scores)
