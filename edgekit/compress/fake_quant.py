"""Fake quantization as TFLite's int8 kernels compute: affine activations a tensor, symmetric weights a channel.

Jacob et al. 2018 (arXiv 1712.05877, sections 2.1, 3.1) for the arithmetic and the straight-through gradient;
Krishnamoorthi 2018 (arXiv 1806.08342, section 2) for per-channel weights. Scales are float32, zero points integers.
"""

import operator
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from edgekit.compress.fold import fold_batch_norms, trace
from edgekit.errors import CompressError

LEVELS = 255.0
LOWEST, HIGHEST = -128, 127
WEIGHT_LIMIT = 127
MOMENTUM = 0.05
"""Share of a batch's range in the moving average of ranges."""
SMALLEST_RANGE = 1e-6
DEAD_SHARE = 2.0**-16
"""A channel whose weights are all below this share of the layer's largest counts as zeros."""


class FakeQuantize(nn.Module):
    """Rounds an activation to its int8 grid and back. State: the moving minimum and maximum, and whether they move."""

    minimum: torch.Tensor
    maximum: torch.Tensor
    observing: torch.Tensor
    seen: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("minimum", torch.zeros(()))
        self.register_buffer("maximum", torch.zeros(()))
        self.register_buffer("observing", torch.ones((), dtype=torch.bool))
        self.register_buffer("seen", torch.zeros((), dtype=torch.bool))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training and bool(self.observing):
            self._observe(x.detach())
        scale, zero_point = self.scale_zero_point()
        steps = torch.clamp(torch.round(x / scale) + zero_point, LOWEST, HIGHEST)
        rounded = (steps - zero_point) * scale
        # Straight through: the gradient is 1 inside the range and 0 where the value was clipped.
        inside = torch.clamp(x, (LOWEST - zero_point) * scale, (HIGHEST - zero_point) * scale)
        return inside + (rounded - inside).detach()

    def _observe(self, x: torch.Tensor) -> None:
        low, high = x.min(), x.max()
        if bool(self.seen):
            low = self.minimum + MOMENTUM * (low - self.minimum)
            high = self.maximum + MOMENTUM * (high - self.maximum)
        self.minimum.copy_(low)
        self.maximum.copy_(high)
        self.seen.fill_(True)

    def scale_zero_point(self) -> tuple[torch.Tensor, int]:
        """float32 scale (a scalar tensor) and zero point in -128..127; zero is always on the grid."""
        low = torch.clamp(self.minimum, max=0.0)
        high = torch.clamp(self.maximum, min=0.0)
        scale = torch.clamp(high - low, min=SMALLEST_RANGE) / LEVELS
        zero_point = round(float(LOWEST - low / scale))
        return scale, max(LOWEST, min(HIGHEST, zero_point))


def weight_scales(weight: torch.Tensor) -> torch.Tensor:
    """One float32 scale an output channel (axis 0): max|w| / 127 of the weight as it is now.

    A channel of zeros takes the layer's largest scale: any scale gives its weights back, and its bias is stored in
    steps of that scale, which must not be so small that int32 overflows.
    """
    largest = weight.detach().abs().flatten(1).amax(dim=1)
    whole = largest.amax().clamp(min=SMALLEST_RANGE)
    return torch.where(largest > DEAD_SHARE * whole, largest, whole) / WEIGHT_LIMIT


def round_weight(weight: torch.Tensor) -> torch.Tensor:
    """The weight on its int8 grid, straight through for the gradient."""
    scale = weight_scales(weight).reshape(-1, *[1] * (weight.dim() - 1))
    rounded = torch.clamp(torch.round(weight / scale), -WEIGHT_LIMIT, WEIGHT_LIMIT) * scale
    return weight + (rounded - weight).detach()


class QuantizedLayer(nn.Module):
    """A convolution or linear layer that computes with rounded weights. Keeps the float layer for the converter."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        layer: Any = self.layer
        weight = round_weight(layer.weight)
        if isinstance(layer, nn.Linear):
            return functional.linear(x, weight, layer.bias)
        result: torch.Tensor = layer._conv_forward(x, weight, layer.bias)
        return result


LAYERS = (nn.Conv2d, nn.Linear)
ACTIVATIONS = (nn.ReLU, nn.ReLU6)
SAME_SCALE_MODULES = (nn.MaxPool2d, nn.AvgPool2d, nn.Flatten, nn.Identity, nn.Dropout, nn.ZeroPad2d)
"""Layers whose output has its input's scale and zero point, as TFLite demands of their operators."""
SAME_SCALE_FUNCTIONS = (torch.flatten, torch.reshape, functional.max_pool2d, functional.dropout)
SAME_SCALE_METHODS = ("flatten", "reshape", "view", "contiguous", "size")
SUM_FUNCTIONS = (operator.add, torch.add)
SUM_METHODS = ("add",)
"""The file fuses a following activation into these."""
NEW_SCALE_FUNCTIONS = (torch.mean,)
NEW_SCALE_METHODS = ("mean",)
ACTIVATION_FUNCTIONS = (functional.relu, functional.relu6, torch.relu)


def prepare(network: nn.Module) -> fx.GraphModule:
    """A copy of the network, batch norms folded, with fake quantization where an int8 file rounds.

    Deterministic: the same network gives the same module names, so that a saved state fits. Raises CompressError that
    names a layer which int8 training does not know.
    """
    import copy

    graph = trace(copy.deepcopy(network).eval())
    fold_batch_norms(graph)
    modules = dict(graph.named_modules())
    layers = [str(node.target) for node in graph.graph.nodes if isinstance(modules.get(str(node.target)), LAYERS)]
    twice = [name for name in layers if layers.count(name) > 1]
    if twice:
        raise CompressError(
            f"int8 training does not know a layer that is used twice ({twice[0]})",
            "give each use a layer of its own, or leave this variant's qat step out",
        )
    sites = [node for node in graph.graph.nodes if _rounds(node, modules)]
    for node in sites:
        name = f"fake_quantize_{node.name}"
        graph.add_submodule(name, FakeQuantize())
        with graph.graph.inserting_after(node):
            rounded = graph.graph.call_module(name, (node,))
        node.replace_all_uses_with(rounded, delete_user_cb=lambda user, keep=rounded: user is not keep)
    for name, module in modules.items():
        if isinstance(module, LAYERS):
            parent, _, leaf = name.rpartition(".")
            setattr(graph.get_submodule(parent), leaf, QuantizedLayer(module))
    graph.recompile()
    return graph


def _rounds(node: fx.Node, modules: dict[str, nn.Module]) -> bool:
    """Whether this node's output gets a scale of its own."""
    if node.op == "placeholder":
        return True
    if node.op in ("output", "get_attr"):
        return False
    kind = _kind(node, modules)
    if kind == "same scale":
        return False
    # A layer or sum whose only user is an activation is rounded after that activation: the file fuses the two.
    users = list(node.users)
    fuses = kind in ("layer", "sum") and len(users) == 1 and _kind(users[0], modules) == "activation"
    return not fuses


def _kind(node: fx.Node, modules: dict[str, nn.Module]) -> str:
    if node.op == "output":
        return "output"
    if node.op == "call_module":
        module = modules[str(node.target)]
        for kinds, word in ((LAYERS, "layer"), (ACTIVATIONS, "activation"), (SAME_SCALE_MODULES, "same scale")):
            if isinstance(module, kinds):
                return word
        raise CompressError(
            f"int8 training does not know layer {node.target} ({type(module).__name__})",
            "leave this variant's qat step out: static int8 after training takes more layers",
        )
    if node.op == "call_method":
        known = {
            **dict.fromkeys(SAME_SCALE_METHODS, "same scale"),
            **dict.fromkeys(SUM_METHODS, "sum"),
            **dict.fromkeys(NEW_SCALE_METHODS, "new scale"),
        }
        if str(node.target) in known:
            return known[str(node.target)]
    if node.op == "call_function":
        for functions, word in (
            (SAME_SCALE_FUNCTIONS, "same scale"),
            (ACTIVATION_FUNCTIONS, "activation"),
            (SUM_FUNCTIONS, "sum"),
            (NEW_SCALE_FUNCTIONS, "new scale"),
        ):
            if node.target in functions:
                return word
    raise CompressError(f"int8 training does not know {node.op.removeprefix('call_')} {node.target} (node {node.name})")


def fake_quantizers(graph: nn.Module) -> dict[str, FakeQuantize]:
    """The activation sites by name, in order of computation."""
    return {name: module for name, module in graph.named_modules() if isinstance(module, FakeQuantize)}


def quantized_layers(graph: fx.GraphModule) -> dict[str, QuantizedLayer]:
    """The rounded layers by name, in order of computation."""
    called = [str(node.target) for node in graph.graph.nodes if node.op == "call_module"]
    modules = {name: graph.get_submodule(name) for name in called}
    return {name: module for name, module in modules.items() if isinstance(module, QuantizedLayer)}


def baked(graph: fx.GraphModule) -> fx.GraphModule:
    """A float copy that computes with the rounded weights and rounds no activation: what the converter is given."""
    import copy

    plain = copy.deepcopy(graph).eval()
    for node in list(plain.graph.nodes):
        if node.op == "call_module" and isinstance(plain.get_submodule(str(node.target)), FakeQuantize):
            node.replace_all_uses_with(node.args[0])
            plain.graph.erase_node(node)
    for name, module in quantized_layers(plain).items():
        layer: Any = module.layer
        with torch.no_grad():
            layer.weight.copy_(round_weight(layer.weight))
        parent, _, leaf = name.rpartition(".")
        setattr(plain.get_submodule(parent), leaf, layer)
    plain.delete_all_unused_submodules()
    plain.recompile()
    return plain
