"""prune: whole channels removed by torch-pruning's dependency graph, then fine-tuned. The only file that names it.

Fang et al. 2023, "DepGraph: Towards Any Structural Pruning" (arXiv 2301.12900): layers that depend on each other
lose the same channels together. Importance: L1 or L2 norm of a group's weights (Li et al. 2017, arXiv 1608.08710).
"""

import logging
from dataclasses import replace

import torch
from torch import nn

from edgekit.compress.context import Context
from edgekit.compress.fit import as_tuple, fit
from edgekit.compress.start import Recorder, copied
from edgekit.errors import CompressError
from edgekit.model import Model
from edgekit.recipe.steps import PruneOptions, Step


def apply(model: Model, step: Step, context: Context) -> Model:
    """Remove `ratio` of every prunable layer's channels; the layers that feed the outputs keep theirs."""
    options = step.options
    if not isinstance(options, PruneOptions):
        raise CompressError(f"step {step.name} is no prune step")
    if not 0 < options.ratio < 1:
        raise CompressError(f"step {step.name}: ratio {options.ratio:g} is not between 0 and 1")
    if model.trained_quantization is not None:
        raise CompressError(
            f"step {step.name}: a network that was trained for int8 cannot be pruned", "prune before qat"
        )
    recorder = Recorder(model, step, context)
    network = copied(model.network)
    pruner = _pruner(network, model, options)
    per_round = replace(options.finetune, epochs=max(1, options.finetune.epochs // options.iterations))
    for number in range(options.iterations):
        pruner.step()
        fit(network, per_round, context, title=f"{step.name} {number + 1}/{options.iterations}")
    after = recorder.finish(network, ratio=options.ratio, importance=options.importance)
    if after.macs == model.macs:
        raise CompressError(
            f"step {step.name}: ratio {options.ratio:g} removed no channel (round_to {options.round_to})",
            "raise the ratio, or lower round_to",
        )
    return after


def _pruner(network: nn.Module, model: Model, options: PruneOptions):  # type: ignore[no-untyped-def]
    import torch_pruning

    logging.getLogger("torch_pruning").setLevel(logging.ERROR)
    for parameter in network.parameters():
        parameter.requires_grad_(True)  # the graph is traced through autograd
    example = tuple(torch.from_numpy(array) for array in model.example)
    return torch_pruning.pruner.MagnitudePruner(
        network,
        example,
        importance=torch_pruning.importance.GroupMagnitudeImportance(p=1 if options.importance == "l1" else 2),
        pruning_ratio=options.ratio,
        iterative_steps=options.iterations,
        round_to=options.round_to if options.round_to > 1 else None,
        ignored_layers=output_layers(network, example),
    )


def output_layers(network: nn.Module, example: tuple[torch.Tensor, ...]) -> list[nn.Module]:
    """The linear and convolution layers whose channels are the network's outputs.

    Found through autograd: walk back from each output until a layer's weight is met.
    """
    owners = {
        id(module.weight): module
        for module in network.modules()
        if isinstance(module, (nn.Linear, nn.modules.conv._ConvNd))
    }
    found: list[nn.Module] = []
    seen: set[object] = set()
    with torch.enable_grad():
        outputs = as_tuple(network.eval()(*example))
    nodes = [output.grad_fn for output in outputs if output.grad_fn is not None]
    while nodes:
        node = nodes.pop()
        if node in seen:
            continue
        seen.add(node)
        following = [item for item, _ in node.next_functions if item is not None]
        layers = [owners.get(id(variable)) for variable in _leaves(following)]
        here = [layer for layer in layers if layer is not None]
        found += here
        if not here:
            nodes += following
    return found


def _leaves(nodes: list[torch.autograd.graph.Node]) -> list[torch.Tensor]:
    """Parameters among `nodes`, looking through the transpose that a linear layer's weight passes."""
    leaves = []
    for node in nodes:
        inner = [
            node,
            *(item for item, _ in node.next_functions if item is not None and node.name().startswith("TBackward")),
        ]
        leaves += [item.variable for item in inner if hasattr(item, "variable")]
    return leaves
