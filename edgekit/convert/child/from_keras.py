"""Keras (.keras, .h5, .hdf5) -> float .tflite. What a file says of its layers is read before any of it is made.

The only file that names keras, tf_keras and h5py. Keras 3 first; what only Keras 2 knows, with tf_keras where it is.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgekit.convert.child.from_onnx import Clock
from edgekit.convert.child.from_saved_model import TOOLS, converted
from edgekit.convert.child.protocol import Answer, Refused, Request

OWN = ("keras", "tf_keras", "tensorflow.keras", "builtins")
"""Modules that a layer may come from."""
_MAX_JSON = 64_000_000


def convert(request: Request, folder: Path) -> Answer:
    """The network in inference mode, its open batch 1."""
    clock = Clock()
    source = Path(request.source)
    look(source)
    clock.lap("look")
    import tensorflow as tf

    clock.lap("import")
    network = _loaded(source)
    specs = [
        tf.TensorSpec((None, *item.shape[1:]), item.dtype, name=_plain(item.name, f"input_{place}"))
        for place, item in enumerate(network.inputs)
    ]
    if len({spec.name for spec in specs}) < len(specs):
        specs = [tf.TensorSpec(spec.shape, spec.dtype, name=f"input_{place}") for place, spec in enumerate(specs)]

    def call(**given: Any) -> dict[str, Any]:
        arrays = [given[spec.name] for spec in specs]
        made = network(arrays if len(arrays) > 1 else arrays[0], training=False)
        return {f"output_{place}": value for place, value in enumerate(tf.nest.flatten(made))}

    shapes = request.shapes or tuple((1, *(int(size or 0) for size in spec.shape[1:])) for spec in specs)
    if len(shapes) != len(specs):
        raise Refused(f"the model takes {len(specs)} inputs, {len(shapes)} shapes were given")
    for spec, shape in zip(specs, shapes, strict=True):
        declared = [int(size or 0) for size in spec.shape]
        said = " x ".join(str(size or "?") for size in declared)
        if len(shape) != len(declared) or any(had and had != now for had, now in zip(declared, shape, strict=True)):
            raise Refused(
                f"input {spec.name} has shape {said}, given was {' x '.join(map(str, shape))}",
                "--shape takes one shape an input, in the model's order",
            )
        if 0 in shape:
            raise Refused(
                f"input {spec.name} has open sizes ({said}): a .tflite file needs fixed ones",
                "give every input's shape, in order: --shape 1x224x224x3",
            )
    fixed = [tf.TensorSpec(shape, spec.dtype, name=spec.name) for spec, shape in zip(specs, shapes, strict=True)]
    function = tf.function(call).get_concrete_function(**{spec.name: spec for spec in fixed})
    return converted(
        tf, _unshaped(request), folder, function, clock, (*TOOLS, "tf-keras", "h5py"), [s.name for s in fixed]
    )


def _unshaped(request: Request) -> Request:
    from dataclasses import replace

    return replace(request, shapes=())


def _plain(name: str, otherwise: str) -> str:
    name = name.partition(":")[0]
    return name if name.isidentifier() else otherwise


def look(source: Path) -> None:
    """Refused for code in the file (Lambda), and for layers that are not Keras's own."""
    for place, item in _objects(_written(source), ""):
        kind, module, package = (str(item.get(key) or "") for key in ("class_name", "module", "registered_name"))
        name = str((item.get("config") or {}).get("name") or place) if isinstance(item.get("config"), dict) else place
        if kind in ("Lambda", "__lambda__"):
            raise Refused(
                f"Lambda at layer {name}: it holds Python code, which is not run",
                "write that layer with keras.ops or as a layer of Keras's own, and save again",
                ops=("Lambda",),
            )
        if module and not any(module == own or module.startswith(f"{own}.") for own in OWN):
            raise Refused(
                f"{module}.{kind} at layer {name}: layers of other packages are not imported",
                "export the model as a SavedModel: model.export(FOLDER)",
                ops=(kind,),
            )
        if not module and package and package != kind and ">" in package:
            raise Refused(
                f"{package} at layer {name}: a layer of one's own is not in the file",
                "export the model as a SavedModel: model.export(FOLDER)",
                ops=(kind,),
            )


def _objects(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON object that names a class, with the path to it."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield place, value
        for key, inner in value.items():
            yield from _objects(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _objects(inner, f"{place}[{index}]")


def _written(source: Path) -> Any:
    """The architecture as the file writes it, JSON."""
    try:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                if archive.getinfo("config.json").file_size > _MAX_JSON:
                    raise Refused("no whole Keras file: its architecture takes over 64 MB", broken=True)
                return json.loads(archive.read("config.json"))
        import h5py

        with h5py.File(source, "r") as file:
            if "model_config" not in file.attrs:
                raise Refused(
                    "the file holds weights and no architecture", "save the whole model: model.save('model.keras')"
                )
            return json.loads(file.attrs["model_config"])
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile) as error:
        raise Refused(f"no whole Keras file: {' '.join(str(error).split())[:200]}", broken=True) from error


def _loaded(source: Path) -> Any:
    """Without its optimizer and losses; safe_mode: no code out of the file is run."""
    import keras

    try:
        return keras.saving.load_model(str(source), compile=False, safe_mode=True)
    except Exception as newer:  # Keras raises what its layers do
        sys.stdout.write(f"Keras 3: {newer}\n")
        try:
            import tf_keras

            return tf_keras.models.load_model(str(source), compile=False, safe_mode=True)
        except Exception as older:
            said = " ".join(str(newer).split())[:300]
            raise Refused(
                f"Keras does not load the model: {said}", "export it as a SavedModel: model.export(FOLDER)"
            ) from older
