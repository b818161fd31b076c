"""Bytes of every recipe's files as the converter leaves them and as edgekit writes them, beside their payload.

Payload: constants (weights, biases, shapes), 4 bytes a scale, 4 bytes for each operator and for each tensor it names.
Zero points (shown beside it), options, shapes of tensors, names and alignment are no payload. Networks of other recipes
than digits-cnn are not trained for this: their bytes depend on shapes alone.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from figures import out_argument, write_result

from edgekit.convert import post_training, quantize, trained
from edgekit.convert.from_torch import to_tflite
from edgekit.convert.shrink import shrink
from edgekit.datasets.layout import to_channels_last
from edgekit.pipeline.models import Models
from edgekit.pipeline.session import Session, open_session
from edgekit.progress import Silent
from edgekit.tflite import ModelFile, read

RECIPES = (
    *("digits-cnn", "fashion-cnn", "fashion-resnet20", "efficientnet-lite0"),
    *("vowels-rnn", "digits-speech-rnn", "snippets-transformer"),
)
TRAINED = ("digits-cnn",)
SAMPLES = 4


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
    parser.add_argument("--recipes", nargs="+", default=RECIPES, choices=RECIPES, metavar="NAME")
    arguments = parser.parse_args()
    rows = []
    for name in arguments.recipes:
        with TemporaryDirectory() as folder:
            session = open_session(name, Path(folder), progress=Silent(), say=lambda text: None)
            rows += [row(name, precision, content) for precision, content in files_of(name, session).items()]
    write_result(arguments.out, {"rows": rows})


if __name__ == "__main__":
    main()
