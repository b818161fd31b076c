"""The iOS bundle: model, labels, numbers, the benchmark app's parameters, and Swift where it can be right."""

import json

from edgekit.artifact import TensorInfo
from edgekit.bundle import MODEL, NORMALIZATION, swift, texts
from edgekit.bundle.contents import Contents

COREML = "Model.mlpackage"
PARAMETERS = "benchmark_params.json"
WARMUP_RUNS = 10


def files(contents: Contents) -> dict[str, bytes]:
    """File name -> content."""
    made = texts.shared_files(contents, _readme(contents))
    made[PARAMETERS] = parameters(contents).encode()
    if swift.possible(contents):
        made[f"{contents.class_name}.swift"] = swift.source(contents).encode()
    return made | {f"{COREML}/{name}": content for name, content in contents.coreml.items()}


def parameters(contents: Contents) -> str:
    """What TFLite's iOS benchmark app reads: every value is text, which it passes on as --key=value.

    A comma would end a name there; a name that is not the tensor's only makes the app warn.
    """
    inputs = contents.inputs
    values = {
        "benchmark_name": f"{contents.recipe}-{contents.artifact.variant}",
        "num_threads": str(contents.running.threads),
        "num_runs": f"{contents.plan['min_samples']:.0f}",
        "warmup_runs": str(WARMUP_RUNS),
        "graph": MODEL,
        "input_layer": ",".join(port.name.replace(",", "_") for port in inputs),
        "input_layer_shape": ":".join(",".join(str(size) for size in port.shape) for port in inputs),
        "run_delay": "-1",
    }
    return json.dumps(values, indent=4, ensure_ascii=False) + "\n"


def _readme(contents: Contents) -> list[str]:
    name = contents.class_name
    if swift.possible(contents):
        code = [
            f"`{name}.swift` runs the model by the pod `TensorFlowLiteSwift`. **edgekit has not compiled it**: it",
            "had no Swift for iOS. It is written to that library's source (`Interpreter.swift`, `Tensor.swift`).",
        ]
    else:
        kinds = sorted({port.dtype for port in (*contents.inputs, *contents.outputs)} - set(swift.TYPES))
        code = [
            f"There is no Swift file, for this model has {' and '.join(kinds)} inputs or outputs: `Tensor.DataType` of",
            "`TensorFlowLiteSwift` has no int8, so `input(at:)`, `output(at:)` and `copy(_:toInputAt:)` throw.",
            "`TensorFlowLiteC` takes such a file, and so does the benchmark app; a float32 variant gets a Swift file.",
        ]
    return [
        *texts.head(contents, "iOS"),
        "",
        "**Nothing of this was run on an iPhone**: edgekit has measured on none so far.",
        "",
        "## Inputs and outputs",
        *texts.port_table(contents),
        "",
        f"`{NORMALIZATION}` holds the same numbers for programs.",
        "",
        "## The benchmark app",
        "`tensorflow/lite/tools/benchmark/ios` in TensorFlow's repository is an app that times a model; its README",
        f"says how it is built. `{MODEL}` and `{PARAMETERS}` go into its folder `benchmark_data`, and the model under",
        "`Copy Bundle Resources`. Every key is passed on as `--key=value` to TFLite's benchmark tool, so its other",
        "flags can be added, as text too.",
        "",
        "## Code",
        *code,
        "",
        "## Core ML",
        *_coreml(contents),
        "",
        "## What was measured",
        *texts.measured_table(contents),
    ]


def _coreml(contents: Contents) -> list[str]:
    package = contents.coreml_artifact
    if package is None:
        return [
            "There is no Core ML package in this bundle: the recipe has no variant with the same steps and",
            '`format = "coreml"`.',
        ]

    def told(tensors: tuple[TensorInfo, ...]) -> str:
        return ", ".join(
            f"`{tensor.name}` {tensor.dtype} {'x'.join(str(size) for size in tensor.shape)}" for tensor in tensors
        )

    return [
        f"`{COREML}` is variant `{package.variant}` ({package.precision}), made by coremltools for iOS 16 and later.",
        f"Dragged into Xcode it becomes a class. It takes {told(package.inputs)} and gives",
        f"{told(package.outputs)}: multi-arrays of the values that `{NORMALIZATION}` describes, but",
        "images as channels, height, width, not as the .tflite file takes them. Its weights were read back and equal",
        "the network's; **Core ML has not run it**, for it runs on macOS and iOS only.",
    ]
