"""The portable runner: takes a job, answers with a run. Imports nothing else of edgekit.

It runs as a child of the desktop, and, pushed as it is, on a Linux board or the loopback device. It needs numpy and one
of ai-edge-litert, tflite-runtime, tensorflow (or torch for an exported program).
"""
