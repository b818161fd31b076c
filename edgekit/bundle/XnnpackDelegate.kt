// Written by edgekit. Needs net.java.dev.jna:jna as an AAR (README.md).
package dev.edgekit.bundle

import com.sun.jna.NativeLibrary
import com.sun.jna.Pointer
import com.sun.jna.Structure
import org.tensorflow.lite.Delegate
import org.tensorflow.lite.TensorFlowLite

/**
 * TFLite's XNNPACK delegate with threads of its own, made by the C functions of libtensorflowlite_jni.so 2.16.1: that
 * version's Interpreter.Options.setNumThreads never reaches the XNNPACK delegate that the Interpreter makes by itself.
 *
 * Close it after the Interpreter that uses it.
 */
class XnnpackDelegate(threads: Int) : Delegate {
    private val library: NativeLibrary
    private var handle: Pointer?

    init {
        TensorFlowLite.init()
        library = NativeLibrary.getInstance("tensorflowlite_jni")
        val none = emptyArray<Any>()
        val options =
            library.getFunction("TfLiteXNNPackDelegateOptionsDefault").invoke(Options::class.java, none) as Options
        options.threads = threads
        options.write()
        handle = library.getFunction("TfLiteXNNPackDelegateCreate").invokePointer(arrayOf<Any>(options.pointer))
        checkNotNull(handle) { "TfLiteXNNPackDelegateCreate gave nothing" }
    }

    override fun getNativeHandle(): Long = Pointer.nativeValue(handle)

    override fun close() {
        handle?.let { library.getFunction("TfLiteXNNPackDelegateDelete").invokeVoid(arrayOf<Any>(it)) }
        handle = null
    }

    /** TfLiteXNNPackDelegateOptions: its first two fields, then room for what versions add. */
    @Structure.FieldOrder("threads", "flags", "rest")
    class Options : Structure(), Structure.ByValue {
        @JvmField var threads: Int = 0
        @JvmField var flags: Int = 0
        @JvmField var rest: ByteArray = ByteArray(248)
    }
}
