package dev.edgekit.runner;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Real values to a tensor's integers and back, as TFLite defines it: real = scale * (value - zero point).
 * The arithmetic is that of 32-bit floats, as the portable runner's, so that both feed a model the same integers.
 */
final class Quantize {
    private Quantize() {
    }

    static boolean isFloat(String dtype) {
        return dtype.startsWith("float");
    }

    static boolean isInteger(String dtype) {
        return dtype.startsWith("int") || dtype.startsWith("uint");
    }

    /** Half to even, saturated at the limits of {@code dtype}; not a number gives 0. */
    static long steps(float value, float scale, int zeroPoint, String dtype) {
        float steps = (float) Math.rint(value / scale) + (float) zeroPoint;
        int bits = TensorInfo.size(dtype) * 8;
        long least = dtype.startsWith("u") ? 0 : -1L << (bits - 1);
        long most = dtype.startsWith("u") ? (1L << bits) - 1 : ~(-1L << (bits - 1));
        return Math.max(least, Math.min(most, (long) steps));
    }

    /** Every value of {@code source} (float32 or float16) as an integer of the tensor, from the target's start. */
    static void fill(ByteBuffer source, String from, TensorInfo tensor, ByteBuffer target) {
        int size = TensorInfo.size(from);
        int width = TensorInfo.size(tensor.dtype);
        int count = source.capacity() / size;
        for (int i = 0; i < count; i++) {
            float value = size == 4 ? source.getFloat(i * 4) : half(source.getShort(i * 2));
            long steps = steps(value, tensor.scale, tensor.zeroPoint, tensor.dtype);
            if (width == 1) {
                target.put(i, (byte) steps);
            } else if (width == 2) {
                target.putShort(i * 2, (short) steps);
            } else if (width == 4) {
                target.putInt(i * 4, (int) steps);
            } else {
                target.putLong(i * 8, steps);
            }
        }
    }

    /** Up to {@code most} leading values as real numbers, ended before the first that is not finite. */
    static float[] firstReal(ByteBuffer raw, TensorInfo tensor, int most) {
        int count = Math.min(most, raw.capacity() / TensorInfo.size(tensor.dtype));
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            float value = raw(raw, i, tensor.dtype);
            values[i] = tensor.scale == null ? value : (value - (float) tensor.zeroPoint) * tensor.scale;
            if (Float.isNaN(values[i]) || Float.isInfinite(values[i])) {
                return Arrays.copyOf(values, i);
            }
        }
        return values;
    }

    private static float raw(ByteBuffer raw, int i, String dtype) {
        switch (dtype) {
            case "float32":
                return raw.getFloat(i * 4);
            case "int32":
                return raw.getInt(i * 4);
            case "int64":
                return raw.getLong(i * 8);
            case "int16":
                return raw.getShort(i * 2);
            case "int8":
                return raw.get(i);
            default:
                return raw.get(i) & 0xFF;
        }
    }

    /** IEEE 754 half precision. */
    static float half(short bits) {
        int exponent = (bits >> 10) & 0x1F;
        int fraction = bits & 0x3FF;
        float size;
        if (exponent == 0x1F) {
            size = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
        } else if (exponent == 0) {
            size = Math.scalb((float) fraction, -24);
        } else {
            size = Math.scalb((float) (fraction | 0x400), exponent - 25);
        }
        return bits < 0 ? -size : size;
    }
}
