package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.junit.Rule;
import org.junit.Test;

/** Cases that end otherwise, each with its sentence, on TFLite's own library; and what the marker says meanwhile. */
public class TfliteCasesTest {
    @Rule
    public final GoldenFolder folder = new GoldenFolder();

    @Test
    public void otherDelegatesAndOptions() throws Exception {
        Launched launched = folder.goldenOn("coreml");
        assertEquals("unsupported: litert on Android has no delegate coreml",
                launched.at(0, "status") + ": " + launched.at(0, "reason"));
        String[][] options = {
            {"cpu", "{\"turbo\": 1}", "delegate cpu takes no option 'turbo' in this runner"},
            {"cpu", "{\"fp16\": 1}", "delegate cpu: option 'fp16' is true or false, not 1"},
            {"cpu-default", "{\"fp16\": true}", "delegate cpu-default takes no option 'fp16' in this runner"},
            {"gpu", "{\"fp16\": true}", "delegate gpu takes no option 'fp16' in this runner"},
            {"nnapi", "{\"execution_preference\": \"fast\"}", "delegate nnapi: option 'execution_preference' is "
                + "'low_power', 'fast_single_answer' or 'sustained_speed', not 'fast'"},
            {"nnapi", "{\"accelerator_name\": true}", "delegate nnapi: option 'accelerator_name' is text, not true"},
        };
        for (String[] option : options) {
            launched = folder.golden(GoldenFolder.CPU, GoldenFolder.on(option[0]),
                    "\"options\": {}", "\"options\": " + option[1]);
            assertEquals("unsupported: " + option[2], launched.at(0, "status") + ": " + launched.at(0, "reason"));
        }
    }

    @Test
    public void aBrokenModelFailsWithTheRuntimesSentence() throws Exception {
        OtherModel changed = new OtherModel(folder.newFolder(), Arrays.copyOf(
                Files.read(Golden.folder("runner/float.tflite").toFile()), 500));
        for (String delegate : new String[] {"cpu", "cpu-default", "nnapi"}) {
            Launched launched = Launched.golden(changed.with(GoldenFolder.CPU, GoldenFolder.on(delegate)),
                    folder.newFolder());
            assertEquals("failed: litert 2.16.1: ByteBuffer is not a valid TensorFlow Lite model flatbuffer",
                    launched.at(0, "status") + ": " + launched.at(0, "reason"));
            assertEquals("nnapi".equals(delegate) ? "fell back" : "ok", launched.at(1, "status"));
        }
    }

    /** Two of three nodes delegated, the one between them left: the plan is as long as the graph. */
    @Test
    public void aModelInTwoKernels() throws Exception {
        byte[] model = Files.read(getClass().getResourceAsStream("/partial.tflite"));
        OtherModel changed = new OtherModel(folder.newFolder(), model);
        String[] shape = {"[\n      1,\n      4,\n      4,\n      1\n     ]", "[1, 4]",
            "\"count\": 5", "\"count\": 20"};
        Launched launched = Launched.golden(changed.with(shape), folder.newFolder());
        assertEquals("", launched.at(0, "reason"));
        assertEquals("{total=3, delegated=2, partitions=2, plan_length=3}", launched.at(0, "nodes").toString());
        assertEquals(20L, launched.at(0, "outputs.0.count"));
        assertEquals("failed", launched.at(1, "status"));
        assertEquals("input serving_default_args_0 has shape [1, 4, 4, 1], the case brings [1, 4]",
                ((String) launched.at(1, "reason")).replaceAll("input \\S+", "input serving_default_args_0"));
    }

    @Test
    public void inputsThatDoNotFit() throws Exception {
        String[][] wrong = {
            {"\"count\": 5", "\"count\": 4", "input image: 320 bytes are not 4 samples of [1, 4, 4, 1]"},
            {"\"dtype\": \"float32\"", "\"dtype\": \"int32\"", "takes float32, the sample is int32"},
        };
        for (String[] edit : wrong) {
            Launched launched = folder.golden(edit[0], edit[1]);
            assertEquals("failed", launched.at(0, "status"));
            assertTrue((String) launched.at(0, "reason"), ((String) launched.at(0, "reason")).endsWith(edit[2]));
        }
    }

    @Test
    public void noTimingAndNoOutputs() throws Exception {
        Launched launched = folder.golden("\"max_runs\": 20", "\"max_runs\": 0", "\"outputs\": \"all\"",
                "\"outputs\": \"none\"");
        assertEquals("ok", launched.at(0, "status"));
        assertNull(launched.at(0, "phases.warmup_ns"));
        assertNull(launched.at(0, "samples.warmup_converged"));
        assertEquals("[]", launched.at(0, "samples.latency_ns").toString());
        assertNull(launched.at(0, "outputs.0.data"));
        assertEquals(0L, launched.at(0, "outputs.0.count"));
        assertFalse(launched.files.containsKey("outputs/float-0.bin"));
    }

    /** A crash in the native code must find the phase in the marker that was about to begin. */
    @Test
    public void theMarkerNamesAPhaseBeforeItBegins() throws Exception {
        File out = folder.newFolder();
        List<String> phases = new ArrayList<>();
        ShimLog log = ShimLog.ofThisProcess();
        Phone phone = new JvmPhone(out, null, new DelegateLog.Source() {
            @Override
            public void write(String line) {
                phases.add(markerPhase(out));
                log.write(line);
            }

            @Override
            public String text() throws java.io.IOException {
                phases.add(markerPhase(out));
                return log.text();
            }
        });
        new Launch(phone).run(Golden.job(folder.newFolder().toPath()).getPath(), "golden", null);
        List<String> each = Arrays.asList(" file_open", " model_build", " outputs");
        List<String> expected = new ArrayList<>();
        for (String id : new String[] {"float", "int8"}) {
            for (String phase : each) {
                expected.add(id + phase);
            }
        }
        assertEquals(expected, phases);
        assertEquals(" done", markerPhase(out));
    }

    private static String markerPhase(File out) {
        try {
            Map<?, ?> marker = (Map<?, ?>) Json.parse(Files.read(new File(out, "marker.json")));
            return marker.get("case") + " " + marker.get("phase");
        } catch (java.io.IOException | JobError error) {
            throw new IllegalStateException(error);
        }
    }

    @Test
    public void aLogThatCannotBeReadLeavesThePlanAlone() throws Exception {
        Phone phone = new JvmPhone(folder.newFolder(), null, new DelegateLog.Source() {
            @Override
            public void write(String line) {
            }

            @Override
            public String text() throws java.io.IOException {
                throw new java.io.IOException("no log here");
            }
        });
        File cpu = Golden.job(folder.newFolder().toPath());
        Launched launched = Launched.of(new Launch(phone).run(cpu.getPath(), "golden", null));
        assertEquals("{total=3, delegated=null, partitions=null, plan_length=1}",
                launched.at(0, "nodes").toString());
        File nnapi = Golden.job(folder.newFolder().toPath(), GoldenFolder.CPU, GoldenFolder.on("nnapi"));
        launched = Launched.of(new Launch(phone).run(nnapi.getPath(), "golden", null));
        assertEquals("fell back", launched.at(0, "status"));
        assertEquals("fell back: the plan has as many steps as the model has nodes (3), and the log that would tell "
                + "more cannot be read", launched.at(0, "reason"));
    }

    /** A line of nodes taken beside a plan that has them all: neither is believed, and nothing is timed. */
    @Test
    public void aLineThatThePlanContradictsIsNoLatency() throws Exception {
        StringBuilder lines = new StringBuilder();
        Phone phone = new JvmPhone(folder.newFolder(), null, new DelegateLog.Source() {
            @Override
            public void write(String line) {
                lines.append(line.endsWith(" is open") ? "Replacing 3 out of 3 node(s) with delegate "
                        + "(TfLiteNnapiDelegate) node, yielding 1 partitions for the whole graph.\n" : "");
                lines.append(line).append('\n');
            }

            @Override
            public String text() {
                return lines.toString();
            }
        });
        File nnapi = Golden.job(folder.newFolder().toPath(), GoldenFolder.CPU, GoldenFolder.on("nnapi"));
        Launched launched = Launched.of(new Launch(phone).run(nnapi.getPath(), "golden", null));
        assertEquals("fell back: the plan has as many steps as the model has nodes (3), and the runtime's log line "
                + "says otherwise", launched.at(0, "reason"));
        assertEquals("fell back", launched.at(1, "status"));
        assertEquals("{total=null, delegated=null, partitions=null, plan_length=3}",
                launched.at(0, "nodes").toString());
        assertEquals("[]", launched.at(0, "samples.latency_ns").toString());
    }
}
