package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.junit.Rule;
import org.junit.Test;

/** TFLite's own Android library (x86_64, over the shim) under the app's classes. */
public class TfliteTest {
    @Rule
    public final GoldenFolder folder = new GoldenFolder();

    @Test
    public void theGoldenJobOnCpu() throws Exception {
        compare(folder.golden());
    }

    @Test
    public void theGoldenJobAsMostAppsRunIt() throws Exception {
        Launched launched = folder.goldenOn("cpu-default");
        compare(launched);
        assertNull(launched.at(0, "phases.delegate_create_ns"));
    }

    private static void compare(Launched launched) throws Exception {
        Map<?, ?> where = (Map<?, ?>) launched.run.get("environment");
        assertEquals("android", where.get("runner"));
        assertEquals("app", where.get("context"));
        assertEquals("litert", where.get("runtime"));
        assertEquals("2.16.1", where.get("runtime_version"));
        assertEquals("5.14.0", ((Map<?, ?>) where.get("versions")).get("jna"));
        for (int index = 0; index < 2; index++) {
            assertEquals("ok: ", launched.at(index, "status") + ": " + launched.at(index, "reason"));
            times(launched, index);
            memory(launched, index);
        }
        assertEquals("{total=3, delegated=3, partitions=1, plan_length=1}", launched.at(0, "nodes").toString());
        // this version's XNNPACK leaves one of the int8 model's nodes to the CPU; newer ones take all three
        assertEquals("{total=3, delegated=2, partitions=1, plan_length=2}", launched.at(1, "nodes").toString());
        floats(launched);
        integers(launched);
    }

    private static void times(Launched launched, int index) {
        List<?> latency = (List<?>) launched.at(index, "samples.latency_ns");
        List<?> invoke = (List<?>) launched.at(index, "samples.invoke_ns");
        assertEquals(20, latency.size());
        assertEquals(20, invoke.size());
        for (int i = 0; i < 20; i++) {
            assertTrue(0 < (Long) invoke.get(i) && (Long) invoke.get(i) <= (Long) latency.get(i));
        }
        assertTrue((Long) launched.at(index, "samples.warmup_runs") >= 5);
        for (String phase : new String[] {"file_open", "model_build", "first_inference", "warmup"}) {
            assertTrue(phase, (Long) launched.at(index, "phases." + phase + "_ns") > 0);
        }
        assertNull(launched.at(index, "phases.delegate_apply_ns"));
        assertNull(launched.at(index, "phases.allocate_ns"));
    }

    private static void memory(Launched launched, int index) {
        for (String stage : new String[] {"start", "allocated", "first", "end", "peak", "pss"}) {
            assertTrue(stage, (Long) launched.at(index, "memory." + stage + "_bytes") > 1_000_000);
        }
        assertTrue((Long) launched.at(index, "before.canary_ns") > 0);
        assertTrue((Long) launched.at(index, "after.monotonic_ns") > (Long) launched.at(index, "before.monotonic_ns"));
        assertEquals(false, launched.at(index, "after.foreground"));
    }

    private static void floats(Launched launched) throws Exception {
        float[] golden = new float[15];
        float[] found = new float[15];
        order(Files.read(Golden.folder("runner/outputs/float-0.bin").toFile())).asFloatBuffer().get(golden);
        order(launched.files.get("outputs/float-0.bin")).asFloatBuffer().get(found);
        assertArrayEquals(golden, found, 1e-5f);
        assertEquals("float32", launched.at(0, "outputs.0.dtype"));
        assertEquals("[1, 3]", launched.at(0, "outputs.0.shape").toString());
        assertEquals(60L, launched.at(0, "outputs.0.data.size_bytes"));
        assertNull(launched.at(0, "outputs.0.scale"));
        assertEquals(golden[2], (Double) launched.at(0, "outputs.0.first_values.2"), 1e-5);
    }

    private static void integers(Launched launched) throws Exception {
        byte[] golden = Files.read(Golden.folder("runner/outputs/int8-0.bin").toFile());
        byte[] found = launched.files.get("outputs/int8-0.bin");
        assertEquals(15, found.length);
        for (int i = 0; i < found.length; i++) {
            assertEquals(golden[i], found[i], 1);
        }
        assertEquals("serving_default_output_0_output", launched.at(1, "outputs.0.name"));
        assertEquals("int8", launched.at(1, "outputs.0.dtype"));
        assertEquals(5L, launched.at(1, "outputs.0.count"));
        assertEquals(0.0022785316687077284, (Double) launched.at(1, "outputs.0.scale"), 0);
        assertEquals(-128L, launched.at(1, "outputs.0.zero_point"));
        assertEquals(0.5058340430259705, (Double) launched.at(1, "outputs.0.first_values.2"), 0.0023);
    }

    private static ByteBuffer order(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    public void nnapiThatDoesNothingIsNoLatency() throws Exception {
        Launched launched = folder.goldenOn("nnapi");
        for (int index = 0; index < 2; index++) {
            assertEquals("fell back", launched.at(index, "status"));
            assertEquals("fell back: 0 of 3 nodes delegated to nnapi", launched.at(index, "reason"));
            assertEquals("{total=3, delegated=0, partitions=0, plan_length=3}",
                    launched.at(index, "nodes").toString());
            assertEquals("[]", launched.at(index, "samples.latency_ns").toString());
            assertNull(launched.at(index, "before"));
            assertTrue(((List<?>) launched.at(index, "outputs")).isEmpty());
        }
    }

    @Test
    public void gpuIsUnsupportedWithItsReason() throws Exception {
        Launched launched = folder.goldenOn("gpu");
        assertEquals("unsupported", launched.at(0, "status"));
        String reason = (String) launched.at(0, "reason");
        assertTrue(reason, reason.startsWith("the GPU delegate"));
    }

    @Test
    public void theDelegateHasTheFlagsAskedFor() {
        try (XnnpackDelegate plain = new XnnpackDelegate(1, false);
                XnnpackDelegate half = new XnnpackDelegate(1, true)) {
            assertEquals(3, plain.flags());
            assertEquals(7, half.flags());
            assertTrue(plain.getNativeHandle() != half.getNativeHandle());
        }
    }

    /** In a process of its own, where Java makes no thread meanwhile. */
    @Test
    public void threadsOfXnnpackAreSeen() throws Exception {
        assertEquals(Arrays.asList(0L, 0L), threadsMade("cpu", 1));
        assertEquals(Arrays.asList(1L, 1L), threadsMade("cpu", 2));
        assertEquals(Arrays.asList(0L, 0L), threadsMade("cpu-default", 2));
    }

    private List<Long> threadsMade(String delegate, int threads) throws Exception {
        File job = Golden.job(folder.newFolder().toPath(), GoldenFolder.CPU, GoldenFolder.on(delegate),
                "\"threads\": 1", "\"threads\": " + threads);
        File out = folder.newFolder();
        List<String> command = new ArrayList<>(Arrays.asList(System.getProperty("java.home") + "/bin/java",
                "-XX:+UseSerialGC", "-XX:-UseDynamicNumberOfCompilerThreads", "-cp",
                System.getProperty("java.class.path"),
                "-Djava.library.path=" + System.getProperty("java.library.path"),
                "-Djna.boot.library.path=" + System.getProperty("jna.boot.library.path"),
                OnJvm.class.getName(), job.getPath(), "golden", out.getPath()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("SHIM_LOG", folder.newFile().getPath());
        Process process = builder.start();
        String said = new String(Files.read(process.getInputStream()), "UTF-8");
        assertEquals(said, 0, process.waitFor());
        Launched launched = new Launched(Files.read(new File(out, "answers/golden.zip")));
        List<Long> made = new ArrayList<>();
        for (int index = 0; index < 2; index++) {
            assertEquals(said, "ok", launched.at(index, "status"));
            long before = (Long) launched.at(index, "threads.seen_before");
            made.add((Long) launched.at(index, "threads.seen_after") - before);
        }
        return made;
    }
}
