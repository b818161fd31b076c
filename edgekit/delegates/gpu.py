"""What TFLite's GPU delegate (V2: OpenCL, OpenGL) takes on Android, as the app's TFLite 2.16.1 decides it.

Two looks at each node: IsSupported and the types (gpu_rules.py) decide which nodes are offered; Parse (gpu_parse.py)
then builds them, and where it cannot, the delegate gives up the whole graph. By default one group of nodes is taken,
the largest. OpenCL is assumed: without it SPLIT and SPLIT_V are left too.
"""

from collections.abc import Sequence

from edgekit.delegates import gpu_parse, gpu_rules
from edgekit.delegates.coverage import Coverage, Refusal, conclude
from edgekit.delegates.partitions import largest, partition
from edgekit.delegates.rules import Around, Node, Refused, half_unpacks
from edgekit.tflite.structure import ModelFile, Subgraph

RUNTIME = "GPU delegate of TFLite 2.16.1"
HELPER = "tensorflow/lite/delegates/utils.cc: FP16GraphPartitionHelper"


def predict(model: ModelFile) -> Coverage:
    """The forecast for the main graph."""
    offered = judge(model, model.main)
    judged, notes = _one_group(model.main, offered), []
    taken = sum(refusal is None for refusal in judged)
    if (more := sum(refusal is None for refusal in offered)) > taken:
        notes.append(f"{more} nodes could run there: one group is taken, of {taken} nodes")
    around = Around(model, model.main)
    for node in around.nodes():
        if judged[node.index] is None and (broken := _parsed(node)) is not None:
            judged = [
                broken if index == node.index else _given_up(refusal, node) for index, refusal in enumerate(judged)
            ]
            notes.append(f"the delegate fails on node {node.index} ({node.name}): an app must run the file without it")
            break
    if any(operator.name in ("SPLIT", "SPLIT_V") for operator in model.main.operators):
        notes.append("SPLIT and SPLIT_V run there with OpenCL only, not with OpenGL")
    return conclude(model, judged, delegate="gpu", runtime=RUNTIME, notes=notes)


def judge(model: ModelFile, graph: Subgraph) -> list[Refusal | None]:
    """One verdict a node: may it be offered to the delegate? Before groups are chosen and nodes are built."""
    around = Around(model, graph)
    if (dynamic := around.dynamic()) is not None:
        return [dynamic] * len(graph.operators)
    found = [None if node.index in around.unpacks else _supported(node) for node in around.nodes()]
    return half_unpacks(around, found, HELPER)


def _supported(node: Node) -> Refusal | None:
    try:
        gpu_rules.check(node)
        gpu_rules.check_types(node)
    except Refused as error:
        return error.refusal()
    return None


def _parsed(node: Node) -> Refusal | None:
    if node.index in node.around.unpacks:
        return None
    try:
        gpu_parse.check(node)
    except Refused as error:
        return error.refusal()
    return None


def _one_group(graph: Subgraph, offered: Sequence[Refusal | None]) -> list[Refusal | None]:
    """max_delegated_partitions = 1."""
    taken = {index for index, refusal in enumerate(offered) if refusal is None}
    kernels = partition(graph, taken) or ()
    kept = {index for kernel in largest(kernels, 1) for index in kernel}
    left = Refusal(
        rule=f"the delegate takes one group of nodes by default, and another one of {len(kept)} is the largest",
        source="tensorflow/lite/delegates/gpu/delegate_options.cc: TfLiteGpuDelegateOptionsV2Default",
        mend="mend the nodes between the groups",
    )
    return [left if refusal is None and index not in kept else refusal for index, refusal in enumerate(offered)]


def _given_up(refusal: Refusal | None, node: Node) -> Refusal:
    return refusal or Refusal(
        rule=f"node {node.index} ({node.name}) cannot be built, and the delegate then gives up the whole graph",
        source="tensorflow/lite/delegates/gpu/common/model_builder.cc: BuildModelEnforceIO",
        mend=f"mend node {node.index}",
    )
