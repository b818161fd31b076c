"""What TFLite's NNAPI delegate offers to a phone's drivers, for each feature level.

Offered is not taken: which of the nodes a vendor's driver accepts is asked on the phone, and the file cannot say.
Android 15 deprecates NNAPI.
"""

from collections.abc import Sequence

from edgekit.delegates import nnapi_rules
from edgekit.delegates.coverage import Coverage, Refusal, conclude
from edgekit.delegates.partitions import largest, partition
from edgekit.delegates.rules import Around, Node, Refused, half_unpacks
from edgekit.tflite.structure import ModelFile, Subgraph

RUNTIME = "NNAPI delegate of TFLite 2.16.1, feature level {}"
LEVELS: dict[int, str] = {
    27: "1 (Android 8.1)",
    28: "2 (Android 9)",
    29: "3 (Android 10)",
    30: "4 (Android 11)",
    31: "5 (Android 12)",
    1_000_006: "6",
    1_000_007: "7",
    1_000_008: "8",
}
"""What the delegate compares with, oldest first: the API level, and from 6 on numbers of NNAPI's own updates."""
NEWEST = max(LEVELS)
MOST_GROUPS = 3
"""StatefulNnApiDelegate::Options::max_number_delegated_partitions."""
DEPRECATED = "NNAPI is deprecated since Android 15: choose gpu or cpu for a new app"
DRIVERS = "which of these nodes a phone's driver accepts is asked on the phone: the file cannot say"
HELPER = "tensorflow/lite/delegates/utils.cc: FP16GraphPartitionHelper"


def predict(model: ModelFile) -> Coverage:
    """The forecast for the main graph at the newest feature level; the older ones' counts in the notes."""
    counts = []
    for level, name in LEVELS.items():
        judged = at_level(model, level)
        counts.append(f"{name}: {sum(refusal is None for refusal in judged)}")
    notes = (DEPRECATED, DRIVERS, f"nodes offered at feature level {', '.join(counts)}")
    runtime = RUNTIME.format(LEVELS[NEWEST])
    return conclude(model, at_level(model, NEWEST), delegate="nnapi", runtime=runtime, notes=notes)


def at_level(model: ModelFile, level: int, *, accelerated: bool = True) -> list[Refusal | None]:
    """One verdict a node of the main graph, the largest MOST_GROUPS groups chosen. `level`: one of LEVELS."""
    offered = judge(model, model.main, level, accelerated=accelerated)
    taken = {index for index, refusal in enumerate(offered) if refusal is None}
    kept = {index for kernel in largest(partition(model.main, taken) or (), MOST_GROUPS) for index in kernel}
    left = Refusal(
        rule=f"the delegate takes the {MOST_GROUPS} largest groups of nodes by default, and this is in another one",
        source="tensorflow/lite/delegates/nnapi/nnapi_delegate.cc: LimitDelegatedPartitions",
        mend="mend the nodes between the groups",
    )
    return [left if refusal is None and index not in kept else refusal for index, refusal in enumerate(offered)]


def judge(model: ModelFile, graph: Subgraph, level: int, *, accelerated: bool = True) -> Sequence[Refusal | None]:
    """One verdict a node: does the delegate offer it at this level? Before groups are chosen."""
    around = Around(model, graph)
    if (dynamic := around.dynamic()) is not None:
        return [dynamic] * len(graph.operators)
    found = [None if node.index in around.unpacks else _verdict(node, level, accelerated) for node in around.nodes()]
    return half_unpacks(around, found, HELPER) if around.unpacks else found


def _verdict(node: Node, level: int, accelerated: bool) -> Refusal | None:
    try:
        nnapi_rules.check(node, level, accelerated=accelerated)
    except Refused as error:
        return error.refusal()
    return None
