"""The Android bundle: model, labels, numbers, Kotlin, Gradle lines, and what the libraries cost."""

from pathlib import Path

from edgekit.bundle import LABELS, MODEL, NORMALIZATION, kotlin, sizes, texts
from edgekit.bundle.contents import Contents
from edgekit.errors import ConvertError

LITERT = "com.google.ai.edge.litert:litert"


def files(contents: Contents) -> dict[str, bytes]:
    """File name -> content; raises ConvertError for a dtype that the Kotlin code has no word for."""
    for port in (*contents.inputs, *contents.outputs):
        if kotlin.array_of(port) is None:
            quantized = "quantized " if port.scale is not None else ""
            raise ConvertError(
                f"{port.name} is {quantized}{port.dtype}: no Kotlin is written for that",
                "bundle a variant of another precision",
            )
    made = texts.shared_files(contents, _readme(contents))
    made[f"{contents.class_name}.kt"] = kotlin.source(contents).encode()
    if kotlin.own_threads(contents):
        made["XnnpackDelegate.kt"] = Path(__file__).with_name("XnnpackDelegate.kt").read_bytes()
    return made


def _readme(contents: Contents) -> list[str]:
    name = contents.class_name
    assets = f"`{MODEL}` and `{LABELS}`" if contents.labels else f"`{MODEL}`"
    code = f"`{name}.kt` and `XnnpackDelegate.kt`" if kotlin.own_threads(contents) else f"`{name}.kt`"
    arguments = ", ".join(port.word for port in contents.inputs)
    first = contents.outputs[0].word if len(contents.outputs) == 1 else "outputs"
    use = [f"val model = {name}.fromAssets(context)", f"val {first} = model.run({arguments})"]
    if contents.labelled:
        use.append(f"val (label, score) = model.ranked({first}).first()")
    return [
        *texts.head(contents, "Android"),
        "",
        "## Into the app",
        f"1. {assets} into `app/src/main/assets/`.",
        f"2. {code} to the sources, with the package line changed to yours.",
        "3. Into `app/build.gradle.kts`:",
        "",
        "```kotlin",
        *_gradle(contents),
        "```",
        "",
        f"`noCompress` keeps `{MODEL}` mappable (`aaptOptions {{ noCompress 'tflite' }}` in old Groovy builds).",
        _rules(contents),
        f"Newer releases of the same library are called `{LITERT}` (and `-gpu`), on Google's repository;",
        "edgekit has not run them.",
        "",
        "```kotlin",
        *use,
        "model.close()",
        "```",
        "",
        "## Inputs and outputs",
        *texts.port_table(contents),
        "",
        f"`{name}.kt` does all of it; `{NORMALIZATION}` holds the same numbers for programs.",
        "",
        "## What was measured",
        *texts.measured_table(contents),
        "",
        *_caveats(contents),
        "",
        "## What the libraries add to an APK",
        "Bytes as they are / after zlib 9. An APK that keeps its libraries uncompressed grows by the first, a download",
        "by about the second.",
        f"Measured from the AARs ({sizes.load().made_with}). NNAPI and XNNPACK are in the first row;",
        "`jna` is needed only for XNNPACK on more than one thread.",
        "",
        *sizes.table(sizes.load()),
    ]


def _rules(contents: Contents) -> str:
    if kotlin.own_threads(contents):
        return (
            "With R8, `-keep class com.sun.jna.** { *; }` and "
            f"`-keep class {kotlin.PACKAGE}.XnnpackDelegate$Options {{ *; }}` (JNA looks them up by name)."
        )
    return "No ProGuard rules are needed: the libraries bring theirs."


def _gradle(contents: Contents) -> list[str]:
    known = sizes.load()
    purposes = ["base"]
    if contents.running.delegate == "gpu":
        purposes.append("gpu")
    lines = []
    for purpose in purposes:
        lines += [f'    implementation("{name}")' for name in known.of(purpose).artifacts]
    if kotlin.own_threads(contents):
        lines += [f'    implementation("{name}@aar")' for name in known.of("threads").artifacts]
    return ["android {", '    androidResources { noCompress += "tflite" }', "}", "dependencies {", *lines, "}"]


def _caveats(contents: Contents) -> list[str]:
    running = contents.running
    lines = []
    if not running.on_a_phone:
        lines.append(
            "**No phone decided this.** Attach one, `edgekit run` with `--target 'android:*:*'`, then bundle again."
        )
    if running.delegate == "nnapi":
        lines.append("Android 15 has declared NNAPI deprecated: plan for `cpu` there.")
    if running.delegate in ("gpu", "nnapi"):
        lines.append(f"Where a device has no `{running.delegate}`, the code takes XNNPACK: look at `delegate`.")
    lines.append("TFLite 2.16.1 is built for memory pages of 4 KB: on devices with 16 KB pages it does not load.")
    return [f"* {line}" for line in lines]
