"""Import a package that an extra brings, or say which line installs it."""

import importlib
from types import ModuleType

from edgekit.errors import MissingDependency

EXTRA_OF: dict[str, str] = {
    "numpy": "desktop",
    "ai_edge_litert": "desktop",
    "flatbuffers": "desktop",
    "torch": "torch",
    "litert_torch": "torch",
    "litert_quantizer": "torch",
    "litert_converter": "torch",
    "torch_pruning": "torch",
    "sklearn": "torch",
    "PIL": "torch",
    "tensorflow": "tensorflow",
    "coremltools": "coreml",
}
"""Import name -> the extra of edgekit-toolkit that installs it."""


def need(module: str, purpose: str = "") -> ModuleType:
    """`importlib.import_module(module)`; raises MissingDependency with the install line when it is not there."""
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingDependency(package, EXTRA_OF[package], purpose) from error
