package dev.edgekit.runner;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** One launch: a folder with a job in, an answer out. The same for instrumentation, activity and tests. */
final class Launch {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

    private final Phone phone;
    private final List<File> folders = new ArrayList<>();
    private final Marker marker;

    Launch(Phone phone) {
        this.phone = phone;
        folders.add(phone.filesDir());
        if (phone.externalDir() != null) {
            folders.add(phone.externalDir());
        }
        marker = new Marker(folders, phone.pid());
    }

    /** {@code task} null: run. The marker says how it went, whatever happens. */
    Answer run(String folder, String id, String task) throws Refusal {
        Answer.removeOld(folders);
        marker.begin(id == null ? "" : id);
        try {
            Answer answer = answer(folder, id, task == null ? "run" : task);
            marker.done();
            return answer;
        } catch (Refusal refusal) {
            marker.refused(refusal);
            throw refusal;
        }
    }

    private Answer answer(String folder, String id, String task) throws Refusal {
        if (folder == null || folder.isEmpty() || id == null || id.isEmpty()) {
            throw new Refusal(Refusal.ARGUMENTS, "the arguments job (a folder) and id are needed");
        }
        if (!ID.matcher(id).matches()) {
            throw new Refusal(Refusal.ARGUMENTS, "id " + Json.named(id) + " is no file name of letters, digits, . _ -");
        }
        if (!task.equals("run") && !task.equals("probe")) {
            throw new Refusal(Refusal.ARGUMENTS, "task " + Json.named(task) + " is neither run nor probe");
        }
        File work = new File(phone.filesDir(), "work");
        Files.remove(work);
        try {
            if (task.equals("probe")) {
                return write(id, work, "probe.json", () -> new Probe(phone, marker, new File(folder)).report(id));
            }
            Job job = read(new File(folder), id);
            CaseRunner runner = new CaseRunner(phone, marker, new File(folder), work);
            List<Run.CaseResult> results = new ArrayList<>();
            for (Job.Case asked : job.cases) {
                results.add(runner.run(asked));
            }
            return write(id, work, "run.json", () -> RunWriter.bytes(run(job, results, runner.runtimeVersion)));
        } finally {
            Files.remove(work);
        }
    }

    /** The answer's own file: run.json or probe.json. */
    private interface Content {
        byte[] bytes() throws IOException;
    }

    /** What goes wrong here is no case's doing, a full heap included: the cases are over. */
    private Answer write(String id, File work, String name, Content content) throws Refusal {
        try {
            byte[] bytes = content.bytes();
            marker.phase("", "answer");
            Files.write(new File(work, name), bytes, false);
            return Answer.write(id, work, folders);
        } catch (IOException error) {
            throw new Refusal(Refusal.ANSWER, "the answer cannot be written: " + NotOk.sentence(error));
        } catch (OutOfMemoryError error) {
            throw new Refusal(Refusal.ANSWER, "the answer cannot be written: the app's memory is full ("
                    + NotOk.named(error) + ")");
        }
    }

    private Run run(Job job, List<Run.CaseResult> results, String version) {
        Run run = new Run();
        run.job = job.id;
        run.cases.addAll(results);
        run.environment = environment(job.cases.isEmpty() ? "litert" : job.cases.get(0).runtime, version);
        return run;
    }

    private static Job read(File folder, String id) throws Refusal {
        byte[] bytes;
        try {
            bytes = Files.read(new File(folder, "job.json"));
        } catch (IOException | SecurityException error) {
            throw new Refusal(Refusal.FILES, "the app cannot read job.json: " + NotOk.sentence(error));
        }
        try {
            Job job = JobReader.read(bytes);
            if (!job.id.equals(id)) {
                throw new Refusal(Refusal.JOB, "job.json: id: this is job " + Json.named(job.id) + ", asked for was "
                        + Json.named(id));
            }
            return job;
        } catch (JobError error) {
            throw new Refusal(error.otherVersion ? Refusal.VERSION : Refusal.JOB, "job.json: " + error.getMessage());
        }
    }

    private Run.Environment environment(String runtime, String version) {
        Run.Environment where = new Run.Environment();
        ProcFiles proc = new ProcFiles();
        where.runnerVersion = phone.appVersion();
        where.runtime = runtime;
        where.runtimeVersion = version;
        where.system = phone.system();
        where.machine = phone.machine();
        where.cpu = phone.cpu().isEmpty() ? proc.cpuName() : phone.cpu();
        where.cores = Runtime.getRuntime().availableProcessors();
        where.pageBytes = proc.pageBytes();
        where.device = phone.device();
        where.emulator = phone.emulator();
        where.versions.put("app", phone.appVersion());
        where.versions.putAll(phone.versions());
        where.versions.put("jna", com.sun.jna.Native.VERSION);
        return where;
    }
}
