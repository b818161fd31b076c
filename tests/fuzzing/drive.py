"""One parser against many inputs: what it takes, what it refuses, and what it must never do: break, hang, ramble."""

import contextlib
import random
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from edgekit.errors import EdgekitError

LIMIT_S = 1.0
LONGEST_SENTENCE = 1000
"""Characters: longer than that nobody reads."""
KEPT_EXAMPLES = 20


@dataclass(frozen=True, kw_only=True)
class Parser:
    """`make`: a hostile input; `take`: whether it was accepted, False or an EdgekitError where it was refused."""

    name: str
    make: Callable[[random.Random], bytes]
    take: Callable[[bytes], bool]
    tidy: Callable[[], None] = lambda: None
    """Called now and then, between inputs."""


@dataclass(kw_only=True)
class Counts:
    """How `inputs` ended. `examples`: (what went wrong, the input), at most KEPT_EXAMPLES."""

    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    crashes: int = 0
    hangs: int = 0
    examples: list[tuple[str, bytes]] = field(default_factory=list)


class Hung(BaseException):
    """The time for one input is over."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Hung after `seconds`, in the main thread."""

    def over(*_: object) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def one(parser: Parser, content: bytes) -> bool:
    """Whether it was accepted. AssertionError for a sentence that nobody reads; Hung; what else broke."""
    try:
        with limited(LIMIT_S):
            return parser.take(content)
    except EdgekitError as error:
        for text in (error.message, error.hint):
            assert len(text) <= LONGEST_SENTENCE, f"a sentence of {len(text)} characters: {text[:200]!r}"
        return False


def drive(parser: Parser, inputs: int, seed: int, tick: Callable[[int], None] = lambda done: None) -> Counts:
    """Run `inputs` of the parser's own; one that takes too long is tried again, for the machine may be busy."""
    chance = random.Random(f"{parser.name} {seed}")
    counts = Counts()
    for number in range(inputs):
        content = parser.make(chance)
        try:
            accepted = _twice(parser, content)
            counts.accepted += accepted
            counts.refused += not accepted
        except Hung:
            counts.hangs += 1
            _keep(counts, f"longer than {LIMIT_S:g} s", content)
        except (Exception, SystemExit) as error:
            counts.crashes += 1
            last = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__}: {str(error)[:200]} ({last.filename}:{last.lineno})"
            _keep(counts, said, content)
        counts.inputs += 1
        if number % 200 == 199:
            parser.tidy()
            tick(counts.inputs)
    parser.tidy()
    tick(counts.inputs)
    return counts


def _twice(parser: Parser, content: bytes) -> bool:
    try:
        return one(parser, content)
    except Hung:
        return one(parser, content)


def _keep(counts: Counts, problem: str, content: bytes) -> None:
    if len(counts.examples) < KEPT_EXAMPLES:
        counts.examples.append((problem, content))
