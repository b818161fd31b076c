"""What each library adds to an app: measured once from the AARs by benchmarks/delegate_sizes.py, kept in sizes.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgekit.runner import codec

FILE = Path(__file__).with_name("sizes.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Bytes as they are, and after zlib 9: what a download costs."""

    bytes: int
    compressed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The artifacts of one purpose, as Gradle names them; `native`: its libraries by ABI; `dex`: its classes."""

    purpose: str
    artifacts: tuple[str, ...]
    native: Mapping[str, Size]
    dex: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """By purpose: `base` (the interpreter, XNNPACK, NNAPI), `gpu`, `threads` (JNA)."""

    made_with: str
    libraries: tuple[Library, ...]

    def of(self, purpose: str) -> Library:
        """The libraries of one purpose."""
        return next(library for library in self.libraries if library.purpose == purpose)


def load() -> Sizes:
    """The kept figures."""
    return codec.loads(Sizes, FILE.read_bytes())


def table(sizes: Sizes) -> list[str]:
    """A Markdown table: libraries by ABIs, `bytes / compressed bytes`."""
    abis = list(sizes.of("base").native)
    lines = [f"| library | {' | '.join(abis)} | classes (dex) |", "|---" * (len(abis) + 2) + "|"]
    for library in sizes.libraries:
        cells = [library.native.get(abi) for abi in abis]
        listed = " | ".join("-" if cell is None else _both(cell) for cell in cells)
        names = ", ".join(f"`{name}`" for name in library.artifacts)
        lines.append(f"| {names} | {listed} | {_both(library.dex)} |")
    return lines


def _both(size: Size) -> str:
    return f"{size.bytes} / {size.compressed_bytes}"
