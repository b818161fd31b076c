"""XNNPACK's rules for variables: VAR_HANDLE, READ_VARIABLE and ASSIGN_VARIABLE.

A handle is taken once a node that reads or writes it was: only then its type is known. Source: ResourceInfo,
VisitVarHandleNode, VisitReadVariableNode, VisitAssignVariableNode and PrepareOpsToDelegate.
"""

from edgekit.delegates.coverage import Refusal
from edgekit.delegates.xnnpack_node import ASKED, Node
from edgekit.tflite.structure import Operator, Tensor

_OPERATORS = ("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE")


class Variables:
    """The handles met so far, by the tensor that holds them."""

    def __init__(self) -> None:
        self._handles: dict[int, int] = {}
        self._values: dict[int, Tensor] = {}

    def about(self, operator: Operator) -> bool:
        """Whether the operator is one of the three."""
        return operator.name in _OPERATORS and not operator.is_custom

    def visit(self, index: int, node: Node) -> None:
        """Raise Refused; a handle is refused at first."""
        node.need(not node.older, "the older library's XNNPACK takes no variables", "", ASKED)
        if node.operator.name == "VAR_HANDLE":
            node.function = "VisitVarHandleNode"
            self._handles[node.output().index] = index
            node.need(False, "no node that XNNPACK takes reads or writes this variable")
        reads = node.operator.name == "READ_VARIABLE"
        node.function = "VisitReadVariableNode" if reads else "VisitAssignVariableNode"
        value = node.output() if reads else node.input(1)
        node.need(
            not reads or len(value.shape) > 0, "it reads a variable without dimensions", "give the variable a shape"
        )
        node.float_or_8bit(value)
        handle = node.input(0).index
        node.need(handle in self._handles, "its variable comes from another graph")
        known = self._values.setdefault(handle, value)
        node.need(
            (known.dtype, known.shape) == (value.dtype, value.shape),
            f"its variable is {known.dtype} {list(known.shape)} elsewhere and {value.dtype} {list(value.shape)} here",
        )

    def settle(self, verdicts: list[Refusal | None]) -> list[Refusal | None]:
        """The verdicts, with the handles taken whose variable is in use."""
        for handle, index in self._handles.items():
            if handle in self._values:
                verdicts[index] = None
        return verdicts
