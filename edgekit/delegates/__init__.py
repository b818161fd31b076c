"""Which operators a delegate takes, forecast from the file alone: every refusal with its rule and the rule's source.

coverage.py    what a forecast is
partitions.py  how a runtime cuts a graph into delegate kernels, once it is known which nodes are taken
DELEGATES      one delegate a file: predict(model) -> Coverage
"""

import importlib

from edgekit.delegates.coverage import Coverage, NodeForecast, Refusal, Unknown, conclude
from edgekit.delegates.partitions import largest, partition
from edgekit.tflite.structure import ModelFile

__all__ = [
    "DELEGATES",
    "Coverage",
    "NodeForecast",
    "Refusal",
    "Unknown",
    "conclude",
    "largest",
    "partition",
    "predict",
]

DELEGATES: dict[str, str] = {
    "cpu": "edgekit.delegates.xnnpack:predict",
    "cpu@android": "edgekit.delegates.xnnpack:predict_android",
    "gpu": "edgekit.delegates.gpu:predict",
    "nnapi": "edgekit.delegates.nnapi:predict",
    "coreml": "edgekit.delegates.coreml:predict",
}
"""Delegate, @ a runtime where it is not the desktop's -> module:function(model) -> Coverage."""


def predict(model: ModelFile, delegate: str) -> Coverage:
    """The forecast of one of DELEGATES."""
    module, _, function = DELEGATES[delegate].partition(":")
    found: Coverage = getattr(importlib.import_module(module), function)(model)
    return found
