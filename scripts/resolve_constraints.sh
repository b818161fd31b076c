#!/usr/bin/env bash
# Resolve the constraints files: exact versions and hashes, no hosts.
set -euo pipefail
resolve() { # output, python version, requirement arguments...
    local output=$1; shift
    .venv/bin/uv pip compile -q --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links "$@" -o "$output"
}
resolve constraints.txt --extra dev pyproject.toml
resolve constraints-tflite-runtime.txt - <<<'tflite-runtime==2.14.0
numpy<2'
resolve constraints-tensorflow.txt - <<<'tensorflow>=2.21,<2.22
onnx2tf==1.28.8
onnx>=1.17,<2
onnxruntime>=1.20,<2
tf-keras>=2.21,<2.22
onnx-graphsurgeon>=0.6,<0.7
sng4onnx>=2,<3
psutil>=7,<8
ai-edge-litert>=2.3,<2.4
requests>=2,<3'
resolve benchmarks/constraints-analyzer.txt - <<<'tensorflow-cpu==2.16.1'
