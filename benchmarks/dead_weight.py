"""Bytes of every recipe's files as the converter leaves them and as edgekit writes them, beside their payload.

Payload: constants (weights, biases, shapes), 4 bytes a scale, 4 bytes for each operator and for each tensor it names.
Zero points (shown beside it), options, shapes of tensors, names and alignment are no payload. Networks of other recipes
than digits-cnn are not trained for this: their bytes depend on shapes alone. Beside the recipes: MobileNetV2, and the
networks that a recipe's narrower variants come to.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from figures import out_argument, write_result
from mobilenet_v2 import as_model, mobilenet_v2

from edgekit.convert import post_training, quantize, trained
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.shrink import shrink
from edgekit.datasets.layout import to_channels_last
from edgekit.model import Model
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import Session, open_session
from edgekit.progress import Silent
from edgekit.tflite import ModelFile, read
from edgekit.zoo.mobile_cnn import mobile_cnn
from edgekit.zoo.resnet20 import resnet20

RECIPES = (
    *("digits-cnn", "fashion-cnn", "fashion-resnet20", "efficientnet-lite0"),
    *("vowels-rnn", "digits-speech-rnn", "snippets-transformer"),
)
OTHERS = {
    "fashion-cnn at half width": lambda: _narrow(mobile_cnn(0.5)),
    "fashion-resnet20's student": lambda: _narrow(resnet20(width=8)),
    "mobilenet-v2": mobilenet_v2,
}
"""int8 after training of these alone."""
TRAINED = ("digits-cnn",)
SAMPLES = 4


def _narrow(network: torch.nn.Module) -> Model:
    return as_model(network.eval(), (1, 1, 28, 28))


def payload(file: ModelFile) -> int:
    tensors = [tensor for graph in file.subgraphs for tensor in graph.tensors]
    operators = [operator for graph in file.subgraphs for operator in graph.operators]
    scales = sum(len(tensor.quantization.scales) for tensor in tensors if tensor.quantization is not None)
    named = sum(1 + len(operator.inputs) + len(operator.outputs) for operator in operators)
    return file.sections.weights_bytes + 4 * scales + 4 * named


def zero_points(file: ModelFile) -> int:
    """8 bytes each, as the format demands; equal lists once."""
    lists = {
        t.quantization.zero_points for graph in file.subgraphs for t in graph.tensors if t.quantization is not None
    }
    return 8 * sum(map(len, lists))


def files_of(name: str, session: Session) -> dict[str, bytes]:
    """Precision -> the file before it is shrunk."""
    models = Models(session)
    variants = session.recipe.variants
    model = models.get(variants[0].steps if name in TRAINED else ())
    content = to_tflite(model.network, model)
    arrays = to_channels_last(session.data.train.take(slice(0, SAMPLES)).inputs, model.channels_last)
    samples = [tuple(array[k : k + 1] for array in arrays) for k in range(SAMPLES)]
    made = {
        "float32": content,
        "fp16": quantize.to_fp16(content),
        "int8": post_training.to_static_int8(content, samples),
        "int8-dynamic": post_training.to_dynamic_int8(content, samples),
    }
    for variant in variants if name in TRAINED else ():
        model = models.get(variant.steps)
        if model.trained_quantization is not None:
            probe = tuple(array[:1] for array in session.data.train.inputs)
            made[variant.name] = trained.to_trained_int8(model, probe).content
    return made


def int8_of(model: Model) -> bytes:
    """Calibrated on noise: bytes alone are looked at."""
    generator = np.random.default_rng(0)
    arrays = [generator.random((1, *model.example[0].shape[1:]), dtype=np.float32) for _ in range(SAMPLES)]
    samples = [to_channels_last((array,), model.channels_last) for array in arrays]
    return post_training.to_static_int8(to_tflite(model.network, model), samples)


def row(recipe: str, precision: str, before: bytes) -> dict[str, Any]:
    after, _ = shrink(before)
    old, new = read(before), read(after)
    held = payload(new)
    found = {
        "recipe": recipe,
        "file": precision,
        "before_bytes": len(before),
        "after_bytes": len(after),
        "payload_bytes": held,
        "zero_points_bytes": zero_points(new),
        "names_before_bytes": old.sections.names_bytes,
        "names_after_bytes": new.sections.names_bytes,
        "before_of_payload": round(len(before) / held, 3),
        "after_of_payload": round(len(after) / held, 3),
    }
    print(" ".join(f"{key} {value}" for key, value in found.items()), flush=True)
    return found


def main() -> None:
    parser = out_argument(__doc__)
    parser.add_argument(
        "--recipes", nargs="+", default=[*RECIPES, *OTHERS], choices=[*RECIPES, *OTHERS], metavar="NAME"
    )
    arguments = parser.parse_args()
    rows = []
    for name in arguments.recipes:
        if name in OTHERS:
            rows.append(row(name, "int8", int8_of(OTHERS[name]())))
            continue
        with TemporaryDirectory() as folder:
            session = open_session(name, Path(folder), progress=Silent(), say=lambda text: None)
            rows += [row(name, precision, content) for precision, content in files_of(name, session).items()]
    write_result(arguments.out, {"rows": rows})


if __name__ == "__main__":
    main()
