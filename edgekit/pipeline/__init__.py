"""The order of the stages, and nothing else: the only package that knows it.

session    the recipe, the workspace, and what the recipe's names stand for
models     network -> steps -> models, shared prefixes computed once
artifacts  model -> .tflite (or .pt2), with parity against its source
samples    the labelled test samples a target runs, and the desktop's own answer to them
series     artifacts x target -> measurements
whole      all of it, and the report
files      the same for .tflite files that no recipe made
health     what `edgekit doctor` says
"""
