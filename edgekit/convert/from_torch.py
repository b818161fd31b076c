"""PyTorch -> float .tflite and exported program. The only file that names litert-torch."""

import io
import re

import numpy as np
import torch
from torch import nn

from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ConvertError
from edgekit.model import Model
from edgekit.optional import need
from edgekit.runner.quiet import quiet

_LOG_LINES = 8


def to_tflite(network: nn.Module, model: Model) -> bytes:
    """`network` (in eval mode, the model's inputs) as a float32 .tflite file with NHWC image inputs.

    Raises ConvertError with `ops` where operators have no lowering, and with the converter's last lines otherwise.
    """
    with quiet():
        litert_torch = need("litert_torch", "converting from PyTorch")
    example = tuple(torch.from_numpy(array) for array in to_channels_last(model.example, model.channels_last))
    wrapped = network.eval()
    failure: Exception | None = None
    with quiet() as log:
        try:
            if model.channels_last:
                wrapped = litert_torch.to_channel_last_io(wrapped, args=list(model.channels_last))
            return bytes(litert_torch.convert(wrapped, example).model_content())
        except Exception as error:  # the converter raises whatever its stack does: this file is where it ends
            failure = error
    raise _translated(failure, log.getvalue()) from failure


def to_exported_program(model: Model) -> bytes:
    """The float network as a torch exported program (.pt2), inputs in torch's own layout."""
    example = tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in model.example)
    buffer = io.BytesIO()
    failure: Exception | None = None
    with quiet() as log:
        try:
            torch.export.save(torch.export.export(model.network.eval(), example), buffer)
            return buffer.getvalue()
        except Exception as error:
            failure = error
    raise _translated(failure, log.getvalue()) from failure


def _translated(error: Exception, log: str) -> ConvertError:
    text = f"{error}\n{log}"
    named = re.findall(
        r"(?:Lowering not found|No lowering|not implemented|Unsupported)[^\n]*?((?:aten|prims|quantized)[.:]+[\w.:]+)",
        text,
    )
    named += re.findall(r"failed to legalize operation '([\w.]+)'", text)
    named += re.findall(r"error: '?([\w.]+)' op is neither a custom op nor a flex op", text)
    ops = tuple(dict.fromkeys(name.rstrip(".:") for name in named))
    if ops:
        return ConvertError(
            f"no TFLite operator for {', '.join(ops)}",
            "write that part with other operators, or leave it out of the exported network",
            ops=ops,
        )
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    last = " | ".join(lines[:2])[:400] or " | ".join(log.strip().splitlines()[-_LOG_LINES:])[:400]
    return ConvertError(
        f"litert-torch does not convert the network ({type(error).__name__}): {last}", "run with --debug"
    )
