"""int16x8 and int4 beside int8: bytes, and the outputs' signal-to-noise ratio against the float file, on validation.

Of int4 also the forms that were not chosen: nearest rounding, a scale for each block of 32 in fully connected layers,
and one for each row of an embedding table.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from figures import out_argument, write_result
from litert_quantizer import qtyping, quantizer, recipe

from edgekit.convert import post_training, quantize
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.shrink import shrink
from edgekit.datasets.layout import to_channels_last
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import open_session
from edgekit.progress import Silent
from edgekit.runner.batch import run_batch
from edgekit.runner.quiet import quiet
from edgekit.tflite import read

RECIPES = ("digits-cnn", "vowels-rnn", "snippets-transformer")
CALIBRATION = 200


def dynamic(content: bytes, bits: dict[str, tuple[int, str]]) -> bytes:
    """int8 weights quantized at run time, but for these operators: bits and granularity; nearest rounding."""
    work = quantizer.Quantizer(content)
    work.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    for name, (count, share) in bits.items():
        work.add_dynamic_config(".*", qtyping.TFLOperationName(name), count, qtyping.QuantGranularity(share))
    with quiet():
        made = work.quantize(None, enable_progress_bar=False, enable_progress_report=False)
    return bytes(made.quantized_model)


def forms(content: bytes, samples: list[Any]) -> dict[str, Any]:
    names = {operator.name for operator in read(content).main.operators}
    ranges, _ = post_training.observed(content, read(content), samples)
    width = 32 if "EMBEDDING_LOOKUP" in names else 0
    static = ranges if "CONV_2D" in names else None
    made = {
        "float32": lambda: content,
        "int8": lambda: post_training.to_static_int8(content, samples),
        "int16x8": lambda: post_training.to_int16x8(content, samples),
        "int8-dynamic": lambda: post_training.to_dynamic_int8(content, samples),
        "int4": lambda: post_training.to_int4(content, samples),
        "int4, nearest": lambda: quantize.to_int4(content, static, table_width=width),
        "int8, FC int4 a channel": lambda: dynamic(content, {"FULLY_CONNECTED": (4, "CHANNELWISE")}),
        "int8, FC int4 in blocks": lambda: dynamic(content, {"FULLY_CONNECTED": (4, "BLOCKWISE_32")}),
    }
    if "EMBEDDING_LOOKUP" in names:
        made["int8, table int4 a row"] = lambda: dynamic(content, {"EMBEDDING_LOOKUP": (4, "CHANNELWISE")})
        made["int8, table int4 in blocks"] = lambda: dynamic(content, {"EMBEDDING_LOOKUP": (4, "BLOCKWISE_32")})
    return made


def rows(name: str) -> list[dict[str, Any]]:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        session = open_session(name, folder, progress=Silent(), say=lambda text: None)
        model = Models(session).get(session.recipe.variants[0].steps)
        content = to_tflite(model.network, model)
        calibration = to_channels_last(session.data.train.take(slice(0, CALIBRATION)).inputs, model.channels_last)
        samples = [tuple(array[k : k + 1] for array in calibration) for k in range(CALIBRATION)]
        judged = to_channels_last(session.data.validation.inputs, model.channels_last)
        wanted: Any = None
        found = []
        for form, make in forms(content, samples).items():
            try:
                made = make()
            except ValueError as error:  # a width that no block divides
                found.append({"recipe": name, "form": form, "refused": " ".join(str(error).split())[:120]})
                continue
            path = folder / "x.tflite"
            path.write_bytes(made)
            got = run_batch(path, judged).floats()[0]
            wanted = got if wanted is None else wanted
            noise = float(np.mean((wanted.astype(np.float64) - got) ** 2))
            ratio = round(float(10 * np.log10(np.var(wanted) / noise)), 1) if noise else None
            agreement = float(np.mean(wanted.argmax(axis=1) == got.argmax(axis=1)))
            row = {"recipe": name, "form": form, "bytes": len(shrink(made)[0]), "snr_db": ratio, "agreement": agreement}
            found.append(row)
            print(row, flush=True)
        return found


def main() -> None:
    arguments = out_argument(__doc__).parse_args()
    write_result(arguments.out, {"rows": [row for name in RECIPES for row in rows(name)]})


if __name__ == "__main__":
    main()
