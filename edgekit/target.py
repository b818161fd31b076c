"""Targets by name: `kind:address:delegate@runtime`. The standard library only; nothing is opened here."""

from dataclasses import dataclass
from typing import get_args

from edgekit.errors import UsageError
from edgekit.runner.codec import closest
from edgekit.runner.protocol import Delegate, Runtime

KINDS: tuple[str, ...] = ("desktop", "android", "linux", "ssh", "loopback")
DELEGATES: tuple[str, ...] = get_args(Delegate)
RUNTIMES: tuple[str, ...] = get_args(Runtime)
ANY = "*"
LONGEST = 200
"""Characters of a target's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSpec:
    """`android:10.0.0.7:5555:gpu` is kind android, address 10.0.0.7:5555, delegate gpu, runtime litert."""

    kind: str
    address: str
    delegate: str
    runtime: str = "litert"

    def __str__(self) -> str:
        place = [self.kind] if self.kind == "desktop" else [self.kind, self.address]
        runtime = "" if self.runtime == "litert" else f"@{self.runtime}"
        return ":".join([*place, self.delegate]) + runtime


def parse_target(text: str) -> TargetSpec:
    """The kind is the text before the first colon, the delegate after the last, the address all between.

    `*` as an address or a delegate means every one. Raises UsageError with the closest valid name.
    """
    if len(text) > LONGEST:
        raise UsageError(
            f"target {text[:40]!r}... has {len(text)} characters (at most {LONGEST})", "kind:address:delegate"
        )
    kind, colon, rest = text.partition(":")
    place, _, last = rest.rpartition(":")
    last, _, runtime = last.partition("@")  # an address may hold one too: ssh:pi@board:cpu
    rest = f"{place}:{last}" if place else last
    if kind not in KINDS:
        raise UsageError(
            f"target {text!r}: no kind of target is called {kind!r}{closest(kind, KINDS)}",
            f"kinds: {', '.join(KINDS)}; for example desktop:cpu or android:*:*",
        )
    if runtime and runtime not in RUNTIMES:
        raise UsageError(
            f"target {text!r}: no runtime is called {runtime!r}{closest(runtime, RUNTIMES)}",
            f"runtimes: {', '.join(RUNTIMES)}",
        )
    address, _, delegate = ("", "", rest) if kind == "desktop" else rest.rpartition(":")
    if not colon or (delegate not in DELEGATES and delegate != ANY):
        example = "desktop:cpu" if kind == "desktop" else f"{kind}:{rest.rstrip(':') or ANY}:cpu"
        raise UsageError(
            f"target {text!r}: {delegate or 'nothing'!r} is no delegate{closest(delegate, DELEGATES)}",
            f"name a delegate: {example} (delegates: {', '.join(DELEGATES)}, or * for every one)",
        )
    if kind != "desktop" and not address:
        raise UsageError(f"target {text!r} has no address", f"for example {kind}:{ANY}:{delegate}")
    return TargetSpec(kind=kind, address=address, delegate=delegate, runtime=runtime or "litert")
