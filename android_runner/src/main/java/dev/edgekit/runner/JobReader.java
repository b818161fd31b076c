package dev.edgekit.runner;

import java.math.BigInteger;
import java.util.Map;

/** job.json to a Job, as strictly as edgekit's own reader: the format's name and version first, then every key. */
final class JobReader {
    private JobReader() {
    }

    static Job read(byte[] bytes) throws JobError {
        Object data = Json.parse(bytes);
        if (!(data instanceof Map) || !Job.SCHEMA.equals(((Map<?, ?>) data).get("schema"))) {
            throw new JobError("schema", "expected '" + Job.SCHEMA + "'");
        }
        checkVersion(((Map<?, ?>) data).get("version"));
        return new Job(data);
    }

    private static void checkVersion(Object version) throws JobError {
        boolean whole = version instanceof Long || version instanceof BigInteger;
        if (whole && ((Number) version).doubleValue() > Job.VERSION) {
            throw new JobError("version", "format " + version + " is newer than this edgekit reads (up to "
                    + Job.VERSION + ")", true);
        }
        if (!(version instanceof Number) || ((Number) version).doubleValue() != Job.VERSION) {
            throw new JobError("version", Json.named(version) + " is not a version this edgekit reads ("
                    + Job.VERSION + ")", true);
        }
    }
}
