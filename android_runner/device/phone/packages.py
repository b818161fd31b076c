"""The packages that are installed."""

import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from phone import accounts, apk
from phone.apk import Apk, Refused


@dataclass
class Package:
    apk: Apk
    uid: int
    code: str
    """Folder in the root: base.apk, classes.jar, lib/x86_64."""
    installed: float
    updated: float

    @property
    def name(self) -> str:
        return self.apk.package

    @property
    def data(self) -> str:
        return f"/data/data/{self.apk.package}"

    @property
    def external(self) -> str:
        return f"/storage/emulated/0/Android/data/{self.apk.package}"


class Packages:
    """By name. Uids are given out once and stay with a name, as on a phone."""

    def __init__(self, root: Path, cache: Path) -> None:
        self._root, self._cache = root, cache
        self._installed: dict[str, Package] = {}
        self._uids: dict[str, int] = {}

    def get(self, name: str) -> Package | None:
        return self._installed.get(name)

    def all(self) -> list[Package]:
        return sorted(self._installed.values(), key=lambda package: package.name)

    def install(self, path: Path, *, downgrade: bool, external: bool) -> Package:
        """Check the file and install it, over an older one where there is one. Raises Refused with Android's words."""
        shown = f"/data/app/vmdl{secrets.randbelow(10**9)}.tmp/base.apk"
        new = apk.read(path, self._cache, shown)
        old = self._installed.get(new.package)
        if new.min_sdk > apk.SDK:
            raise Refused(
                f"INSTALL_FAILED_OLDER_SDK: {shown} (at Binary XML file line #7): Requires newer sdk version "
                f"#{new.min_sdk} (current version is #{apk.SDK})"
            )
        if new.abis and apk.ABI not in new.abis:
            raise Refused("INSTALL_FAILED_NO_MATCHING_ABIS: Failed to extract native libraries, res=-113")
        if old and old.apk.signer != new.signer:
            raise Refused(
                f"INSTALL_FAILED_UPDATE_INCOMPATIBLE: Existing package {new.package} signatures do not match newer "
                "version; ignoring!"
            )
        if old and new.version_code < old.apk.version_code and not (downgrade and old.apk.debuggable):
            raise Refused(
                "INSTALL_FAILED_VERSION_DOWNGRADE: Downgrade detected: Update version code "
                f"{new.version_code} is older than current {old.apk.version_code}"
            )
        try:
            return self._placed(path, new, old, external)
        except OSError as error:
            raise Refused(f"INSTALL_FAILED_INSUFFICIENT_STORAGE: {error.strerror}") from error

    def _placed(self, path: Path, new: Apk, old: Package | None, external: bool) -> Package:
        uid = self._uids.setdefault(new.package, accounts.FIRST_APP + len(self._uids))
        code = f"/data/app/~~{secrets.token_urlsafe(16)}==/{new.package}-{secrets.token_urlsafe(16)}=="
        folder = self._inside(code)
        try:
            accounts.make(folder.parent, 0o771, accounts.SYSTEM, accounts.SYSTEM)
            accounts.make(folder, 0o755, accounts.SYSTEM, accounts.SYSTEM)
            shutil.copyfile(path, folder / "base.apk")
            (folder / "base.apk").chmod(0o644)
            _copy_readable(Path(new.folder), folder)
        except OSError:
            shutil.rmtree(folder.parent, ignore_errors=True)
            raise
        now = time.time()
        package = Package(new, uid, code, old.installed if old else now, now)
        accounts.make(self._inside(package.data), 0o700, uid, uid)
        for name in ("files", "cache", "code_cache"):
            accounts.make(self._inside(f"{package.data}/{name}"), 0o700, uid, uid)
        self.set_external(package, external)
        self._installed[new.package] = package
        if old:
            shutil.rmtree(self._inside(old.code).parent)
        return package

    def set_external(self, package: Package, there: bool) -> None:
        """The folder on shared storage that the app and the shell both may write; or none."""
        top = self._inside(f"/data/media/0/Android/data/{package.name}")
        if not there:
            shutil.rmtree(top, ignore_errors=True)
            return
        for folder in (top, top / "files"):
            accounts.make(folder, 0o2770, package.uid, accounts.EXT_DATA_RW)
            accounts.share(folder, package.uid)

    def remove(self, package: Package, keep: bool) -> None:
        del self._installed[package.name]
        folders = [self._inside(package.code).parent]
        if not keep:
            folders += [self._inside(package.data), self._inside(f"/data/media/0/Android/data/{package.name}")]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    def clear(self, package: Package) -> None:
        """Empty the app's folders."""
        for top in (self._inside(package.data), self._inside(f"/data/media/0/Android/data/{package.name}/files")):
            for item in top.iterdir() if top.is_dir() else ():
                shutil.rmtree(item) if item.is_dir() and not item.is_symlink() else item.unlink()
        for name in ("files", "cache", "code_cache"):
            accounts.make(self._inside(f"{package.data}/{name}"), 0o700, package.uid, package.uid)

    def _inside(self, path: str) -> Path:
        return self._root / path.lstrip("/")


def _copy_readable(source: Path, target: Path) -> None:
    """Files that every app may read, as /data/app has them."""
    for item in source.iterdir():
        if item.is_dir():
            (target / item.name).mkdir(mode=0o755)
            _copy_readable(item, target / item.name)
        else:
            shutil.copyfile(item, target / item.name)
            (target / item.name).chmod(0o644)
    target.chmod(0o755)
