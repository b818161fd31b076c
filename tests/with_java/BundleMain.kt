// CASE MODEL SAMPLES: runs the bundle of that case on raw float samples of 16 values; one line of outputs a sample.
package dev.edgekit.test

import java.io.File
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel

fun threads(): Int = File("/proc/self/task").list()!!.size

fun mapped(path: String): ByteBuffer = RandomAccessFile(path, "r").channel.map(FileChannel.MapMode.READ_ONLY, 0, File(path).length())

fun runAll(samples: List<FloatArray>, run: (FloatArray) -> FloatArray, ranked: (FloatArray) -> List<Pair<String, Float>>) {
    for (sample in samples) {
        val scores = run(sample)
        println("scores " + scores.joinToString(" "))
        println("best " + ranked(scores).joinToString(" ") { it.first })
    }
}

fun main(arguments: Array<String>) {
    val (case, path, samplesPath) = arguments
    val floats = ByteBuffer.wrap(File(samplesPath).readBytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
    val samples = List(floats.capacity() / 16) { n -> FloatArray(16) { floats.get(n * 16 + it) } }
    val labels = listOf("a", "b", "c")
    val model = mapped(path)
    try {
        when (case) {
            "float" -> dev.edgekit.bundle.float.Classifier(model, labels).use { runAll(samples, it::run, it::ranked) }
            "int8" -> dev.edgekit.bundle.int8.Classifier(model, labels).use { runAll(samples, it::run, it::ranked) }
            "plain" -> dev.edgekit.bundle.plain.Classifier(model, labels).use { runAll(samples, it::run, it::ranked) }
            "gpu" -> dev.edgekit.bundle.gpu.Classifier(model, labels).use {
                println("delegate " + it.delegate)
                runAll(samples, it::run, it::ranked)
            }
            "three" -> {
                dev.edgekit.bundle.float.Classifier(model, labels).use { it.run(samples[0]) }
                com.sun.jna.NativeLibrary.getInstance("tensorflowlite_jni").getFunction("TfLiteXNNPackDelegateDelete")
                val before = threads()
                dev.edgekit.bundle.three.Classifier(model, labels).use {
                    runAll(samples, it::run, it::ranked)
                    println("threads " + (threads() - before))
                }
            }
            "short" -> dev.edgekit.bundle.float.Classifier(model, labels).use { it.run(FloatArray(15)) }
        }
    } catch (error: RuntimeException) {
        println(error.javaClass.simpleName + ": " + error.message)
    }
}
