"""Which operators, in which versions, a runtime takes: a file that runs on the desktop may be too new for a phone's.

Asked of the runtime's own library, every operator in every version (tests/with_java/test_operator_versions.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edgekit.tflite.structure import ModelFile, Operator, Subgraph

_SHOWN = 3
"""Operators that a sentence names before it says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """An operator on tensors that the runtime does not compute. `dtypes`: of its first inputs; `scales`: of its second
    input's: any number, none (they stand elsewhere: blocks), or several; `rows`: only where input 0 has more than one.
    """

    operator: str
    dtypes: tuple[str, ...]
    scales: Literal["any", "none", "several"] = "any"
    rows: bool = False
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeOperators:
    """What one version of a runtime takes. `newest`, `oldest`: builtin operator -> version; `oldest` is 1 elsewhere.

    `refused`: what the versions in a file do not tell: litert-quantizer leaves them as it finds them.
    """

    runtime: str
    newest: Mapping[str, int]
    oldest: Mapping[str, int]
    custom: frozenset[str]
    refused: tuple[Kinds, ...] = ()


def refusal(model: ModelFile, takes: RuntimeOperators) -> str:
    """Why the runtime cannot build the model, naming the operators; empty: it can, as far as operators go."""
    problems: dict[str, None] = {}
    for subgraph in model.subgraphs:
        for operator in subgraph.operators:
            if operator.is_custom:
                problem = _custom_problem(operator.name, takes)
            else:
                problem = _problem(operator.name, operator.version, takes) or _kind_problem(operator, subgraph, takes)
            if problem:
                problems[problem] = None
    listed = list(problems)
    more = f" (and {len(listed) - _SHOWN} more operators)" if len(listed) > _SHOWN else ""
    return "; ".join(listed[:_SHOWN]) + more


def _problem(name: str, version: int, takes: RuntimeOperators) -> str:
    newest, oldest = takes.newest.get(name), takes.oldest.get(name, 1)
    if newest is None:
        return f"{takes.runtime} has no operator {name}"
    if version > newest:
        return f"{name} version {version} is newer than {takes.runtime} takes ({newest})"
    if version < oldest:
        return f"{name} version {version} is older than {takes.runtime} takes ({oldest})"
    return ""


def _kind_problem(operator: Operator, subgraph: Subgraph, takes: RuntimeOperators) -> str:
    rules = [rule for rule in takes.refused if rule.operator == operator.name]
    if not rules or not operator.inputs or min(operator.inputs[:2]) < 0:
        return ""
    tensors = [subgraph.tensors[index] for index in operator.inputs[:2]]
    dtypes = tuple(tensor.dtype for tensor in tensors)
    held = tensors[-1].quantization
    scales = len(held.scales) if held is not None else 0
    rows = tensors[0].elements // max(1, tensors[0].shape[-1]) if tensors[0].shape else 1
    for rule in rules:
        counted = {"any": True, "none": scales == 0, "several": scales > 1}[rule.scales]
        if dtypes[: len(rule.dtypes)] == rule.dtypes and counted and (rows > 1 or not rule.rows):
            return f"{takes.runtime} {rule.why}"
    return ""


def _custom_problem(name: str, takes: RuntimeOperators) -> str:
    if name in takes.custom:
        return ""
    if name.startswith("Flex"):
        return f"{takes.runtime} has no TensorFlow operators: {name} needs them"
    return f"{takes.runtime} has no custom operator {name}"


def _table(text: str) -> dict[str, int]:
    """`VERSION: NAME NAME ...` -> name -> version."""
    found = re.findall(r"(\d+):([^:]*)(?=\s\d+:|$)", text)
    return {name: int(version) for version, names in found for name in names.split()}


TFLITE_2_16_1 = RuntimeOperators(
    runtime="TFLite 2.16.1",
    newest=_table("""
    1: FLOOR HASHTABLE_LOOKUP L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LSH_PROJECTION RELU_N1_TO_1 RESHAPE
       SKIP_GRAM EMBEDDING_LOOKUP_SPARSE PRELU NEG SIN EXPAND_DIMS SQRT SHAPE POW LOGICAL_OR ONE_HOT LOGICAL_AND
       LOGICAL_NOT REDUCE_ANY SQUARE ZEROS_LIKE UNIQUE CEIL ADD_N COS RANK ELU REVERSE_SEQUENCE MATRIX_DIAG
       MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND
       DENSIFY SEGMENT_SUM CUMSUM CALL_ONCE RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND
       HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE
       BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL DYNAMIC_UPDATE_SLICE
       RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN
       BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_ADD STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_MINIMUM
       STABLEHLO_SCATTER STABLEHLO_PAD STABLEHLO_REDUCE_WINDOW STABLEHLO_GATHER DILATE
       STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW
    2: DEPTH_TO_SPACE L2_NORMALIZATION SPACE_TO_DEPTH DIV SQUEEZE EXP LOG_SOFTMAX GREATER LESS_EQUAL LOG SUM
       FAKE_QUANT REDUCE_PROD FLOOR_MOD RANGE LEAKY_RELU SQUARED_DIFFERENCE SPLIT_V WHERE SELECT_V2 GELU SIGN
    3: AVERAGE_POOL_2D EMBEDDING_LOOKUP LOGISTIC MAX_POOL_2D RELU RELU6 RNN SOFTMAX TANH
       UNIDIRECTIONAL_SEQUENCE_RNN MEAN BIDIRECTIONAL_SEQUENCE_RNN TOPK_V2 BIDIRECTIONAL_SEQUENCE_LSTM ARG_MAX
       LESS GREATER_EQUAL SPARSE_TO_DENSE TILE NOT_EQUAL RSQRT ARG_MIN REDUCE_MAX REDUCE_MIN FLOOR_DIV
       MIRROR_PAD REVERSE_V2 QUANTIZE BROADCAST_TO
    4: CONCATENATION LSTM RESIZE_BILINEAR SVDF PAD BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND
       UNIDIRECTIONAL_SEQUENCE_LSTM SPLIT MAXIMUM MINIMUM PADV2 SELECT EQUAL PACK UNPACK FILL
       RESIZE_NEAREST_NEIGHBOR BATCH_MATMUL
    5: ADD DEQUANTIZE SUB TRANSPOSE_CONV ABS GATHER_ND
    6: TRANSPOSE CAST SLICE
    7: DEPTHWISE_CONV_2D MUL GATHER
    8: CONV_2D STRIDED_SLICE
    11: FULLY_CONNECTED
    """),
    oldest={"BROADCAST_TO": 2},
    custom=frozenset({"AudioSpectrogram", "Mfcc", "NumericVerify", "TFLite_Detection_PostProcess"}),
    refused=(
        Kinds(
            operator="CONV_2D",
            dtypes=("float32", "int4"),
            why="reads int4 weights of CONV_2D with float inputs as floats (it ends with a segmentation fault)",
        ),
        Kinds(
            operator="FULLY_CONNECTED",
            dtypes=("int8", "int4"),
            why="takes no int4 weights in FULLY_CONNECTED with int8 inputs",
        ),
        Kinds(
            operator="FULLY_CONNECTED",
            dtypes=("float32", "int4"),
            scales="none",
            why="takes no int4 weights in blocks in FULLY_CONNECTED (it ends with a segmentation fault)",
        ),
        Kinds(
            operator="FULLY_CONNECTED",
            dtypes=("int16", "int8"),
            scales="several",
            rows=True,
            why="takes the first channel's scale for all of FULLY_CONNECTED where int16 inputs have several rows",
        ),
        Kinds(operator="EMBEDDING_LOOKUP", dtypes=("int32", "int4"), why="takes no int4 table in EMBEDDING_LOOKUP"),
        Kinds(
            operator="EMBEDDING_LOOKUP",
            dtypes=("int32", "int8"),
            scales="several",
            why="looks up int8 rows with a scale each as if they had none in EMBEDDING_LOOKUP",
        ),
        Kinds(operator="DEQUANTIZE", dtypes=("int4",), why="takes no int4 in DEQUANTIZE"),
        Kinds(
            operator="TRANSPOSE", dtypes=("int16",), why="hands TRANSPOSE of int16 to XNNPACK, which has no such kernel"
        ),
    ),
)
"""Of org.tensorflow:tensorflow-lite:2.16.1, the library in the Android app."""
