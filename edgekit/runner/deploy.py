"""The runner as it travels: a copy of edgekit/__init__.py and edgekit/runner/, which needs no edgekit installed."""

import os
import shutil
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def runner_environment(folder: Path) -> dict[str, str]:
    """Copy the runner to `folder`/program, and return the environment in which `python -m edgekit.runner` finds it."""
    package = folder / "program" / "edgekit"
    if not package.exists():
        package.mkdir(parents=True)
        shutil.copy(_PACKAGE / "__init__.py", package)
        shutil.copytree(_PACKAGE / "runner", package / "runner", ignore=shutil.ignore_patterns("__pycache__"))
    return {
        **os.environ,
        "PYTHONPATH": str(package.parent),
        "PYTHONSAFEPATH": "1",  # `-m` would look into the current folder first, which may hold anything
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",  # tensorflow's greetings would stand in front of an error's last lines
    }
