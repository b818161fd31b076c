"""What an app needs of one variant: the model, how to feed it, code that runs it.

Texts only: pipeline/bundle.py makes the artifact, chooses and writes.

A platform is a function `files(contents) -> {file name: content}`.
"""

PLATFORMS: dict[str, str] = {
    "android": "edgekit.bundle.android:files",
    "ios": "edgekit.bundle.ios:files",
}
"""What `edgekit bundle --for` takes -> module:function."""
MODEL, LABELS, NORMALIZATION = "model.tflite", "labels.txt", "normalization.json"
SCHEMA = "edgekit.bundle"
"""`schema` of normalization.json: a folder that holds one is a bundle, and --force may replace it."""
