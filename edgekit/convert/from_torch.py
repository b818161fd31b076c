"""PyTorch -> float .tflite and exported program. The only file that names litert-torch."""

import copy
import io
import re
from typing import Any

import numpy as np
import torch
from torch import nn

from edgekit.convert.recurrent import MARK, OUTPUTS
from edgekit.convert.recurrent_modules import HINT, recurrence_of, recurrent_modules
from edgekit.datasets.layout import to_channels_last
from edgekit.errors import ConvertError
from edgekit.model import Model
from edgekit.optional import need
from edgekit.recurrence import Recurrence
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
    if isinstance(failure, ConvertError):
        raise failure
    raise _translated(failure, log.getvalue()) from failure


def to_marked_tflite(model: Model) -> tuple[bytes, tuple[Recurrence, ...]]:
    """As `to_tflite` with a mark (edgekit.convert.recurrent.MARK) for each recurrent module, and what those compute.

    No step is unrolled: the time that this takes does not depend on the length of the sequences.
    """
    network = copy.deepcopy(model.network)
    found = recurrent_modules(network)
    if not found:
        raise ConvertError(
            "the network has no recurrent module: no torch.nn.LSTM, no torch.nn.GRU, none with a method `recurrence`",
            'leave out the variant\'s "recurrent"',
        )
    recurrences = tuple(recurrence_of(module, name or type(module).__name__) for name, module in found.items())
    marks = [
        _Mark(number, module, recurrence)
        for number, (module, recurrence) in enumerate(zip(found.values(), recurrences, strict=True))
    ]
    for name, mark in zip(found, marks, strict=True):
        if name:
            network.set_submodule(name, mark)
    return to_tflite(network if "" not in found else marks[0], model), recurrences


class _Mark(nn.Module):
    """Takes and gives what the module in its place does; in between stands a composite of the right shapes."""

    def __init__(self, number: int, module: nn.Module, recurrence: Recurrence) -> None:
        super().__init__()
        self.name = f"{MARK}{number}"
        self.recurrence_of, self.bare = recurrence, not isinstance(module, (nn.LSTM, nn.GRU))
        self.batch_first = bool(getattr(module, "batch_first", True))

    def forward(self, frames: torch.Tensor, more: torch.Tensor | None = None) -> Any:
        """(frames, mask) of a module with `recurrence`; (frames, state) of torch's own, which must be None."""
        if self.bare:
            return self._marked(frames, more)[1][0]
        if more is not None or not isinstance(frames, torch.Tensor):
            given = "an initial state" if more is not None else f"a {type(frames).__name__}"
            raise ConvertError(f"a recurrent module is called with {given}", HINT)
        single = frames.dim() == 2
        batch = frames.unsqueeze(0) if single else frames if self.batch_first else frames.transpose(0, 1)
        sequence, states, cells = self._marked(batch, None)
        if single:
            sequence, states, cells = sequence[0], states[:, 0], cells[:, 0]
        elif not self.batch_first:
            sequence = sequence.transpose(0, 1)
        return sequence, (states, cells) if self.recurrence_of.kind == "lstm" else states

    def _marked(self, frames: torch.Tensor, mask: torch.Tensor | None) -> list[torch.Tensor]:
        """What OUTPUTS says. A composite each: the converter does not live through one whose first output is unused."""
        cells = self.recurrence_of.cells
        batch, steps, _ = frames.shape
        width = cells[0].width
        shapes = {
            "sequence": (batch, steps, width * len(self.recurrence_of.layers[0])),
            "states": (len(cells), batch, width),
            "cells": (len(cells), batch, width),
        }
        results = []
        for what in OUTPUTS:
            mark = need("litert_torch.hlfb", "converting from PyTorch").StableHLOCompositeBuilder(f"{self.name}.{what}")
            if mask is None:
                value = mark.mark_inputs(frames)[:1, :1, :1]
            else:
                marked = mark.mark_inputs(frames, mask)
                value = marked[0][:1, :1, :1] + marked[1][:1, :1].unsqueeze(-1)
            results.append(mark.mark_outputs(value.expand(shapes[what]) + 0.0))
        return results


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


def without_lowering(program: Any) -> ConvertError | None:
    """The error of the first operator of an exported program that litert-torch neither lowers nor takes apart."""
    with quiet():
        lowerings = need("litert_torch.backend.lowerings", "converting from PyTorch")
        decompositions = {
            **need("litert_torch.fx_infra.decomp", "converting from PyTorch").pre_convert_decomp(),
            **torch.export.default_decompositions(),
        }
    for node in program.graph.nodes:
        target = node.target
        if node.op != "call_function":
            continue
        if isinstance(target, torch._ops.HigherOrderOperator):
            return _no_road(f"{target} (control flow)", node)
        if isinstance(target, torch._ops.OpOverload) and not (
            lowerings.lookup(target) or target in decompositions or target.has_kernel_for_dispatch_key(_COMPOSITE)
        ):
            return _no_road(str(target), node)
    return None


_COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd


def _no_road(operator: str, node: Any) -> ConvertError:
    stack = node.meta.get("nn_module_stack") or {}
    module = list(stack.values())[-1][0] if stack else ""
    place = f" of module {module}" if module else ""
    return ConvertError(
        f"no TFLite operator for {operator} (node {node.name}{place})",
        "write that part with other operators, or leave it out of the exported network",
        ops=(operator.removesuffix(" (control flow)"),),
    )
