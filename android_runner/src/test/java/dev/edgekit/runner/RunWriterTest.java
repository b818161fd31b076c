package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import java.nio.charset.StandardCharsets;

import org.junit.Test;

/** The golden run, built by hand and written: the same JSON, key for key and in the same order. */
public class RunWriterTest {
    @Test
    public void theGoldenRun() throws Exception {
        Object golden = Json.parse(Golden.text("protocol/run.json").getBytes(StandardCharsets.UTF_8));
        Object written = Json.parse(RunWriter.bytes(run()));
        assertEquals(golden, written);
        assertEquals(golden.toString(), written.toString());  // the order of keys, which equal maps do not compare
    }

    @Test
    public void notANumberIsNeverWritten() {
        Run run = run();
        run.cases.get(0).before.loadAverage = Double.NaN;
        assertThrows(IllegalArgumentException.class, () -> RunWriter.bytes(run));
    }

    private static Run run() {
        Run run = new Run();
        run.job = "golden";
        Run.Environment where = run.environment;
        where.runnerVersion = "0.1.0";
        where.runtime = "litert";
        where.runtimeVersion = "2.16.1";
        where.system = "Android 15";
        where.machine = "arm64-v8a";
        where.cpu = "Tensor G3";
        where.cores = 9;
        where.pageBytes = 16384;
        where.device = "Google Pixel 8";
        where.emulator = true;
        where.versions.put("app", "0.1.0");
        run.cases.add(measured());
        run.cases.add(new Run.CaseResult("gpu", 1));
        run.cases.get(1).status = "unsupported";
        run.cases.get(1).reason = "no OpenCL on this device";
        return run;
    }

    private static Run.CaseResult measured() {
        Run.CaseResult result = new Run.CaseResult("int8", 2);
        Run.Phases phases = result.phases;
        phases.fileOpenNs = phases.modelBuildNs = phases.delegateCreateNs = phases.delegateApplyNs = 1000L;
        phases.allocateNs = phases.firstInferenceNs = phases.warmupNs = 1000L;
        result.samples.latencyNs = new long[] {7000, 7100};
        result.samples.invokeNs = new long[] {6000, 6100};
        result.samples.warmupRuns = 40;
        result.samples.warmupConverged = true;
        result.threads.seenBefore = 21L;
        result.threads.seenAfter = 22L;
        result.nodes.total = result.nodes.delegated = 5L;
        result.nodes.partitions = result.nodes.planLength = 1L;
        Run.Memory memory = result.memory;
        memory.startBytes = memory.loadedBytes = memory.delegatedBytes = memory.allocatedBytes = 4096L;
        memory.firstBytes = memory.endBytes = memory.peakBytes = memory.pssBytes = memory.arenaBytes = 4096L;
        Run.Output output = new Run.Output();
        output.name = "serving_default_output_0_output";
        output.file = "outputs/int8-0.bin";
        output.sha256 = "4098e31e9b1cb60ae9959482abd8f2ebe49e3d541c1256235989ccd1aa39f92c";
        output.sizeBytes = 15;
        output.dtype = "int8";
        output.shape = new int[] {1, 3};
        output.count = 5;
        output.scale = 0.0022785316687077284f;
        output.zeroPoint = -128;
        output.firstValues = new float[] {0.22785316407680511f, 0.22101756930351257f, 0.5058340430259705f};
        result.outputs.add(output);
        result.before = state();
        result.after = state();
        return result;
    }

    private static Run.State state() {
        Run.State state = new Run.State();
        state.monotonicNs = 1;
        state.loadAverage = 0.5;
        state.stealTicks = 3L;
        state.involuntarySwitches = 4L;
        state.cpuKhz = new long[] {1_000_000, 2_000_000};
        state.cpuMaxKhz = new long[] {2_000_000, 2_000_000};
        state.canaryNs = 5_000_000L;
        state.thermalStatus = 0;
        state.batteryPercent = 80;
        state.batteryDecicelsius = 271;
        state.foreground = true;
        return state;
    }
}
