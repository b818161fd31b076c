package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.nio.charset.StandardCharsets;

import org.junit.Test;

/** The golden job, and the sentences for what is wrong with one: those that edgekit's own reader says. */
public class JobReaderTest {
    private static Job read(String text) throws JobError {
        return JobReader.read(text.getBytes(StandardCharsets.UTF_8));
    }

    private static JobError refused(String text) {
        return assertThrows(text, JobError.class, () -> read(text));
    }

    @Test
    public void everyKeyOfTheGoldenJob() throws Exception {
        Job job = read(Golden.text("protocol/job.json"));
        assertEquals("golden", job.id);
        assertEquals("0.1.0", job.edgekit);
        assertEquals(2, job.cases.size());
        Job.Case asked = job.cases.get(0);
        assertEquals("float", asked.id);
        assertEquals("float.tflite", asked.artifact.file);
        assertEquals(2752, asked.artifact.sizeBytes);
        assertEquals(64, asked.artifact.sha256.length());
        assertEquals("cpu", asked.delegate);
        assertEquals("litert", asked.runtime);
        assertEquals("{fp16=true, priority=1, share=0.5, name=a b}", asked.options.toString());
        assertEquals(1, asked.threads);
        Job.Input input = asked.inputs.get(0);
        assertEquals("image", input.name);
        assertEquals("images.bin", input.data.file);
        assertEquals("float32", input.dtype);
        assertArrayEquals(new long[] {1, 4, 4, 1}, input.shape);
        assertEquals(5, input.count);
        assertEquals(0.1, asked.warmup.fast, 0);
        assertEquals(0.005, asked.warmup.slow, 0);
        assertEquals(2, asked.warmup.inARow);
        assertEquals(100_000_000, asked.warmup.maxNs);
        assertEquals(20, asked.samples.minRuns);
        assertEquals(60_000_000_000L, asked.samples.maxNs);
        assertEquals("all", asked.outputs);
        assertEquals(600_000_000_000L, asked.limitNs);
        assertTrue(job.cases.get(1).options.isEmpty());
    }

    @Test
    public void defaultsAreThoseOfTheFormat() throws Exception {
        Job.Case asked = read("{\"schema\":\"edgekit.job\",\"version\":2,\"id\":\"a\",\"edgekit\":\"0\",\"cases\":["
                + "{\"id\":\"c\",\"artifact\":{\"file\":\"m\",\"sha256\":\"0\",\"size_bytes\":1},"
                + "\"delegate\":\"gpu\"}]}").cases.get(0);
        assertEquals("litert", asked.runtime);
        assertEquals(1, asked.threads);
        assertTrue(asked.inputs.isEmpty());
        assertEquals(0.04, asked.warmup.tolerance, 0);
        assertEquals(40, asked.warmup.inARow);
        assertEquals(30, asked.warmup.minRuns);
        assertEquals(250_000_000, asked.warmup.minNs);
        assertEquals(8_000_000_000L, asked.warmup.maxNs);
        assertEquals(64, asked.samples.minRuns);
        assertEquals(500_000_000, asked.samples.minNs);
        assertEquals(100_000, asked.samples.maxRuns);
        assertEquals("first", asked.outputs);
    }

    /** Old text, new text, and the sentence that Python's reader gives for the golden job so changed. */
    private static final String[][] WRONG = {
        {"\"threads\": 1", "\"thread\": 1", "cases[0].thread: unknown key, did you mean 'threads'?"},
        {"\"threads\": 1", "\"threads\": true", "cases[0].threads: expected a whole number, got true"},
        {"\"threads\": 1", "\"threads\": 1.5", "cases[0].threads: expected a whole number, got 1.5"},
        {"\"threads\": 1", "\"threads\": 9223372036854775808",
            "cases[0].threads: expected a whole number of 64 bits, got 9223372036854775808"},
        {"\"version\": 2", "\"version\": 2.0", "version: expected a whole number, got 2.0"},
        {"\"edgekit.job\"", "\"edgekit.run\"", "schema: expected 'edgekit.job'"},
        {"\"id\": \"golden\",", "", "id: missing"},
        {"\"id\": \"golden\"", "\"id\": 5", "id: expected a string, got 5"},
        {"\"delegate\": \"cpu\"", "\"delegate\": \"cpuu\"", "cases[0].delegate: 'cpuu' is not one of "
            + "'cpu', 'cpu-default', 'gpu', 'nnapi', 'coreml', 'cuda'"},
        {"\"delegate\": \"cpu\"", "\"delegate\": 7", "cases[0].delegate: 7 is not one of "
            + "'cpu', 'cpu-default', 'gpu', 'nnapi', 'coreml', 'cuda'"},
        {"\"fp16\": true", "\"fp16\": null", "cases[0].options.fp16: expected a string, got null"},
        {"\"fp16\": true", "\"fp16\": [1, {\"a\": \"x\"}]",
            "cases[0].options.fp16: expected a string, got [1, {\"a\": \"x\"}]"},
        {"\"runtime\": \"litert\"", "\"runtime\": \"it's\"", "cases[0].runtime: \"it's\" is not one of "
            + "'litert', 'tflite-runtime', 'tensorflow', 'onnxruntime', 'torch'"},
        {"\"size_bytes\": 2752", "\"size_byte\": 2752",
            "cases[0].artifact.size_byte: unknown key, did you mean 'size_bytes'?"},
        {"\"count\": 5", "\"count\": \"5\"", "cases[0].inputs[0].count: expected a whole number, got \"5\""},
        {"\"fast\": 0.1", "\"fast\": \"x\"", "cases[0].warmup.fast: expected a number, got \"x\""},
        {"\"fast\": 0.1", "\"fast\": 1e999", "cases[0].warmup.fast: expected a finite number, got Infinity"},
        {"\"fast\": 0.1", "\"fast\": true", "cases[0].warmup.fast: expected a number, got true"},
        {"\"in_a_row\": 2", "\"in_row\": 2", "cases[0].warmup.in_row: unknown key, did you mean 'in_a_row'?"},
        {"\"max_runs\": 20,", "\"runs\": 20,", "cases[0].samples.runs: unknown key, did you mean 'min_runs'?"},
        {"\"outputs\": \"all\"", "\"outputs\": \"some\"",
            "cases[0].outputs: 'some' is not one of 'none', 'first', 'all'"},
        {"\"limit_ns\"", "\"zzzz\"", "cases[0].zzzz: unknown key"},
        {"\"file\": \"float.tflite\",", "", "cases[0].artifact.file: missing"},
        {"\"name\": \"image\"", "\"name\": \"\\ud800\"",
            "cases[0].inputs[0].name: expected Unicode text, got \"'\\\\ud800'\""},
        {"\"edgekit\": \"0.1.0\"",
            "\"edgekit\": {\"a\": \"012345678901234567890123456789012345678901234567890123456789\"}",
            "edgekit: expected a string, got {\"a\": \"01234567890123456789012345678901234567890123456789..."},
        {"\"edgekit\": \"0.1.0\"", "\"edgekit\": \"0.1.0\", \"scheme\": 1",
            "scheme: unknown key, did you mean 'schema'?"},
    };

    @Test
    public void whatIsWrongIsSaidAsPythonSaysIt() throws Exception {
        String golden = Golden.text("protocol/job.json");
        for (String[] wrong : WRONG) {
            JobError error = refused(Golden.edited(golden, wrong[0], wrong[1]));
            assertEquals(wrong[2], error.getMessage());
            assertFalse(wrong[2], error.otherVersion);
        }
    }

    @Test
    public void otherVersions() throws Exception {
        String[][] versions = {
            {"3", "version: format 3 is newer than this edgekit reads (up to 2)"},
            {"9999999999999999999999",
                "version: format 9999999999999999999999 is newer than this edgekit reads (up to 2)"},
            {"1", "version: 1 is not a version this edgekit reads (2)"},
            {"\"2\"", "version: '2' is not a version this edgekit reads (2)"},
            {"null", "version: None is not a version this edgekit reads (2)"},
        };
        for (String[] version : versions) {
            String golden = Golden.text("protocol/job.json");
            JobError error = refused(Golden.edited(golden, "\"version\": 2", "\"version\": " + version[0]));
            assertEquals(version[1], error.getMessage());
            assertTrue(error.otherVersion);
        }
    }

    @Test
    public void whatIsNoJson() {
        String deep = new String(new char[5000]).replace("\0", "[");
        String[] texts = {"", "{", "{\"a\": 1,}", "{\"a\": NaN}", "{'a': 1}", "{} {}", "{\"a\": 01}", deep};
        for (String text : texts) {
            assertTrue(refused(text).getMessage().startsWith("not JSON ("));
        }
        JobError latin = assertThrows(JobError.class, () -> JobReader.read(new byte[] {'{', '"', (byte) 0xE4, '"'}));
        assertEquals("not JSON (not UTF-8)", latin.getMessage());
        assertEquals("schema: expected 'edgekit.job'", refused("[]").getMessage());
    }

    @Test
    public void theMeasureOfNearnessIsDifflibs() {
        assertEquals(0.9230769230769231, Closest.ratio("threads", "thread"), 1e-15);
        assertEquals(0.75, Closest.ratio("min_runs", "max_runs"), 1e-15);
        assertEquals(0.8888888888888888, Closest.ratio("tolerance", "tolerence"), 1e-15);
        assertEquals(0.75, Closest.ratio("abcd", "bcde"), 1e-15);
        assertEquals("", Closest.to("zzzz", "threads", "id"));
    }
}
