package dev.edgekit.runner;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;

import org.tensorflow.lite.Delegate;

import java.util.Arrays;
import java.util.List;

/**
 * TFLite's XNNPACK delegate with options of its own, made by the C functions that libtensorflowlite_jni.so exports.
 * The Java interface offers none of this: its setNumThreads never reaches the delegate that setUseXNNPACK makes.
 */
final class XnnpackDelegate implements Delegate {
    private static final String LIBRARY = "tensorflowlite_jni";
    private static final int FORCE_FP16 = 0x4;

    private final NativeLibrary library;
    private final Options options;
    private Pointer handle;

    /** JNA makes a thread of its own at its first use: before threads are counted, not while. */
    static void loadIfPossible() {
        try {
            load();
        } catch (LinkageError error) {
            return;  // the case will say so
        }
    }

    /** UnsatisfiedLinkError where the library or its functions cannot be had. */
    static void load() {
        NativeLibrary library = NativeLibrary.getInstance(LIBRARY);
        library.getFunction("TfLiteXNNPackDelegateCreate");
        library.getFunction("TfLiteXNNPackDelegateDelete");
        defaults(library);
    }

    XnnpackDelegate(int threads, boolean fp16) {
        library = NativeLibrary.getInstance(LIBRARY);
        options = defaults(library);
        options.threads = threads;
        options.flags |= fp16 ? FORCE_FP16 : 0;
        options.write();
        handle = library.getFunction("TfLiteXNNPackDelegateCreate")
                .invokePointer(new Object[] {options.getPointer()});
        if (handle == null) {
            throw new IllegalStateException("TfLiteXNNPackDelegateCreate gave nothing");
        }
    }

    private static Options defaults(NativeLibrary library) {
        return (Options) library.getFunction("TfLiteXNNPackDelegateOptionsDefault")
                .invoke(Options.class, new Object[0]);
    }

    /** The flags that the delegate itself says it has. */
    int flags() {
        return library.getFunction("TfLiteXNNPackDelegateGetFlags").invokeInt(new Object[] {handle});
    }

    @Override
    public long getNativeHandle() {
        return Pointer.nativeValue(handle);
    }

    /** After the interpreter that uses it. */
    @Override
    public void close() {
        if (handle != null) {
            library.getFunction("TfLiteXNNPackDelegateDelete").invokeVoid(new Object[] {handle});
            handle = null;
        }
    }

    /**
     * TfLiteXNNPackDelegateOptions of 2.16.1, 24 bytes on 64 bits: int32 num_threads at 0, uint32 flags at 4 (3 by
     * default: signed and unsigned 8 bits), the weights cache's pointer at 8, a deprecated bool at 16. Seen in the
     * default struct: its only byte that is not 0 is number 4, and a 4 set there is what GetFlags then answers.
     * The rest is room for what newer versions add; the library fills it with its own defaults.
     */
    public static final class Options extends Structure implements Structure.ByValue {
        public int threads;
        public int flags;
        public byte[] rest = new byte[248];

        @Override
        protected List<String> getFieldOrder() {
            return Arrays.asList("threads", "flags", "rest");
        }
    }
}
