package dev.edgekit.runner;

import org.tensorflow.lite.Delegate;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.PlanLength;
import org.tensorflow.lite.TensorFlowLite;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** One model in TFLite's Interpreter, built and allocated, with a buffer for each output. */
final class TfliteModel implements AutoCloseable {
    final Run.Phases phases = new Run.Phases();
    final TensorInfo[] inputs;
    final TensorInfo[] outputs;

    private final ByteBuffer content;
    private final Delegate delegate;
    private final Interpreter interpreter;
    private final ByteBuffer[] results;
    private final Map<Integer, Object> byIndex = new HashMap<>();
    private long invokeNs;

    /**
     * Opens, with {@code marker} told of each phase before it begins. The constructor of Interpreter applies the
     * delegate and allocates the tensors, in one native call after the other: they are not separated from building.
     */
    TfliteModel(Job.Case asked, File file, Marker marker, DelegateLog log) throws NotOk, IOException {
        this(asked.id, asked.delegate, asked.threads, asked.options, file, marker, log);
    }

    TfliteModel(String caseId, String name, long threads, Map<String, Object> options, File file, Marker marker,
            DelegateLog log) throws NotOk, IOException {
        marker.phase(caseId, "file_open");
        long started = System.nanoTime();
        content = MappedFile.read(file);
        phases.fileOpenNs = System.nanoTime() - started;
        version();
        log.opening();
        marker.phase(caseId, "delegate_create");
        Delegates.prepare(name, options);
        started = System.nanoTime();
        delegate = Delegates.make(name, threads, options);
        phases.delegateCreateNs = delegate == null ? null : Long.valueOf(System.nanoTime() - started);
        marker.phase(caseId, "model_build");
        started = System.nanoTime();
        interpreter = build(name, threads);
        phases.modelBuildNs = System.nanoTime() - started;
        log.opened();
        try {
            inputs = new TensorInfo[interpreter.getInputTensorCount()];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = TensorInfo.of(interpreter.getInputTensor(i));
            }
            outputs = new TensorInfo[interpreter.getOutputTensorCount()];
            results = new ByteBuffer[outputs.length];
            for (int i = 0; i < outputs.length; i++) {
                outputs[i] = TensorInfo.of(interpreter.getOutputTensor(i));
                results[i] = ByteBuffer.allocateDirect(outputs[i].bytes).order(ByteOrder.nativeOrder());
                byIndex.put(i, results[i]);
            }
        } catch (NotOk | RuntimeException error) {
            close();
            throw error;
        }
    }

    private Interpreter build(String name, long threads) throws NotOk {
        Interpreter.Options options = new Interpreter.Options();
        if (delegate != null) {
            // XNNPACK's default is off beside a delegate: what the delegate leaves must not run under another's name
            options.setUseXNNPACK(false).setNumThreads((int) Math.min(threads, Integer.MAX_VALUE));
            options.addDelegate(delegate);
        }
        try {
            return new Interpreter(content, options);
        } catch (RuntimeException error) {
            String sentence = "litert " + version() + ": " + NotOk.sentence(error);
            boolean taken = delegate != null && plainPlanLength() != null;
            closeDelegate();
            if (taken) {
                throw NotOk.unsupported("delegate " + name + " does not take this model here: " + sentence);
            }
            throw NotOk.failed(sentence);
        }
    }

    /** TFLite's version; the case is unsupported where its library does not load. */
    static String version() throws NotOk {
        try {
            return TensorFlowLite.runtimeVersion();
        } catch (LinkageError error) {
            throw NotOk.unsupported("TFLite's library does not load here: " + NotOk.sentence(error));
        }
    }

    /**
     * One invocation, from before the input copy to after the output was read, in ns. The buffers of {@code sample}
     * are in the model's dtypes.
     */
    long run(Object[] sample) {
        for (ByteBuffer result : results) {
            result.rewind();
        }
        long started = System.nanoTime();
        interpreter.runForMultipleInputsOutputs(sample, byIndex);
        long took = System.nanoTime() - started;
        invokeNs = interpreter.getLastNativeInferenceDurationNanoseconds();
        return took;
    }

    /** Zeros for every input. */
    Object[] emptySample() {
        Object[] sample = new Object[inputs.length];
        for (int i = 0; i < sample.length; i++) {
            sample[i] = ByteBuffer.allocateDirect(inputs[i].bytes).order(ByteOrder.nativeOrder());
        }
        return sample;
    }

    /** The bare invocation inside the last run, in ns. */
    long invokeNs() {
        return invokeNs;
    }

    /** Output {@code index} of the last run, from its start. */
    ByteBuffer result(int index) {
        results[index].rewind();
        return results[index];
    }

    /** Steps of the prepared plan, or null where the runtime does not tell. */
    Long planLength() {
        return known(PlanLength.of(interpreter));
    }

    /** Nodes of the graph: the plan of a second interpreter without any delegate; null where it cannot be built. */
    Long plainPlanLength() {
        try (Interpreter plain = new Interpreter(content, new Interpreter.Options().setUseXNNPACK(false))) {
            return known(PlanLength.of(plain));
        } catch (RuntimeException error) {
            return null;
        }
    }

    private static Long known(int length) {
        return length < 0 ? null : Long.valueOf(length);
    }

    @Override
    public void close() {
        interpreter.close();
        closeDelegate();
    }

    private void closeDelegate() {
        if (delegate != null) {
            delegate.close();
        }
    }
}
