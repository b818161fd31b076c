"""Batch norm folded into the convolution or linear layer before it (Jacob et al. 2018, arXiv 1712.05877, 3.2)."""

import torch
from torch import fx, nn

from edgekit.errors import CompressError

FOLDABLE = (nn.Conv1d, nn.Conv2d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def trace(network: nn.Module) -> fx.GraphModule:
    """The network as a graph of layers; CompressError where its forward depends on values."""
    try:
        return fx.symbolic_trace(network)
    except (fx.proxy.TraceError, TypeError, ValueError) as error:
        raise CompressError(
            f"the network's forward cannot be traced: {str(error).splitlines()[0]}",
            "write it without branches and loops on tensor values",
        ) from error


def fold_batch_norms(graph: fx.GraphModule) -> int:
    """Fold, in place, every batch norm whose only input is one layer's output that nothing else uses. Returns how many.

    weight' = weight * gamma / sqrt(var + eps); bias' = (bias - mean) * gamma / sqrt(var + eps) + beta.
    """
    modules = dict(graph.named_modules())
    folded = 0
    for node in list(graph.graph.nodes):
        norm = modules.get(str(node.target)) if node.op == "call_module" else None
        if not isinstance(norm, NORMS):
            continue
        before = node.args[0]
        layer = modules.get(str(before.target)) if before.op == "call_module" else None
        if not isinstance(layer, FOLDABLE) or len(before.users) != 1:
            raise CompressError(f"batch norm {node.target} does not follow a convolution or linear layer alone")
        _fold(layer, norm)
        node.replace_all_uses_with(before)
        graph.graph.erase_node(node)
        folded += 1
    graph.delete_all_unused_submodules()
    graph.recompile()
    return folded


def _fold(layer: nn.Module, norm: nn.Module) -> None:
    if not isinstance(layer, FOLDABLE) or not isinstance(norm, NORMS):
        raise TypeError(f"{type(layer).__name__} and {type(norm).__name__} do not fold")
    if norm.running_mean is None or norm.running_var is None:
        raise CompressError("a batch norm without running statistics cannot be folded")
    with torch.no_grad():
        factor = 1 / torch.sqrt(norm.running_var + norm.eps)
        if norm.weight is not None:
            factor = factor * norm.weight
        bias = torch.zeros_like(norm.running_mean) if layer.bias is None else layer.bias
        shift = torch.zeros_like(bias) if norm.bias is None else norm.bias
        layer.weight.mul_(factor.reshape(-1, *[1] * (layer.weight.dim() - 1)))
        layer.bias = nn.Parameter((bias - norm.running_mean) * factor + shift)
