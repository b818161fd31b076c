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
resolve constraints-tensorflow.txt - <<<'tensorflow>=2.21,<2.22'
