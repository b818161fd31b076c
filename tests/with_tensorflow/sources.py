"""Run by the Python that has TensorFlow and onnx: small models in every format, into the folder that is named.

Not imported by a test: `python sources.py FOLDER`.
"""

import sys
from pathlib import Path

import numpy as np

FOLDER = Path(sys.argv[1])
RANDOM = np.random.default_rng(0)


def weights(*shape):
    return (RANDOM.normal(size=shape) * 0.5).astype(np.float32)


def onnx_models():
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def save(name, nodes, inputs, outputs, constants=(), imports=("",)):
        values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in inputs]
        results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in outputs]
        held = [numpy_helper.from_array(array, n) for n, array in constants]
        graph = helper.make_graph(nodes, "g", values, results, held)
        opsets = [helper.make_opsetid(domain, 17 if not domain else 1) for domain in imports]
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), str(FOLDER / name))

    node = helper.make_node
    cnn = [
        node("Conv", ["image", "w"], ["c"], name="conv", pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["c"], ["features"], name="relu"),
        node("GlobalAveragePool", ["features"], ["p"], name="pool"),
        node("Flatten", ["p"], ["f"], name="flatten"),
        node("Gemm", ["f", "v", "b"], ["logits"], name="gemm"),
    ]
    held = [("w", weights(4, 3, 3, 3)), ("v", weights(4, 5)), ("b", weights(5))]
    save("cnn.onnx", cnn, [("image", [1, 3, 12, 12])], [("logits", None), ("features", None)], held)
    save("open.onnx", cnn, [("image", ["n", 3, "h", "w"])], [("logits", None)], held)
    whole = (FOLDER / "cnn.onnx").read_bytes()
    (FOLDER / "truncated.onnx").write_bytes(whole[: len(whole) // 2])

    # slices as tf2onnx writes them: every axis named, in another order, ends far beyond
    cut = [
        node("Conv", ["image", "w"], ["c"], name="conv"),
        node("Slice", ["c", "starts", "ends", "axes", "steps"], ["s"], name="slice"),
        node("Mul", ["s", "k"], ["y"], name="mul"),
    ]
    far = np.full(4, 2**31 - 1, np.int64)
    held = [("w", weights(6, 2, 1, 5)), ("k", weights(1, 4, 1, 1)), ("starts", np.array([0, -4, 0, 0])), ("ends", far)]
    held += [("axes", np.array([0, 1, 3, 2])), ("steps", np.ones(4, np.int64))]
    save("sliced.onnx", cut, [("image", [1, 2, 3, 9])], [("y", None)], held)

    branch = [
        helper.make_graph([node("Relu", ["x"], [n])], n, [], [helper.make_tensor_value_info(n, 1, None)]) for n in "ab"
    ]
    chosen = [
        node("ReduceSum", ["x"], ["total"], name="sum", keepdims=0),
        node("Greater", ["total", "zero"], ["more"], name="greater"),
        node("If", ["more"], ["y"], name="branch", then_branch=branch[0], else_branch=branch[1]),
    ]
    save("if.onnx", chosen, [("x", [1, 4])], [("y", None)], [("zero", np.float32(0))])
    known = [node("If", ["yes"], ["y"], name="known", then_branch=branch[0], else_branch=branch[1])]
    save("known.onnx", known, [("x", [1, 4])], [("y", None)], [("yes", np.array(True))])
    fused = [node("FusedMatMul", ["x", "w"], ["y"], name="fused", domain="com.microsoft")]
    save("fused.onnx", fused, [("x", [1, 4])], [("y", [1, 3])], [("w", weights(4, 3))], ("", "com.microsoft"))
    odd = [node("BlackmanWindow", ["n"], ["w"], name="window"), node("Mul", ["x", "w"], ["y"], name="mul")]
    odd.insert(0, node("Cast", ["x0"], ["n"], name="cast", to=TensorProto.INT64))
    odd.insert(0, node("ReduceSum", ["x"], ["x0"], name="sum", keepdims=0))
    save("window.onnx", odd, [("x", [1, 4])], [("y", None)])


def keras_models():
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    image, scale = keras.Input((8, 8, 3), name="zimage"), keras.Input((4,), name="ascale")
    x = keras.layers.Conv2D(4, 3, activation="relu")(image)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = keras.Model([image, scale], [keras.layers.Dense(3)(keras.layers.Multiply()([x, scale])), x])
    network.save(FOLDER / "two.keras")
    network.export(FOLDER / "exported", verbose=False)
    one = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(2)])
    one.save(FOLDER / "one.h5")
    one.save_weights(FOLDER / "only.weights.h5")
    held = keras.Sequential([keras.Input((6,)), keras.layers.Lambda(lambda x: x * 2, name="twice")])
    held.save(FOLDER / "lambda.keras")
    held.save(FOLDER / "lambda.h5")

    class Python(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, 4), tf.float32)])
        def call(self, x):
            return tf.py_function(lambda y: y * 2, [x], tf.float32)

    module = Python()
    tf.saved_model.save(module, str(FOLDER / "python"), signatures=module.call)
    (FOLDER / "broken").mkdir()
    (FOLDER / "broken" / "saved_model.pb").write_bytes(b"\x08\xff" * 50)


onnx_models()
keras_models()
