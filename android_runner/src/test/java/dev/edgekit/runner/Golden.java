package dev.edgekit.runner;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The golden files that both test suites read: tests/golden, or the folder that edgekit.golden names. */
final class Golden {
    private Golden() {
    }

    static Path folder(String name) {
        return Path.of(System.getProperty("edgekit.golden", "../tests/golden"), name).toAbsolutePath();
    }

    static String text(String name) throws IOException {
        return Files.readString(folder(name));
    }

    /** The golden runner job with its files in a new folder, its text changed by {@code edits} (old, new, ...). */
    static File job(Path folder, String... edits) throws IOException {
        for (String name : new String[] {"float.tflite", "int8.tflite", "images.bin"}) {
            Files.copy(folder("runner").resolve(name), folder.resolve(name));
        }
        Files.writeString(folder.resolve("job.json"), edited(text("runner/job.json"), edits));
        return folder.toFile();
    }

    /** Every edit must find what it replaces. */
    static String edited(String text, String... edits) {
        String changed = text;
        for (int i = 0; i < edits.length; i += 2) {
            if (!changed.contains(edits[i])) {
                throw new IllegalArgumentException("not in the golden file: " + edits[i]);
            }
            changed = changed.replace(edits[i], edits[i + 1]);
        }
        return changed;
    }
}
