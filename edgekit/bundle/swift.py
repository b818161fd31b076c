"""The Swift file of an iOS bundle, where TensorFlowLiteSwift has a type for every input and output."""

from edgekit.bundle.contents import Contents, Port
from edgekit.bundle.texts import normalization_words

TYPES = {"float32": "Float", "int32": "Int32", "int64": "Int64"}
"""dtype -> Swift's. `Tensor.DataType` of TensorFlowLiteSwift has no int8: input(at:), output(at:) and copy throw."""


def possible(contents: Contents) -> bool:
    """Whether code is written at all."""
    return all(port.scale is None and port.dtype in TYPES for port in (*contents.inputs, *contents.outputs))


def source(contents: Contents) -> str:
    """Classifier.swift (Predictor.swift where there are no labels)."""
    parameters = ", ".join(f"{port.word}: [{_given(port)}]" for port in contents.inputs)
    results = ", ".join(f"[{TYPES[port.dtype]}]" for port in contents.outputs)
    result = results if len(contents.outputs) == 1 else f"({results})"
    lines = [
        f"// Written by edgekit {contents.edgekit} for {contents.recipe}, variant {contents.artifact.variant}.",
        "// NOT COMPILED: edgekit had no Swift for iOS. It is written to the source of TensorFlowLiteSwift.",
        "import Foundation",
        "import TensorFlowLite",
        "",
        "/// Runs model.tflite, for one thread at a time.",
        f"final class {contents.class_name} {{",
        "    private let interpreter: Interpreter",
        "",
        "    init(modelPath: String) throws {",
        "        var options = Interpreter.Options()",
        f"        options.threadCount = {contents.running.threads}",
        "        interpreter = try Interpreter(modelPath: modelPath, options: options)",
        "        try interpreter.allocateTensors()",
        "    }",
        "",
    ]
    for port in contents.inputs:
        shape = "x".join(str(size) for size in port.shape)
        lines.append(f"    /// `{port.word}`: {port.elements} values, {shape} {port.layout}".rstrip() + ",")
        lines.append(f"    ///   {normalization_words(port)}.")
    lines.append(f"    func run({parameters}) throws -> {result} {{")
    for index, port in enumerate(contents.inputs):
        lines += [
            f'        precondition({port.word}.count == {port.elements}, "{port.word} takes {port.elements} values")',
            *(f"        {line}" for line in _fill(index, port)),
            f"        try interpreter.copy(input{index}.withUnsafeBytes {{ Data($0) }}, toInputAt: {index})",
        ]
    lines.append("        try interpreter.invoke()")
    for index, port in enumerate(contents.outputs):
        kind = TYPES[port.dtype]
        lines.append(
            f"        let output{index} = try interpreter.output(at: {index}).data.withUnsafeBytes "
            f"{{ Array($0.bindMemory(to: {kind}.self)) }}"
        )
    names = ", ".join(f"output{index}" for index in range(len(contents.outputs)))
    lines += [f"        return {names}" if len(contents.outputs) == 1 else f"        return ({names})", "    }", "}"]
    return "\n".join(lines) + "\n"


def _given(port: Port) -> str:
    return TYPES[port.dtype]


def _fill(index: int, port: Port) -> list[str]:
    found = port.normalization
    if found is None:
        return [f"let input{index} = {port.word}"]
    lines, parts = [], []
    for key, values in (("Mean", found.mean), ("Std", found.std)):
        if len(values) == 1:
            parts.append(f"({values[0]!r})" if values[0] < 0 else f"{values[0]!r}")
        else:
            lines.append(f"let input{index}{key}: [Float] = [{', '.join(repr(value) for value in values)}]")
            parts.append(f"input{index}{key}[$0.offset % {len(values)}]")
    element = "Float($0.element)" if port.dtype != "float32" else "$0.element"
    mean, std = parts
    return [*lines, f"let input{index}: [Float] = {port.word}.enumerated().map {{ ({element} - {mean}) / {std} }}"]
