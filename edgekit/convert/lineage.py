"""Where a file comes from, inside the file: the metadata entry `edgekit.lineage`. No times, no paths: equal work, equal
bytes."""

import json
from collections.abc import Mapping, Sequence

ENTRY = "edgekit.lineage"
MOST_BYTES = 1000
"""Of the entry; a long list of exceptions is cut (the side-car has it whole)."""


def lineage_entry(
    *,
    recipe: str,
    variant: str,
    precision: str,
    steps: Sequence[str],
    source_sha256: str,
    tools: Mapping[str, str],
    exceptions: Sequence[str] = (),
) -> dict[str, bytes]:
    """The entry, as `with_metadata` takes it: JSON in UTF-8. `exceptions`: layers of a mixed file that are not int8."""
    held: dict[str, object] = {
        "recipe": recipe,
        "variant": variant,
        "precision": precision,
        "steps": list(steps),
        "source_sha256": source_sha256,
        "tools": dict(tools),
    }
    if exceptions:
        named = list(exceptions)
        while len(_packed({**held, "exceptions": named})) > MOST_BYTES and named:
            named = named[:-1]
        held |= {"exceptions": named, "exceptions_total": len(exceptions)}
    return {ENTRY: _packed(held)}


def _packed(held: Mapping[str, object]) -> bytes:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
