package dev.edgekit.runner;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The files of an answer, and its run.json as plain data. */
final class Launched {
    final Map<String, byte[]> files = new HashMap<>();
    final Map<?, ?> run;

    Launched(byte[] zip) throws IOException, JobError {
        try (ZipInputStream input = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = input.getNextEntry(); entry != null; entry = input.getNextEntry()) {
                files.put(entry.getName(), Files.read(input));
            }
        }
        run = files.containsKey("run.json") ? (Map<?, ?>) Json.parse(files.get("run.json")) : null;
    }

    static Launched of(Answer answer) throws IOException, JobError {
        return new Launched(Files.read(answer.file));
    }

    /** One launch of the job "golden" in {@code folder} on a stand-in phone. */
    static Launched golden(File folder, File out) throws Exception {
        Phone phone = new JvmPhone(out, null, ShimLog.ofThisProcess());
        return of(new Launch(phone).run(folder.getPath(), "golden", null));
    }

    Map<?, ?> result(int index) {
        return (Map<?, ?>) ((List<?>) run.get("cases")).get(index);
    }

    /** A value of a case's result by its dotted place. */
    Object at(int index, String place) {
        Object value = result(index);
        for (String key : place.split("\\.")) {
            value = value instanceof List ? ((List<?>) value).get(Integer.parseInt(key)) : ((Map<?, ?>) value).get(key);
        }
        return value;
    }
}
