package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import org.junit.Test;

/** Against the integers that the portable runner makes of the same values. */
public class QuantizeTest {
    private static long[] steps(String dtype, float scale, int zeroPoint, float... values) {
        TensorInfo tensor = new TensorInfo("x", new int[] {values.length}, dtype,
                values.length * TensorInfo.size(dtype), scale, zeroPoint);
        ByteBuffer source = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        source.asFloatBuffer().put(values);
        ByteBuffer target = ByteBuffer.allocate(tensor.bytes).order(ByteOrder.LITTLE_ENDIAN);
        Quantize.fill(source, "float32", tensor, target);
        long[] found = new long[values.length];
        for (int i = 0; i < found.length; i++) {
            switch (dtype) {
                case "int8":
                    found[i] = target.get(i);
                    break;
                case "uint8":
                    found[i] = target.get(i) & 0xFF;
                    break;
                case "int16":
                    found[i] = target.getShort(i * 2);
                    break;
                default:
                    found[i] = target.getInt(i * 4);
            }
        }
        return found;
    }

    @Test
    public void halvesGoToTheEvenNumberAndLimitsHold() {
        assertArrayEquals(new long[] {-3, -1, -3, -5, -1, 127, -128, 125, 127, 0},
                steps("int8", 0.5f, -3, 0.25f, 0.75f, -0.25f, -0.75f, 1.25f, 1e9f, -1e9f, 63.9f, 65.5f, Float.NaN));
        assertArrayEquals(new long[] {128, 130, 130, 128, 0, 255, 255},
                steps("uint8", 0.1f, 128, 0.05f, 0.15f, 0.25f, -0.05f, -13f, 12.7f, 12.75f));
        assertArrayEquals(new long[] {333, -333, 32767, 32767, -32768},
                steps("int16", 0.003f, 0, 1f, -1f, 98.3f, 99f, -99f));
        assertArrayEquals(new long[] {-128, 127, -1, 0, -64},
                steps("int8", 0.003921568859368563f, -128, 0f, 1f, 0.5f, 0.501960813999176f, 0.24901962280273438f));
    }

    @Test
    public void theArithmeticIsThatOf32BitFloats() {
        assertArrayEquals(new long[] {16777216, 123456784}, steps("int32", 1e-3f, 0, 16777.217f, 123456.789f));
        // the quotients are halves in 32 bits alone: 64 bits would give -127, -125 and -119
        assertArrayEquals(new long[] {-126, -124, -118}, steps("int16", 0.0039215689f, 0,
                -0.4960784614086151f, -0.48823532462120056f, -0.4647059142589569f));
    }

    @Test
    public void backToRealValues() {
        TensorInfo tensor = new TensorInfo("x", new int[] {3}, "int8", 3, 0.0022785316687077284f, -128);
        assertArrayEquals(new float[] {0f, 0.22785316407680511f, 0.5810256004333496f},
                Quantize.firstReal(ByteBuffer.wrap(new byte[] {-128, -28, 127}), tensor, 8), 0);
        TensorInfo bytes = new TensorInfo("x", new int[] {2}, "uint8", 2, 0.5f, 10);
        assertArrayEquals(new float[] {-5f, 122.5f},
                Quantize.firstReal(ByteBuffer.wrap(new byte[] {0, -1}), bytes, 8), 0);
    }

    @Test
    public void theListEndsBeforeTheFirstThatIsNotFinite() {
        TensorInfo tensor = new TensorInfo("x", new int[] {4}, "float32", 16, null, null);
        ByteBuffer raw = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(new float[] {1f, 2f, Float.NEGATIVE_INFINITY, 4f});
        assertArrayEquals(new float[] {1f, 2f}, Quantize.firstReal(raw, tensor, 8), 0);
        assertEquals(1, Quantize.firstReal(raw, tensor, 1).length);
    }

    @Test
    public void halfPrecision() {
        int[] bits = {0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x7c00};
        float[] values = {1f, -2f, 0.333251953125f, 5.960464477539063e-08f, 65504f, Float.POSITIVE_INFINITY};
        for (int i = 0; i < bits.length; i++) {
            assertEquals(values[i], Quantize.half((short) bits[i]), 0);
        }
        assertTrue(Float.isNaN(Quantize.half((short) 0x7e00)));
    }
}
