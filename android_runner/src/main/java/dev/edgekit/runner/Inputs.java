package dev.edgekit.runner;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** A case's input data: mapped, and handed to the model sample by sample without a copy of the whole. */
final class Inputs {
    private static final int TOUCH_BYTES = 1024;

    private final List<Job.Input> given;
    private final ByteBuffer[] maps;
    private final int[] sampleBytes;
    private TensorInfo[] wanted;
    private ByteBuffer[] quantized;

    /** Checks every file, and that it holds {@code count} samples of the shape. */
    Inputs(List<Job.Input> given, File folder) throws NotOk, IOException {
        this.given = given;
        maps = new ByteBuffer[given.size()];
        sampleBytes = new int[given.size()];
        for (int i = 0; i < maps.length; i++) {
            Job.Input input = given.get(i);
            maps[i] = MappedFile.read(Files.checked(input.data, folder));
            double bytes = TensorInfo.size(input.dtype);
            for (int axis = 1; axis < input.shape.length; axis++) {
                bytes *= input.shape[axis];
            }
            if (maps[i].capacity() != bytes * input.count) {
                throw NotOk.failed("input " + input.name + ": " + maps[i].capacity() + " bytes are not "
                        + input.count + " samples of " + Arrays.toString(input.shape));
            }
            sampleBytes[i] = input.count == 0 ? 0 : (int) bytes;
        }
    }

    /** Checks that the data is what the model takes. */
    void fit(TensorInfo[] wanted) throws NotOk {
        if (maps.length != wanted.length) {
            throw NotOk.failed("the model takes " + wanted.length + " inputs, the case brings " + maps.length);
        }
        this.wanted = wanted;
        quantized = new ByteBuffer[wanted.length];
        for (int i = 0; i < wanted.length; i++) {
            fit(given.get(i), wanted[i], i);
        }
        if (count() == 0) {
            throw NotOk.failed("the case has no input samples");
        }
    }

    private void fit(Job.Input input, TensorInfo tensor, int index) throws NotOk {
        long[] shape = new long[tensor.shape.length];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = tensor.shape[axis];
        }
        if (!Arrays.equals(shape, input.shape)) {
            throw NotOk.failed("input " + tensor.name + " has shape " + Arrays.toString(tensor.shape)
                    + ", the case brings " + Arrays.toString(input.shape));
        }
        boolean same = tensor.dtype.equals(input.dtype);
        boolean quantizable = tensor.scale != null && Quantize.isFloat(input.dtype)
                && Quantize.isInteger(tensor.dtype);
        if (!same && !quantizable) {
            throw NotOk.failed("input " + tensor.name + " takes " + tensor.dtype + ", the sample is " + input.dtype);
        }
        int values = sampleBytes[index] / TensorInfo.size(input.dtype);
        if (input.count > 0 && values != tensor.bytes / TensorInfo.size(tensor.dtype)) {
            throw NotOk.failed("input " + tensor.name + " takes " + tensor.bytes / TensorInfo.size(tensor.dtype)
                    + " values, one sample has " + values);
        }
        if (!same) {
            quantized[index] = ByteBuffer.allocateDirect(tensor.bytes).order(ByteOrder.nativeOrder());
        }
    }

    /** Samples that every input has. */
    long count() {
        long least = given.isEmpty() ? 0 : Long.MAX_VALUE;
        for (Job.Input input : given) {
            least = Math.min(least, input.count);
        }
        return least;
    }

    /** One sample's buffers, in the model's own dtypes. Quantized ones are valid until the next call. */
    Object[] sample(long index) {
        Object[] buffers = new Object[maps.length];
        for (int i = 0; i < maps.length; i++) {
            ByteBuffer map = maps[i].duplicate();
            map.position((int) (index * sampleBytes[i]));
            map.limit(map.position() + sampleBytes[i]);
            ByteBuffer slice = map.slice().order(ByteOrder.nativeOrder());
            if (quantized[i] != null) {
                Quantize.fill(slice, given.get(i).dtype, wanted[i], quantized[i]);
                slice = quantized[i];
            }
            buffers[i] = slice;
        }
        return buffers;
    }

    /** Reads a byte of every page, so that no invocation waits for the file. */
    static int touch(Object[] sample) {
        int sum = 0;
        for (Object buffer : sample) {
            for (int i = 0; i < ((ByteBuffer) buffer).capacity(); i += TOUCH_BYTES) {
                sum += ((ByteBuffer) buffer).get(i);
            }
        }
        return sum;
    }
}
