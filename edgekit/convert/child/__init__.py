"""ONNX, Keras and SavedModel -> float .tflite, in a process of its own: `python -m edgekit.convert.child FOLDER`.

A crash, a gigabyte or another protobuf stays there. It travels as edgekit.runner does, beside it, and imports nothing
else of edgekit: the interpreter that runs it needs numpy, tensorflow, and for ONNX what the extra `onnx` names.
"""
