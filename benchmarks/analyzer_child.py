"""Runs under a TensorFlow: what tf.lite.experimental.Analyzer says of files. One line of JSON a file.

analyzer_child.py FILE...: {"file": ..., "version": ..., "nodes": {"3": "Not supported op ARG_MAX"}} with the main
graph's nodes that it warns of.
"""

import contextlib
import io
import json
import re
import sys


def main() -> None:
    """See above."""
    import tensorflow as tf

    for file in sys.argv[1:]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            tf.lite.experimental.Analyzer.analyze(model_path=file, gpu_compatibility=True)
        text = said.getvalue().split("Tensors of Subgraph#0")[0].partition("\nSubgraph#0")[2]
        nodes = {}
        for block in re.split(r"^  Op#", text, flags=re.MULTILINE)[1:]:
            if found := re.search(r"GPU COMPATIBILITY WARNING: (?!Subgraph)(.*)", block):
                nodes[block.split()[0]] = found[1]
        print(json.dumps({"file": file, "version": tf.__version__, "nodes": nodes}), flush=True)


if __name__ == "__main__":
    main()
