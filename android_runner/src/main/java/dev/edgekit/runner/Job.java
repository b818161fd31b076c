package dev.edgekit.runner;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the host asks, as docs/runner-protocol.md says it: names, defaults and order are those of the format. */
final class Job {
    static final String SCHEMA = "edgekit.job";
    static final int VERSION = 2;

    final String id;
    final String edgekit;
    final List<Case> cases;

    Job(Object data) throws JobError {
        Fields fields = new Fields("", data, "schema", "version", "id", "edgekit", "cases");
        fields.whole("version");
        id = fields.text("id");
        edgekit = fields.text("edgekit");
        cases = fields.each("cases", Case::new);
    }

    /** A file named relative to the job's folder, with what it must hash to. */
    static final class FileRef {
        final String file;
        final String sha256;
        final long sizeBytes;

        FileRef(String place, Object data) throws JobError {
            Fields fields = new Fields(place, data, "file", "sha256", "size_bytes");
            file = fields.text("file");
            sha256 = fields.text("sha256");
            sizeBytes = fields.whole("size_bytes");
        }
    }

    /** {@code count} samples of one model input; {@code shape} is that of one invocation, batch included. */
    static final class Input {
        final String name;
        final FileRef data;
        final String dtype;
        final long[] shape;
        final long count;

        Input(String place, Object given) throws JobError {
            Fields fields = new Fields(place, given, "name", "data", "dtype", "shape", "count");
            name = fields.text("name");
            data = new FileRef(fields.at("data"), fields.need("data"));
            dtype = fields.choice("dtype",
                    "float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool");
            shape = fields.wholes("shape");
            count = fields.whole("count");
        }
    }

    /** When warm-up ends: {@link WarmupRule}. */
    static final class Warmup {
        final double fast;
        final double slow;
        final double tolerance;
        final long inARow;
        final long minRuns;
        final long minNs;
        final long maxNs;

        Warmup(String place, Object data) throws JobError {
            Fields fields = new Fields(place, data,
                    "fast", "slow", "tolerance", "in_a_row", "min_runs", "min_ns", "max_ns");
            fast = fields.number("fast", 0.1);
            slow = fields.number("slow", 0.005);
            tolerance = fields.number("tolerance", 0.04);
            inARow = fields.whole("in_a_row", 40);
            minRuns = fields.whole("min_runs", 30);
            minNs = fields.whole("min_ns", 250_000_000L);
            maxNs = fields.whole("max_ns", 8_000_000_000L);
        }
    }

    /** Timed invocations: until both minima are met; either maximum ends it. maxRuns 0: no warm-up and no timing. */
    static final class SamplePlan {
        final long minRuns;
        final long minNs;
        final long maxRuns;
        final long maxNs;

        SamplePlan(String place, Object data) throws JobError {
            Fields fields = new Fields(place, data, "min_runs", "min_ns", "max_runs", "max_ns");
            minRuns = fields.whole("min_runs", 64);
            minNs = fields.whole("min_ns", 500_000_000L);
            maxRuns = fields.whole("max_runs", 100_000);
            maxNs = fields.whole("max_ns", 60_000_000_000L);
        }
    }

    /** One artifact on one delegate. */
    static final class Case {
        final String id;
        final FileRef artifact;
        final String delegate;
        final String runtime;
        final Map<String, Object> options;
        final long threads;
        final List<Input> inputs;
        final Warmup warmup;
        final SamplePlan samples;
        final String outputs;
        final long limitNs;

        Case(String place, Object data) throws JobError {
            Fields fields = new Fields(place, data, "id", "artifact", "delegate", "runtime", "options", "threads",
                    "inputs", "warmup", "samples", "outputs", "limit_ns");
            id = fields.text("id");
            artifact = new FileRef(fields.at("artifact"), fields.need("artifact"));
            delegate = fields.choice("delegate", "cpu", "cpu-default", "gpu", "nnapi", "coreml", "cuda");
            runtime = !fields.has("runtime") ? "litert"
                    : fields.choice("runtime", "litert", "tflite-runtime", "tensorflow", "onnxruntime", "torch");
            options = fields.options("options");
            threads = fields.whole("threads", 1);
            inputs = fields.has("inputs") ? fields.each("inputs", Input::new) : new ArrayList<>();
            warmup = new Warmup(fields.at("warmup"), given(fields, "warmup"));
            samples = new SamplePlan(fields.at("samples"), given(fields, "samples"));
            outputs = !fields.has("outputs") ? "first" : fields.choice("outputs", "none", "first", "all");
            limitNs = fields.whole("limit_ns", 600_000_000_000L);
        }

        private static Object given(Fields fields, String name) throws JobError {
            return fields.has(name) ? fields.need(name) : new LinkedHashMap<String, Object>();
        }
    }
}
