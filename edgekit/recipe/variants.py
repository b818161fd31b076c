"""Which conversions a variant may ask for: combinations of its keys that mean nothing are refused with a sentence."""

import math

from edgekit.recipe.spec import COREML_PRECISIONS, STATIC, Kept, VariantSpec
from edgekit.recurrence import FORMS


def conversion_problem(variant: VariantSpec, *, exceptions: Kept | None = None) -> tuple[str, str, str] | None:
    """(key, sentence, hint) for a conversion that cannot be asked for; `exceptions` as given, None where it was not."""
    budget, precision, io = variant.budget, variant.precision, variant.io
    if variant.format == "coreml" and precision not in COREML_PRECISIONS:
        return (
            "precision",
            f"{precision!r} is none of Core ML's here",
            f"one of: {', '.join(COREML_PRECISIONS)}",
        )
    if variant.format == "tflite" and precision == "palettized8":
        return "precision", "'palettized8' is Core ML's: no .tflite file has palettes", 'format = "coreml"'
    if variant.recurrent != "unrolled" and precision not in FORMS[variant.recurrent]:
        written = ", ".join(FORMS[variant.recurrent])
        return "precision", f"the {variant.recurrent} form is not written in {precision}", f"it is in: {written}"
    if variant.format == "coreml" and variant.recurrent != "unrolled":
        return "recurrent", f"{variant.recurrent!r} is a form of .tflite files", 'leave "recurrent" out'
    if variant.rewrite_for and (variant.recurrent != "unrolled" or variant.format == "coreml"):
        of = "Core ML" if variant.format == "coreml" else f"the {variant.recurrent} form"
        return "rewrite_for", f"{variant.rewrite_for!r}: graphs of {of} are not rewritten", 'leave "rewrite_for" out'
    if precision == "mixed" and budget is None:
        hint = "budget = 0.5 lets the file lose half a point of the metric on validation"
        return "budget", "missing: precision 'mixed' needs one", hint
    if precision != "mixed" and budget is not None:
        return "budget", f"precision {precision!r} takes no budget", "only 'mixed' chooses its layers by one"
    if precision != "mixed" and exceptions is not None:
        return "exceptions", f"precision {precision!r} has no exceptions", "only 'mixed' has"
    if budget is not None and not 0 <= budget < math.inf:
        return "budget", f"{budget:g} is no number from 0 on", "points of the metric that the file may lose"
    if io == "integer" and precision not in (*STATIC, "int4"):
        hint = f"precisions with integers at their ends: {', '.join(STATIC)}, int4"
        return "io", f"precision {precision!r} computes its inputs and outputs in float", hint
    if io == "uint8" and precision not in ("int8", "int4", "mixed"):
        hint = "io = 'uint8' needs precision int8, int4 or mixed"
        return "io", f"precision {precision!r} has no 8-bit inputs and outputs", hint
    return None
