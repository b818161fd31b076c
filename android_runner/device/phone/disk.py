"""/data lies in memory and has a size: a full disk is a size that is used up."""

import os
import subprocess
from pathlib import Path


def full(data: Path, wanted: bool) -> None:
    """Shrink /data to what it holds, or give it its size back."""
    sizes = os.statvfs(data)
    mark = data / "system/size"
    if wanted:
        mark.write_text(str(sizes.f_blocks * sizes.f_frsize))
        sizes = os.statvfs(data)
        size = (sizes.f_blocks - sizes.f_bfree) * sizes.f_frsize
    else:
        size = int(mark.read_text())
    subprocess.run(["mount", "-o", f"remount,size={size}", str(data)], check=True)
