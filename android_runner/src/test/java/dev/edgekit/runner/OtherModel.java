package dev.edgekit.runner;

import java.io.File;
import java.io.IOException;
import java.util.Arrays;

/** The golden job with another model in place of its first. */
final class OtherModel {
    private final File folder;
    private final String[] edits;

    OtherModel(File folder, byte[] model) throws IOException {
        this.folder = folder;
        File other = new File(folder, "model");
        Files.write(other, model, false);
        String golden = Files.sha256(Golden.folder("runner/float.tflite").toFile());
        edits = new String[] {golden, Files.sha256(other), "\"size_bytes\": 2752", "\"size_bytes\": " + model.length};
    }

    /** A new folder with the job, edited further. */
    File with(String... more) throws IOException {
        String[] all = Arrays.copyOf(edits, edits.length + more.length);
        System.arraycopy(more, 0, all, edits.length, more.length);
        File job = new File(folder, "job-" + folder.list().length);
        if (!job.mkdir()) {
            throw new IOException(job + " cannot be made");
        }
        Golden.job(job.toPath(), all);
        Files.write(new File(job, "float.tflite"), Files.read(new File(folder, "model")), false);
        return job;
    }
}
