"""`gpu>=95%`: the least share of a model that a delegate must take, as a gate."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from edgekit.delegates.coverage import Coverage
from edgekit.errors import GateFailed, UsageError

_FORM = re.compile(r"(?P<delegate>[a-z][a-z0-9@-]*)(?P<macs>\.macs)?>=(?P<percent>\d{1,3}(?:\.\d{1,6})?)%")
_EXAMPLES = "gpu>=95% (of the nodes), or gpu.macs>=95% (of the multiply-accumulates)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`percent` of the nodes, or of the multiply-accumulates where `of_macs`."""

    text: str
    delegate: str
    of_macs: bool
    percent: float

    def failure(self, found: Coverage, file: str) -> GateFailed | None:
        """What is missing; an unknown node does not count as taken."""
        share = found.macs_share if self.of_macs else found.share
        percent = None if share is None else 100 * share
        if percent is not None and percent >= self.percent - 1e-9:
            return None
        unknown = f"; {found.unknown} nodes are unknown" if found.unknown else ""
        what = "the multiply-accumulates" if self.of_macs else f"{found.total} nodes"
        hint = f"percent of {what}{unknown}: the report says what is left behind and, where known, what mends it"
        return GateFailed(self.text, self.percent, percent, file, of="file", hint=hint)


def parse(text: str, delegates: Collection[str]) -> Requirement:
    """Raises UsageError for any other text."""
    found = _FORM.fullmatch(text.replace(" ", ""))
    if found is None:
        raise UsageError(f"--require {text!r} is not understood", f"write {_EXAMPLES}")
    percent = float(found["percent"])
    if found["delegate"] not in delegates:
        raise UsageError(f"--require {text!r}: no delegate {found['delegate']}", f"one of: {', '.join(delegates)}")
    if percent > 100:
        raise UsageError(f"--require {text!r}: {percent:g} % is more than all", f"write {_EXAMPLES}")
    return Requirement(text=text, delegate=found["delegate"], of_macs=bool(found["macs"]), percent=percent)
