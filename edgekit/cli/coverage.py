"""What `inspect --delegate`, `--require` and `--svg` ask for, and how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.cli.output import check_choice, remark, write_result
from edgekit.delegates import DELEGATES, Coverage, describe, picture, predict, requirement
from edgekit.errors import UsageError
from edgekit.tflite.structure import ModelFile

ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Delegates to forecast, in order, and the gates."""

    delegates: tuple[str, ...]
    requirements: tuple[requirement.Requirement, ...]


def asked(delegates: Sequence[str], requirements: Sequence[str], svg: str) -> Asked:
    """Raises UsageError before the file is read."""
    for name in delegates:
        check_choice("--delegate", name, (ALL, *DELEGATES))
    wanted = [name for chosen in delegates for name in (DELEGATES if chosen == ALL else [chosen])]
    gates = tuple(requirement.parse(text, DELEGATES) for text in requirements)
    found = tuple(dict.fromkeys((*wanted, *(gate.delegate for gate in gates))))
    if svg and len(found) != 1:
        raise UsageError(
            f"--svg draws the partitions of one delegate, and {len(found)} are asked for", "add --delegate cpu"
        )
    return Asked(delegates=found, requirements=gates)


def forecasts(model: ModelFile, wanted: Asked) -> tuple[Coverage, ...]:
    """One for each delegate."""
    return tuple(predict(model, name) for name in wanted.delegates)


def texts(found: Sequence[Coverage]) -> tuple[str, ...]:
    """The part of the report that follows what the file holds."""
    return ("", "forecast", *(describe.render(coverage) for coverage in found)) if found else ()


def as_data(found: Sequence[Coverage]) -> Mapping[str, Any]:
    """The same for JSON; nothing where nothing was asked for."""
    return {"coverage": [describe.as_data(coverage) for coverage in found]} if found else {}


def draw(model: ModelFile, found: Sequence[Coverage], title: str, svg: str) -> None:
    """Write the picture."""
    write_result(picture.render(model, found[0], Path(title).name), svg)


def check(found: Sequence[Coverage], wanted: Asked, file: str) -> None:
    """Raise GateFailed for the first gate that is missed; the others are said before."""
    by_delegate = {coverage.delegate: coverage for coverage in found}
    failures = [gate.failure(by_delegate[gate.delegate], file) for gate in wanted.requirements]
    missed = [failure for failure in failures if failure is not None]
    for failure in missed[1:]:
        remark(failure.sentence)
    if missed:
        raise missed[0]
