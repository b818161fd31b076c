package dev.edgekit.runner;

import org.tensorflow.lite.DataType;
import org.tensorflow.lite.Tensor;

/** An input or output of the model; {@code scale} null: not quantized. */
final class TensorInfo {
    final String name;
    final int[] shape;
    final String dtype;
    final int bytes;
    final Float scale;
    final Integer zeroPoint;

    TensorInfo(String name, int[] shape, String dtype, int bytes, Float scale, Integer zeroPoint) {
        this.name = name;
        this.shape = shape;
        this.dtype = dtype;
        this.bytes = bytes;
        this.scale = scale;
        this.zeroPoint = zeroPoint;
    }

    static TensorInfo of(Tensor tensor) throws NotOk {
        float scale = tensor.quantizationParams().getScale();
        if (scale < 0 || Float.isNaN(scale) || Float.isInfinite(scale)) {
            throw NotOk.failed("tensor " + tensor.name() + " is quantized with scale " + scale);
        }
        boolean quantized = scale > 0;
        return new TensorInfo(tensor.name(), tensor.shape(), dtype(tensor), tensor.numBytes(),
                quantized ? scale : null, quantized ? tensor.quantizationParams().getZeroPoint() : null);
    }

    private static String dtype(Tensor tensor) throws NotOk {
        DataType type = tensor.dataType();
        if (type == DataType.STRING) {
            throw NotOk.failed("tensor " + tensor.name() + " holds text, which a job has no form for");
        }
        return type.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Bytes of one value of a dtype of the format. */
    static int size(String dtype) {
        switch (dtype) {
            case "int64":
                return 8;
            case "float32":
            case "int32":
                return 4;
            case "float16":
            case "int16":
                return 2;
            default:
                return 1;
        }
    }
}
