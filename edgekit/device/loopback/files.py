"""The device's file system: a folder on this computer that no path leads out of."""

from pathlib import Path, PurePosixPath

MAX_PATH_BYTES = 1024


class OutsideRoot(OSError):
    """A path that would leave the device's folder."""


class Files:
    """Device paths to local ones. `/data/local/tmp/x` is ROOT/data/local/tmp/x."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        (self.root / "data" / "local" / "tmp").mkdir(parents=True, exist_ok=True)

    def local(self, remote: str) -> Path:
        """The local path; OutsideRoot for '..', NUL, overlong names, and links that lead out or in circles."""
        if not remote or "\0" in remote or len(remote.encode(errors="replace")) > MAX_PATH_BYTES:
            raise OutsideRoot(f"bad path {remote[:80]!r}")
        parts = PurePosixPath(remote.lstrip("/")).parts
        if ".." in parts:
            raise OutsideRoot(f"{remote[:80]}: '..' is not followed")
        path = self.root.joinpath(*parts)
        try:
            inside = path.resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):  # a circle of links: until Python 3.13 a RuntimeError
            inside = False
        if not inside:
            raise OutsideRoot(f"{remote[:80]} leads out of the device")
        return path
