package dev.edgekit.runner;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** answers/JOBID.zip: in the app's own folder and, as a copy, in its folder on shared storage. */
final class Answer {
    private static final String FOLDER = "answers";
    private static final int PART_BYTES = 48 * 1024;
    private static final int MOST_BYTES = 8 * 1024 * 1024;

    final byte[] zip;
    final String sha256;

    private Answer(byte[] zip) {
        this.zip = zip;
        java.security.MessageDigest digest = Files.digest();
        digest.update(zip);
        sha256 = Files.hex(digest);
    }

    /** Removes what older launches answered. */
    static void removeOld(List<File> folders) {
        for (File folder : folders) {
            Files.remove(new File(folder, FOLDER));
        }
    }

    /**
     * Packs all files below {@code work} and writes the zip whole into each folder. The first folder must take it; a
     * copy that cannot be written is left out.
     */
    static Answer write(String id, File work, List<File> folders) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            pack(work, "", zip);
        }
        Answer answer = new Answer(bytes.toByteArray());
        for (File folder : folders) {
            try {
                Files.write(new File(folder, FOLDER + "/" + id + ".zip"), answer.zip, true);
            } catch (IOException error) {
                if (folder.equals(folders.get(0))) {
                    throw error;
                }
            }
        }
        return answer;
    }

    private static void pack(File folder, String prefix, ZipOutputStream zip) throws IOException {
        String[] names = folder.list();
        java.util.Arrays.sort(names);
        for (String name : names) {
            File file = new File(folder, name);
            if (file.isDirectory()) {
                pack(file, prefix + name + "/", zip);
                continue;
            }
            zip.putNextEntry(new ZipEntry(prefix + name));
            zip.write(Files.read(file));
            zip.closeEntry();
        }
    }

    /** Pieces of 48 KiB that the answer goes through the instrumentation in; 0 where it is too large for that. */
    int parts() {
        return zip.length > MOST_BYTES ? 0 : (zip.length + PART_BYTES - 1) / PART_BYTES;
    }

    /** One piece as base64 without line breaks. */
    String part(int index) {
        int from = index * PART_BYTES;
        int to = Math.min(zip.length, from + PART_BYTES);
        return Base64.getEncoder().encodeToString(java.util.Arrays.copyOfRange(zip, from, to));
    }
}
