"""`edgekit convert --precision`: another conversion of a recipe's variants, as if the recipe had it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from edgekit.errors import UsageError
from edgekit.pipeline.session import Session
from edgekit.recipe.spec import Io, Kept, Precision, VariantSpec
from edgekit.recipe.variants import conversion_problem
from edgekit.runner import codec


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of the command line; None is not given."""

    precision: str | None = None
    budget: float | None = None
    exceptions: str | None = None
    io: str | None = None


def derived(session: Session, names: Sequence[str], asked: Asked) -> tuple[Session, tuple[str, ...]]:
    """The session with a variant `NAME-PRECISION` for each of `names` (the baseline where none is), and which to make.

    Without a precision nothing changes. Raises UsageError for what cannot be asked for.
    """
    if asked.precision is None:
        for option, value in (("--budget", asked.budget), ("--exceptions", asked.exceptions), ("--io", asked.io)):
            if value is not None:
                raise UsageError(f"{option} without --precision", "add --precision, or say it in the recipe's variant")
        return session, tuple(names)
    _choice("--precision", asked.precision, get_args(Precision))
    _choice("--exceptions", asked.exceptions, get_args(Kept))
    _choice("--io", asked.io, get_args(Io))
    recipe = session.recipe
    wanted = session.variants(names or (recipe.baseline,))
    sources = [variant for variant in wanted if not names or variant.name in names]
    made = tuple(_variant(variant, asked) for variant in sources)
    known = {variant.name: variant for variant in recipe.variants}
    for variant in made:
        if variant.steps and recipe.steps[variant.steps[-1]].kind == "qat" and variant.precision != "int8":
            raise UsageError(
                f"variant {variant.name}: {variant.precision} after qat, which trained it for int8",
                "name a variant whose last step is not qat",
            )
    changed = replace(recipe, variants=(*{**known, **{variant.name: variant for variant in made}}.values(),))
    return replace(session, recipe=changed), tuple(variant.name for variant in made)


def _variant(source: VariantSpec, asked: Asked) -> VariantSpec:
    values: dict[str, Any] = {"precision": asked.precision, "budget": asked.budget}
    values |= {"io": asked.io or "as made", "exceptions": asked.exceptions or "float", "form_of": ""}
    if asked.precision == "palettized8":
        values["format"] = "coreml"
    name = f"{source.name}-{asked.precision}" + (f"-{asked.io}" if asked.io and asked.io != "as made" else "")
    made = replace(source, name=name, **values)
    given: Any = asked.exceptions
    if problem := conversion_problem(made, exceptions=given):
        raise UsageError(f"--{problem[0]}: {problem[1]}", problem[2])
    return made


def _choice(option: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        listed = ", ".join(choices)
        raise UsageError(f"{option} {value!r} is not one of {listed}{codec.closest(value, choices)}", "see --help")
