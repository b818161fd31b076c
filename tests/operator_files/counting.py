"""Nodes that the desktop's prepared interpreter has really given to XNNPACK, and what that count can see."""

from edgekit.runner.engine import Refused
from edgekit.runner.engine_litert import count_nodes, open_litert
from edgekit.runner.quiet import quiet


def counted(content, folder):
    """(nodes taken, delegate kernels) of a file; None where the runtime does not prepare it."""
    path = folder / "model.tflite"
    path.write_bytes(content)
    try:
        with quiet():
            nodes = open_litert(path, "cpu", 1).nodes()
    except Refused:
        return None
    assert nodes.delegated is not None and nodes.partitions is not None
    return nodes.delegated, nodes.partitions


def visible(model, found):
    """What the count would say if the runtime did exactly what was forecast.

    A kernel's nodes are found by walking back from its outputs: nodes that only write variables lead to none.
    """
    graph = model.main
    listed = [(operator.name, [*operator.inputs], [*operator.outputs]) for operator in graph.operators]
    for kernel in range(found.partitions or 0):
        inside = {node.index for node in found.nodes if node.partition == kernel}
        made = {tensor for index in inside for tensor in graph.operators[index].outputs}
        outside = [operator for index, operator in enumerate(graph.operators) if index not in inside]
        wanted = {*graph.outputs, *(tensor for operator in outside for tensor in operator.inputs)}
        inputs = {tensor for index in inside for tensor in graph.operators[index].inputs} - made - {-1}
        listed.append(("DELEGATE", sorted(inputs), sorted(made & wanted)))
    nodes = count_nodes(listed)
    return nodes.delegated or 0, nodes.partitions or 0
