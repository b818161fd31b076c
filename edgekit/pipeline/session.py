"""What one command works with: the recipe, the workspace, and what the recipe's names stand for."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import RecipeError, UsageError
from edgekit.progress import Progress
from edgekit.recipe.functions import call, check_name, resolve, source_files
from edgekit.recipe.load import load
from edgekit.recipe.spec import FunctionRef, Recipe, VariantSpec
from edgekit.recipe.table import find_recipe
from edgekit.runner import codec
from edgekit.workspace import Workspace

if TYPE_CHECKING:
    from edgekit.datasets import Source
    from edgekit.datasets.load import TrainingData
    from edgekit.metrics import Metric

TABLES = {
    "model": "edgekit.zoo:NETWORKS",
    "data": "edgekit.datasets:SOURCES",
    "loss": "edgekit.compress:LOSSES",
    "metric": "edgekit.metrics:METRICS",
}
"""Where the recipe's names are looked up before they are taken as module:function."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """Passed from stage to stage. Data and functions are opened when first needed, so that a run that finds every
    file in the workspace opens nothing."""

    recipe: Recipe
    workspace: Workspace
    progress: Progress
    say: Callable[[str], None]
    serial: str = ""
    pythons: Mapping[str, str] = field(default_factory=dict)

    def reference(self, role: str) -> FunctionRef:
        """The recipe's model, data, loss or metric."""
        return self.recipe.model.factory if role == "model" else getattr(self.recipe, role)

    def build(self, role: str, options: Mapping[str, Any] | None = None, options_key: str = "") -> Any:
        """Call the recipe's function for `role` with its options, or with these, which stand at `options_key`."""
        reference = self.reference(role)
        if options is not None:
            reference = replace(reference, options=options)
        return call(
            reference,
            resolve(reference, _table(role), self.recipe.folder),
            key=role,
            file=self.recipe.file,
            options_key=options_key,
        )

    def identity(self, role: str) -> dict[str, object]:
        """What a stage's key must hold of `role`: its name, its options and the text of its source files."""
        if role not in self._identities:
            self._identities[role] = self._look_up(role)
        return self._identities[role]

    @cached_property
    def _identities(self) -> dict[str, dict[str, object]]:
        """Looked up once a command: a folder of data may hold many files."""
        return {}

    def _look_up(self, role: str) -> dict[str, object]:
        return identity_of(self.reference(role), _table(role), self.recipe.folder)

    @cached_property
    def source(self) -> "Source":
        """The data source, its test split guarded: only edgekit.evaluate opens it."""
        from edgekit.datasets.load import guard

        source: Source = guard(self.build("data"))
        return source

    @cached_property
    def data(self) -> "TrainingData":
        """The train and validation splits."""
        from edgekit.datasets.load import open_for_training

        return open_for_training(self.source)

    @cached_property
    def metric(self) -> "Metric":
        """The recipe's metric."""
        from edgekit.metrics import Metric

        metric = self.build("metric")
        if not isinstance(metric, Metric):
            raise self._wrong_kind("metric", metric, "edgekit.metrics.Metric")
        return metric

    @cached_property
    def loss(self) -> Any:
        """The recipe's loss: (outputs, labels) -> a scalar tensor."""
        loss = self.build("loss")
        if not callable(loss):
            raise self._wrong_kind("loss", loss, "a function of (outputs, labels)")
        return loss

    def new_network(self, options: Mapping[str, Any] | None = None, options_key: str = "") -> Any:
        """A network from the recipe's factory, seeded; with `options` instead of the recipe's where they are given."""
        import torch

        torch.manual_seed(self.recipe.seed)
        network = self.build("model", options, options_key)
        if not isinstance(network, torch.nn.Module):
            raise self._wrong_kind("model", network, "a torch.nn.Module")
        return network

    def _wrong_kind(self, role: str, made: object, wanted: str) -> RecipeError:
        reference = self.reference(role)
        message = f"{reference.name} returned {type(made).__name__}, not {wanted}"
        return RecipeError(message, "docs/recipes.md says what it must return", file=reference.file, key=reference.key)

    def variants(self, names: Sequence[str]) -> tuple[VariantSpec, ...]:
        """The variants called `names`, and always the baseline, in the recipe's order; all where none is named."""
        known = [variant.name for variant in self.recipe.variants]
        for name in names:
            if name not in known:
                raise UsageError(
                    f"recipe {self.recipe.name} has no variant {name!r}{codec.closest(name, known)}",
                    f"variants: {', '.join(known)}",
                )
        wanted = {*names, self.recipe.baseline} if names else set(known)
        return tuple(item for item in self.recipe.variants if item.name in wanted or item.form_of in wanted)


def open_session(
    recipe: str,
    workspace: Path,
    *,
    progress: Progress,
    say: Callable[[str], None],
    seed: int | None = None,
    serial: str = "",
    pythons: Mapping[str, str] | None = None,
) -> Session:
    """Load the recipe (a file, or the name of one that edgekit brings) and open the workspace."""
    loaded = load(find_recipe(recipe))
    if seed is not None:
        loaded = replace(loaded, seed=seed)
    session = Session(
        recipe=loaded,
        workspace=Workspace(workspace),
        progress=progress,
        say=say,
        serial=serial,
        pythons=dict(pythons or {}),
    )
    for role in TABLES:  # a misspelt name is said before anything is computed
        check_name(session.reference(role), _table(role))
    return session


def identity_of(reference: FunctionRef, table: Mapping[str, str], folder: Path) -> dict[str, object]:
    """A function's name, its options, the text of its source files and what options that name files stand for."""
    files = source_files(reference, table, folder)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    paths = {key: _path_identity(value) for key, value in reference.options.items() if isinstance(value, str)}
    return {"name": reference.name, "options": codec.encode(reference.options), "sources": digest, "paths": paths}


def _path_identity(value: str) -> object:
    """What an option that names a file or a folder stands for: names, sizes and times of change; else nothing."""
    path = Path(value)
    try:
        if not value or Path.cwd().is_relative_to(path.resolve()):
            return None  # nothing, or a folder that we stand in: no data
        found = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
        looks = [(item, item.stat()) for item in found]
    except (OSError, ValueError):
        return None
    return [[str(item), status.st_size, status.st_mtime_ns] for item, status in looks] or None


def _table(role: str) -> Mapping[str, str]:
    import importlib

    module, _, name = TABLES[role].partition(":")
    table: Mapping[str, str] = getattr(importlib.import_module(module), name)
    return table


def package_modules(package: str) -> tuple[str, ...]:
    """The modules of one of edgekit's packages by name, without importing any: their text is part of a stage's key."""
    folder = Path(__file__).resolve().parents[1].joinpath(*package.split(".")[1:])
    names = (".".join(path.relative_to(folder).with_suffix("").parts) for path in sorted(folder.rglob("*.py")))
    return tuple(f"{package}.{name}".removesuffix(".__init__") for name in names)
