"""Users, groups and the folders of /data with the owners and modes they have on a phone."""

import os
import struct
from pathlib import Path

SYSTEM, SHELL, FIRST_APP = 1000, 2000, 10123
MEDIA_RW, EXT_DATA_RW, READPROC, INET = 1023, 1078, 3009, 3003
SHELL_GROUPS = (1004, 1007, 1011, 1015, 1028, 3001, 3002, 3003, 3006, READPROC, 3011, EXT_DATA_RW, 1079, 3012)

_FOLDERS = (
    ("app", 0o771, SYSTEM, SYSTEM),
    ("data", 0o771, SYSTEM, SYSTEM),
    ("user", 0o711, SYSTEM, SYSTEM),
    ("system", 0o775, SYSTEM, SYSTEM),
    ("local", 0o751, 0, 0),
    ("local/tmp", 0o771, SHELL, SHELL),
    ("media", 0o771, MEDIA_RW, MEDIA_RW),
    ("media/0", 0o2775, MEDIA_RW, 1015),
    ("media/0/Android", 0o2771, MEDIA_RW, 1015),
    ("media/0/Android/data", 0o2771, MEDIA_RW, EXT_DATA_RW),
    ("tombstones", 0o773, SYSTEM, SYSTEM),
)


def make_data(root: Path) -> None:
    """The empty /data of a phone."""
    os.umask(0)
    for name, mode, user, group in _FOLDERS:
        make(root / "data" / name, mode, user, group)
    (root / "data/user/0").symlink_to("/data/data")


def make(folder: Path, mode: int, user: int, group: int) -> None:
    """A folder with exactly this owner and mode."""
    folder.mkdir(exist_ok=True)
    os.chown(folder, user, group)
    folder.chmod(mode)


def share(folder: Path, user: int) -> None:
    """What an app and the shell put into this folder, either may read, change and remove.

    On a phone FUSE sees to that in Android/data/PACKAGE; here an access control list that new files inherit.
    """
    entries = [(0x01, 7, 0xFFFFFFFF), (0x02, 7, user), (0x02, 7, SHELL), (0x04, 7, 0xFFFFFFFF)]
    entries += [(0x10, 7, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    for name in ("system.posix_acl_access", "system.posix_acl_default"):
        os.setxattr(folder, name, listed)
