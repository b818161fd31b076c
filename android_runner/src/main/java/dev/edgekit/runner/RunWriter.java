package dev.edgekit.runner;

import android.util.JsonWriter;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A Run as JSON: every key, in the format's order. */
final class RunWriter {
    private final JsonWriter json;

    private RunWriter(JsonWriter json) {
        this.json = json;
    }

    /** UTF-8 text; IOException for a number that JSON has no form for. */
    static byte[] bytes(Run run) throws IOException {
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(text);
        json.setIndent(" ");
        new RunWriter(json).run(run);
        json.flush();
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void run(Run run) throws IOException {
        json.beginObject();
        put("schema", Run.SCHEMA);
        put("version", Job.VERSION);
        put("job", run.job);
        environment(run.environment);
        json.name("cases").beginArray();
        for (Run.CaseResult result : run.cases) {
            caseResult(result);
        }
        json.endArray().endObject();
    }

    private void environment(Run.Environment where) throws IOException {
        json.name("environment").beginObject();
        put("runner", where.runner);
        put("runner_version", where.runnerVersion);
        put("context", where.context);
        put("runtime", where.runtime);
        put("runtime_version", where.runtimeVersion);
        put("system", where.system);
        put("machine", where.machine);
        put("cpu", where.cpu);
        put("cores", where.cores);
        put("page_bytes", where.pageBytes);
        put("device", where.device);
        put("emulator", where.emulator);
        json.name("versions").beginObject();
        for (Map.Entry<String, String> version : where.versions.entrySet()) {
            put(version.getKey(), version.getValue());
        }
        json.endObject().endObject();
    }

    private void caseResult(Run.CaseResult result) throws IOException {
        json.beginObject();
        put("id", result.id);
        put("status", result.status);
        put("reason", result.reason);
        phases(result.phases);
        json.name("samples").beginObject();
        put("latency_ns", result.samples.latencyNs);
        put("invoke_ns", result.samples.invokeNs);
        put("warmup_runs", result.samples.warmupRuns);
        put("warmup_converged", result.samples.warmupConverged);
        json.endObject().name("threads").beginObject();
        put("asked", result.threads.asked);
        put("seen_before", result.threads.seenBefore);
        put("seen_after", result.threads.seenAfter);
        json.endObject().name("nodes").beginObject();
        put("total", result.nodes.total);
        put("delegated", result.nodes.delegated);
        put("partitions", result.nodes.partitions);
        put("plan_length", result.nodes.planLength);
        json.endObject();
        memory(result.memory);
        json.name("outputs").beginArray();
        for (Run.Output output : result.outputs) {
            output(output);
        }
        json.endArray();
        state("before", result.before);
        state("after", result.after);
        json.endObject();
    }

    private void phases(Run.Phases phases) throws IOException {
        json.name("phases").beginObject();
        put("file_open_ns", phases.fileOpenNs);
        put("model_build_ns", phases.modelBuildNs);
        put("delegate_create_ns", phases.delegateCreateNs);
        put("delegate_apply_ns", phases.delegateApplyNs);
        put("allocate_ns", phases.allocateNs);
        put("first_inference_ns", phases.firstInferenceNs);
        put("warmup_ns", phases.warmupNs);
        json.endObject();
    }

    private void memory(Run.Memory memory) throws IOException {
        json.name("memory").beginObject();
        put("start_bytes", memory.startBytes);
        put("loaded_bytes", memory.loadedBytes);
        put("delegated_bytes", memory.delegatedBytes);
        put("allocated_bytes", memory.allocatedBytes);
        put("first_bytes", memory.firstBytes);
        put("end_bytes", memory.endBytes);
        put("peak_bytes", memory.peakBytes);
        put("pss_bytes", memory.pssBytes);
        put("arena_bytes", memory.arenaBytes);
        json.endObject();
    }

    private void output(Run.Output output) throws IOException {
        json.beginObject();
        put("name", output.name);
        json.name("data");
        if (output.file == null) {
            json.nullValue();
        } else {
            json.beginObject();
            put("file", output.file);
            put("sha256", output.sha256);
            put("size_bytes", output.sizeBytes);
            json.endObject();
        }
        put("dtype", output.dtype);
        json.name("shape").beginArray();
        for (int size : output.shape) {
            json.value(size);
        }
        json.endArray();
        put("count", output.count);
        put("scale", output.scale == null ? null : Double.valueOf(output.scale));
        put("zero_point", output.zeroPoint);
        json.name("first_values").beginArray();
        for (float value : output.firstValues) {
            json.value((double) value);
        }
        json.endArray().endObject();
    }

    private void state(String name, Run.State state) throws IOException {
        json.name(name);
        if (state == null) {
            json.nullValue();
            return;
        }
        json.beginObject();
        put("monotonic_ns", state.monotonicNs);
        put("load_average", state.loadAverage);
        put("steal_ticks", state.stealTicks);
        put("involuntary_switches", state.involuntarySwitches);
        put("cpu_khz", state.cpuKhz);
        put("cpu_max_khz", state.cpuMaxKhz);
        put("canary_ns", state.canaryNs);
        put("thermal_status", state.thermalStatus);
        put("battery_percent", state.batteryPercent);
        put("battery_decicelsius", state.batteryDecicelsius);
        put("foreground", state.foreground);
        json.endObject();
    }

    private void put(String name, long[] values) throws IOException {
        json.name(name).beginArray();
        for (long value : values) {
            json.value(value);
        }
        json.endArray();
    }

    private void put(String name, Object value) throws IOException {
        json.name(name);
        if (value == null) {
            json.nullValue();
        } else if (value instanceof Boolean) {
            json.value((boolean) (Boolean) value);
        } else if (value instanceof Number) {
            json.value((Number) value);
        } else {
            json.value(value.toString());
        }
    }
}
