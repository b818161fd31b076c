"""The Kotlin file of an Android bundle: maps the model, quantizes, runs it as measured, dequantizes."""

from edgekit.bundle.contents import Contents, Port
from edgekit.bundle.texts import normalization_words

PACKAGE = "dev.edgekit.bundle"
ARRAYS = {"float32": "FloatArray", "int32": "IntArray", "int64": "LongArray"}
"""dtype -> what the code takes and gives for it; quantized integers are floats outside."""
BYTES = {"float32": 4, "int8": 1, "uint8": 1, "int16": 2, "int32": 4, "int64": 8}
LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
_PUT = {
    "float32": "putFloat",
    "int8": "put",
    "uint8": "put",
    "int16": "putShort",
    "int32": "putInt",
    "int64": "putLong",
}
_GET = {
    "float32": "getFloat()",
    "int8": "get().toInt()",
    "uint8": "get().toInt() and 0xFF",
    "int16": "getShort().toInt()",
    "int32": "getInt()",
    "int64": "getLong()",
}


def array_of(port: Port) -> str | None:
    """The Kotlin array of a port's values; None: no code is written for such a dtype."""
    if port.scale is not None:
        return "FloatArray" if port.dtype in LIMITS else None
    return ARRAYS.get(port.dtype)


def source(contents: Contents) -> str:
    """Classifier.kt (Predictor.kt where there are no labels)."""
    parts = [_head(contents), _fields(contents), _run(contents)]
    if contents.labelled:
        parts.append(_RANKED)
    parts += [_close(contents), _helpers(contents), _companion(contents)]
    return "\n".join(parts) + "}\n"


def own_threads(contents: Contents) -> bool:
    """Whether XNNPACK is to have more than one thread, which TFLite 2.16.1's Java interface cannot ask for."""
    return contents.running.delegate == "cpu" and contents.running.threads > 1


def _head(contents: Contents) -> str:
    delegate = contents.running.delegate
    imports = {
        "android.content.Context",
        "java.io.Closeable",
        "java.io.FileInputStream",
        "java.nio.ByteBuffer",
        "java.nio.ByteOrder",
        "java.nio.channels.FileChannel",
        "org.tensorflow.lite.DataType",
        "org.tensorflow.lite.Interpreter",
        "org.tensorflow.lite.Tensor",
    }
    if delegate == "gpu":
        imports |= {f"org.tensorflow.lite.gpu.{name}" for name in ("CompatibilityList", "GpuDelegate")}
        imports |= {"org.tensorflow.lite.gpu.GpuDelegateFactory"}
    if delegate == "nnapi":
        imports |= {"android.os.Build", "org.tensorflow.lite.nnapi.NnApiDelegate"}
    name = contents.class_name
    labels = ", val labels: List<String> = emptyList()" if contents.labels else ""
    where = {"gpu": " GPU delegates belong to the thread that made them: make and run it on one thread."}
    return f"""\
// Written by edgekit {contents.edgekit} for {contents.recipe}, variant {contents.artifact.variant}.
// model.tflite: sha256 {contents.artifact.sha256}; README.md says what was measured.
package {PACKAGE}

{_import_lines(imports)}

/**
 * Runs model.tflite. `model` is the whole file, mapped or in a direct buffer.
 *
 * For one thread at a time.{where.get(delegate, "")} Close it when done.
 */
class {name}(model: ByteBuffer{labels}) : Closeable {{"""


def _import_lines(names: set[str]) -> str:
    return "\n".join(f"import {name}" for name in sorted(names))


def _fields(contents: Contents) -> str:
    running = contents.running
    lines: list[str] = []
    if running.delegate == "gpu":
        lines += [
            "    private val accelerator: GpuDelegate? = CompatibilityList().use {",
            "        if (it.isDelegateSupportedOnThisDevice) GpuDelegate(GpuDelegateFactory.Options()) else null",
            "    }",
        ]
    elif running.delegate == "nnapi":
        lines += [
            "    private val accelerator: NnApiDelegate? =",
            "        if (Build.VERSION.SDK_INT >= 27) NnApiDelegate(NnApiDelegate.Options()) else null",
        ]
    elif own_threads(contents):
        lines.append(f"    private val accelerator = XnnpackDelegate({running.threads})")
    if running.delegate in ("gpu", "nnapi"):
        lines += [
            f"    /** `{running.delegate}`; `cpu` where this device does not have it. */",
            f'    val delegate: String = if (accelerator == null) "cpu" else "{running.delegate}"',
        ]
    lines.append("    private val interpreter: Interpreter")
    for kind, ports in (("input", contents.inputs), ("output", contents.outputs)):
        for index, port in enumerate(ports):
            lines.append(f"    private val {kind}{index}Buffer = buffer({port.elements * BYTES[port.dtype]})")
            found = port.normalization
            for key, values in (("Mean", found.mean), ("Std", found.std)) if found else ():
                if len(values) > 1:
                    listed = ", ".join(_float(value) for value in values)
                    lines.append(f"    private val {kind}{index}{key} = floatArrayOf({listed})")
    lines += ["", "    init {", *(f"        {line}" for line in _options(contents))]
    lines += ["        interpreter = Interpreter(model, options)", "        try {"]
    for kind, ports in (("Input", contents.inputs), ("Output", contents.outputs)):
        lines += [
            f"            expect(interpreter.get{kind}Tensor({index}), {_expected(port)})"
            for index, port in enumerate(ports)
        ]
    lines += ["        } catch (error: IllegalStateException) {", "            close()", "            throw error"]
    return "\n".join([*lines, "        }", "    }", ""])


def _options(contents: Contents) -> list[str]:
    running = contents.running
    if running.delegate == "cpu-default":
        return ["val options = Interpreter.Options()"]
    plain = f"val options = Interpreter.Options().setNumThreads({running.threads})"
    if running.delegate == "cpu" and not own_threads(contents):
        return [f"{plain}.setUseXNNPACK(true)"]
    if own_threads(contents):
        return [plain, "options.setUseXNNPACK(false).addDelegate(accelerator)"]
    return [plain, "options.setUseXNNPACK(accelerator == null)", "accelerator?.let { options.addDelegate(it) }"]


def _expected(port: Port) -> str:
    shape = ", ".join(str(size) for size in port.shape)
    scale, zero = (_float(port.scale), port.zero_point or 0) if port.scale is not None else ("0.0f", 0)
    return f"DataType.{port.dtype.upper()}, intArrayOf({shape}), {scale}, {zero}"


def _float(value: float) -> str:
    return f"{value!r}f"


def _run(contents: Contents) -> str:
    parameters = ", ".join(f"{port.word}: {array_of(port)}" for port in contents.inputs)
    outputs = contents.outputs
    several = len(outputs) > 1
    result = "Outputs" if several else array_of(outputs[0])
    lines: list[str] = []
    if several:
        held = ", ".join(f"val {port.word}: {array_of(port)}" for port in outputs)
        lines += ["    /** What one run gives. */", f"    class Outputs({held})", ""]
    lines += ["    /**", *(f"     * {line}" for line in _words(contents)), "     */"]
    lines.append(f"    fun run({parameters}): {result} {{")
    for index, port in enumerate(contents.inputs):
        lines += [f"        {line}" for line in _fill(index, port)]
    given = ", ".join(f"input{index}Buffer" for index in range(len(contents.inputs)))
    taken = ", ".join(f"{index} to output{index}Buffer" for index in range(len(outputs)))
    lines += [f"        output{index}Buffer.rewind()" for index in range(len(outputs))]
    lines.append(f"        interpreter.runForMultipleInputsOutputs(arrayOf<Any>({given}), mapOf<Int, Any>({taken}))")
    lines += [f"        output{index}Buffer.rewind()" for index in range(len(outputs))]
    read = [_read(index, port) for index, port in enumerate(outputs)]
    lines.append(f"        return Outputs({', '.join(read)})" if several else f"        return {read[0]}")
    return "\n".join([*lines, "    }", ""])


def _words(contents: Contents) -> list[str]:
    lines = []
    for port in contents.inputs:
        shape = "x".join(str(size) for size in port.shape)
        lines.append(f"`{port.word}`: {port.elements} values, {shape} {port.layout}".rstrip() + ",")
        # the raw text is the data source's: it must not end the comment
        lines.append(f"  {normalization_words(port)}.".replace("*/", "* /").replace("/*", "/ *"))
    given = ", ".join(f"{port.elements} values ({port.word})" for port in contents.outputs)
    return [*lines, f"Gives {given}, dequantized." if _any_scale(contents.outputs) else f"Gives {given}."]


def _any_scale(ports: tuple[Port, ...]) -> bool:
    return any(port.scale is not None for port in ports)


def _fill(index: int, port: Port) -> list[str]:
    found = port.normalization
    value = f"{port.word}[i]"
    if found is not None:
        mean, std = (
            _float(values[0]) if len(values) == 1 else f"input{index}{key}[i % {len(values)}]"
            for key, values in (("Mean", found.mean), ("Std", found.std))
        )
        plain = value if array_of(port) == "FloatArray" else f"{value}.toFloat()"
        centred = f"({plain} - {f'({mean})' if mean.startswith('-') else mean})"
        value = f"{plain if found.mean == (0.0,) else centred} / {std}"
    if port.scale is not None:
        least, most = LIMITS[port.dtype]
        kind = "toShort()" if port.dtype == "int16" else "toByte()"
        value = f"quantized({value}, {_float(port.scale)}, {port.zero_point or 0}, {least}, {most}).{kind}"
    count = port.elements
    return [
        f"require({port.word}.size == {count}) "
        f'{{ "{port.word} has ${{{port.word}.size}} values, the model takes {count}" }}',
        f"input{index}Buffer.rewind()",
        f"for (i in {port.word}.indices) {{",
        f"    input{index}Buffer.{_PUT[port.dtype]}({value})",
        "}",
    ]


def _read(index: int, port: Port) -> str:
    value = f"output{index}Buffer.{_GET[port.dtype]}"
    if port.scale is not None:
        zero = port.zero_point or 0
        value = f"(({value}) - {f'({zero})' if zero < 0 else zero}) * {_float(port.scale)}"
    return f"{array_of(port)}({port.elements}) {{ {value} }}"


_RANKED = """\
    /** Each label with its score, the highest first. */
    fun ranked(scores: FloatArray): List<Pair<String, Float>> =
        labels.zip(scores.asList()).sortedByDescending { it.second }
"""


def _close(contents: Contents) -> str:
    lines = ["    override fun close() {", "        interpreter.close()"]
    if own_threads(contents):
        lines.append("        accelerator.close()")
    elif contents.running.delegate in ("gpu", "nnapi"):
        lines.append("        accelerator?.close()")
    return "\n".join([*lines, "    }", ""])


def _helpers(contents: Contents) -> str:
    quantized = """\

    /** Half to even, saturated; 32-bit floats, as edgekit measured it. */
    private fun quantized(value: Float, scale: Float, zeroPoint: Int, least: Int, most: Int): Int =
        (Math.rint((value / scale).toDouble()).toFloat() + zeroPoint).coerceIn(least.toFloat(), most.toFloat()).toInt()
"""
    return f"""\
    private fun buffer(bytes: Int): ByteBuffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder())

    private fun expect(tensor: Tensor, type: DataType, shape: IntArray, scale: Float, zeroPoint: Int) {{
        val found = tensor.quantizationParams()
        val same = tensor.dataType() == type && tensor.shape().contentEquals(shape)
        check(same && found.scale == scale && found.zeroPoint == zeroPoint) {{
            "this is not the model.tflite that {contents.class_name}.kt was written for (tensor ${{tensor.name()}})"
        }}
    }}
{quantized if _any_scale(contents.inputs) else ""}"""


def _companion(contents: Contents) -> str:
    name = contents.class_name
    made = (
        f'{name}(model, context.assets.open("labels.txt").bufferedReader().readLines())'
        if contents.labels
        else f"{name}(model)"
    )
    files = "model.tflite and labels.txt" if contents.labels else "model.tflite"
    return f"""\
    companion object {{
        /** From the app's assets: {files}. The model is mapped, so it must lie there uncompressed. */
        fun fromAssets(context: Context): {name} {{
            val model = context.assets.openFd("model.tflite").use {{ file ->
                FileInputStream(file.fileDescriptor).use {{
                    it.channel.map(FileChannel.MapMode.READ_ONLY, file.startOffset, file.declaredLength)
                }}
            }}
            return {made}
        }}
    }}
"""
