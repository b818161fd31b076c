package dev.edgekit.runner;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The answer to a job: docs/runner-protocol.md.
 * Null: not measured, or not separated by this runtime; never 0 or -1.
 */
final class Run {
    static final String SCHEMA = "edgekit.run";

    String job;
    Environment environment = new Environment();
    final List<CaseResult> cases = new ArrayList<>();

    /** Where the launch ran. */
    static final class Environment {
        String runner = "android";
        String runnerVersion = "";
        String context = "app";
        String runtime = "";
        String runtimeVersion = "";
        String system = "";
        String machine = "";
        String cpu = "";
        long cores;
        long pageBytes;
        String device = "";
        boolean emulator;
        final Map<String, String> versions = new LinkedHashMap<>();
    }

    /** Durations in ns. */
    static final class Phases {
        Long fileOpenNs;
        Long modelBuildNs;
        Long delegateCreateNs;
        Long delegateApplyNs;
        Long allocateNs;
        Long firstInferenceNs;
        Long warmupNs;
    }

    /** Every timed invocation after warm-up, in order, in ns. */
    static final class Samples {
        long[] latencyNs = {};
        long[] invokeNs = {};
        long warmupRuns;
        Boolean warmupConverged;
    }

    /** Threads asked for, and OS threads of the process before the model was built and after the last sample. */
    static final class Threads {
        long asked;
        Long seenBefore;
        Long seenAfter;
    }

    /** Nodes of the main graph, counted in the prepared interpreter. */
    static final class Nodes {
        Long total;
        Long delegated;
        Long partitions;
        Long planLength;
    }

    /** Resident set at stages, the case's own peak, and the proportional set size; bytes. */
    static final class Memory {
        Long startBytes;
        Long loadedBytes;
        Long delegatedBytes;
        Long allocatedBytes;
        Long firstBytes;
        Long endBytes;
        Long peakBytes;
        Long pssBytes;
        Long arenaBytes;
    }

    /** One model output; {@code file} null where no values were asked for. */
    static final class Output {
        String name;
        String file;
        String sha256;
        long sizeBytes;
        String dtype;
        int[] shape;
        long count;
        Float scale;
        Integer zeroPoint;
        float[] firstValues = {};
    }

    /** What the phone looked like at one moment. */
    static final class State {
        long monotonicNs;
        Double loadAverage;
        Long stealTicks;
        Long involuntarySwitches;
        long[] cpuKhz = {};
        long[] cpuMaxKhz = {};
        Long canaryNs;
        Integer thermalStatus;
        Integer batteryPercent;
        Integer batteryDecicelsius;
        Boolean foreground;
    }

    /** The answer to one case. */
    static final class CaseResult {
        final String id;
        String status = "ok";
        String reason = "";
        Phases phases = new Phases();
        Samples samples = new Samples();
        Threads threads = new Threads();
        Nodes nodes = new Nodes();
        Memory memory = new Memory();
        List<Output> outputs = new ArrayList<>();
        State before;
        State after;

        CaseResult(String id, long threadsAsked) {
            this.id = id;
            threads.asked = threadsAsked;
        }
    }
}
