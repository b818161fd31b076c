package dev.edgekit.runner;

import java.io.File;
import java.io.IOException;

/** One case: open, allocate, first inference, warm up, sample, read the outputs. */
final class CaseRunner {
    private final Phone phone;
    private final Marker marker;
    private final File folder;
    private final File work;
    private final ProcFiles proc = new ProcFiles();
    /** TFLite's version, once a case got as far as to run. */
    String runtimeVersion = "";

    /** Files are read from {@code folder}; outputs are written below {@code work}. */
    CaseRunner(Phone phone, Marker marker, File folder, File work) {
        this.phone = phone;
        this.marker = marker;
        this.folder = folder;
        this.work = work;
    }

    /** The answer. Never throws for what the case or the runtime does, a full heap or stack included. */
    Run.CaseResult run(Job.Case asked) {
        Run.CaseResult result = new Run.CaseResult(asked.id, asked.threads);
        try {
            if (asked.delegate.equals("cpu")) {
                XnnpackDelegate.loadIfPossible();
            }
            result.threads.seenBefore = proc.threads();
            measure(asked, result);
            return result;
        } catch (NotOk ended) {
            return ended(result, ended.status, ended.getMessage(), ended.nodes);
        } catch (Throwable error) {  // whatever a runtime makes of a file: the other cases of the job go on
            return ended(result, "failed", NotOk.named(error), null);
        }
    }

    private static Run.CaseResult ended(Run.CaseResult begun, String status, String reason, Run.Nodes nodes) {
        Run.CaseResult result = new Run.CaseResult(begun.id, begun.threads.asked);
        result.status = status;
        result.reason = reason;
        result.threads.seenBefore = begun.threads.seenBefore;
        result.nodes = nodes == null ? new Run.Nodes() : nodes;
        return result;
    }

    private void measure(Job.Case asked, Run.CaseResult result) throws NotOk, IOException {
        marker.phase(asked.id, "file_open");
        result.before = StateReader.read(phone, proc);
        proc.resetPeak();
        Run.Memory memory = result.memory;
        memory.startBytes = proc.residentBytes();
        File file = Files.checked(asked.artifact, folder);
        Inputs inputs = new Inputs(asked.inputs, folder);
        if (!asked.runtime.equals("litert")) {
            throw NotOk.unsupported("this runner has no runtime " + asked.runtime);
        }
        DelegateLog log = new DelegateLog(phone.log(), asked.id);
        try (TfliteModel model = new TfliteModel(asked, file, marker, log)) {
            memory.allocatedBytes = proc.residentBytes();
            result.phases = model.phases;
            inputs.fit(model.inputs);
            boolean accelerator = asked.delegate.equals("gpu") || asked.delegate.equals("nnapi");
            if (accelerator) {
                result.nodes = NodeCount.of(model, log);
                Long nodes = result.nodes.total;
                refuseFallback(asked.delegate, result.nodes, nodes == null ? model.plainPlanLength() : nodes);
            }
            Object[] sample = inputs.sample(0);
            Inputs.touch(sample);
            marker.phase(asked.id, "first_inference");
            model.phases.firstInferenceNs = model.run(sample);
            memory.firstBytes = proc.residentBytes();
            time(asked, model, sample, result);
            result.threads.seenAfter = proc.threads();
            marker.phase(asked.id, "outputs");
            result.outputs = Outputs.collect(asked, model, inputs, work);
            memory.endBytes = proc.residentBytes();
            memory.peakBytes = proc.peakBytes();
            memory.pssBytes = proc.pssBytes();
            result.after = StateReader.read(phone, proc);
            if (!accelerator) {
                result.nodes = NodeCount.of(model, log);  // it starts a process: not before the measurement
            }
            runtimeVersion = TfliteModel.version();
        }
    }

    private void time(Job.Case asked, TfliteModel model, Object[] sample, Run.CaseResult result) {
        if (asked.samples.maxRuns == 0) {
            return;
        }
        marker.phase(asked.id, "warmup");
        WarmupRule warmup = new WarmupRule(asked.warmup);
        while (!warmup.done()) {
            warmup.add(model.run(sample));
        }
        result.samples.warmupConverged = warmup.converged();
        marker.phase(asked.id, "samples");
        LongList latency = new LongList();
        LongList invoke = new LongList();
        long total = 0;
        warmup.add(model.run(sample));  // writing the marker cooled the caches: the first sample must not show it
        while (latency.size() < asked.samples.maxRuns && total < asked.samples.maxNs) {
            if (latency.size() >= asked.samples.minRuns && total >= asked.samples.minNs) {
                break;
            }
            long took = model.run(sample);
            latency.add(took);
            invoke.add(model.invokeNs());
            total += took;
        }
        model.phases.warmupNs = warmup.totalNs;
        result.samples.latencyNs = latency.toArray();
        result.samples.invokeNs = invoke.toArray();
        result.samples.warmupRuns = warmup.runs;
    }

    /**
     * A latency of the CPU must not stand under the name of a delegate that took nothing. Where the count is unknown,
     * only a plan shorter than the one without any delegate ({@code plain} steps) shows that nodes were taken.
     */
    static void refuseFallback(String delegate, Run.Nodes nodes, Long plain) throws NotOk {
        if (nodes.delegated != null) {
            if (nodes.delegated == 0) {
                throw NotOk.fellBack("fell back: 0 of " + nodes.total + " nodes delegated to " + delegate, nodes);
            }
            return;
        }
        if (nodes.planLength == null || plain == null) {
            throw NotOk.unsupported("whether " + delegate + " took any node of this model cannot be told here: the "
                    + "length of the plan " + (nodes.planLength == null ? "with" : "without") + " it is unknown");
        }
        if (nodes.planLength >= plain) {
            String steps = nodes.planLength.equals(plain) ? "as many steps as" : "more steps than";
            throw NotOk.fellBack("fell back: the plan has " + steps + " the model has nodes (" + plain + "), and the "
                    + (nodes.total == null ? "runtime's log line says otherwise" : "log that would tell more cannot be "
                    + "read"), nodes);
        }
    }
}
