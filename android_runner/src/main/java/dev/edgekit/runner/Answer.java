package dev.edgekit.runner;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * answers/JOBID.zip: in the app's own folder and, as a copy, in its folder on shared storage. It never lies in the heap
 * whole: outputs may be larger than that.
 */
final class Answer {
    private static final String FOLDER = "answers";
    private static final int PART_BYTES = 48 * 1024;
    private static final int MOST_BYTES = 8 * 1024 * 1024;

    /** The zip in the app's own folder. */
    final File file;
    final long bytes;
    final String sha256;

    private Answer(File file, String sha256) {
        this.file = file;
        this.sha256 = sha256;
        bytes = file.length();
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
        String name = FOLDER + "/" + id + ".zip";
        File first = new File(folders.get(0), name);
        MessageDigest digest = Files.digest();
        Files.write(first, true, output -> {
            try (ZipOutputStream zip = new ZipOutputStream(new DigestOutputStream(output, digest))) {
                pack(work, "", zip);
            }
        });
        Answer answer = new Answer(first, Files.hex(digest));
        for (File folder : folders.subList(1, folders.size())) {
            try {
                Files.write(new File(folder, name), true, output -> Files.copy(first, output));
            } catch (IOException error) {
                continue;
            }
        }
        return answer;
    }

    private static void pack(File folder, String prefix, ZipOutputStream zip) throws IOException {
        String[] names = folder.list();
        Arrays.sort(names);
        for (String name : names) {
            File file = new File(folder, name);
            if (file.isDirectory()) {
                pack(file, prefix + name + "/", zip);
                continue;
            }
            zip.putNextEntry(new ZipEntry(prefix + name));
            Files.copy(file, zip);
            zip.closeEntry();
        }
    }

    /** Pieces of 48 KiB that the answer goes through the instrumentation in; 0 where it is too large for that. */
    int parts() {
        return bytes > MOST_BYTES ? 0 : (int) ((bytes + PART_BYTES - 1) / PART_BYTES);
    }

    /** One piece as base64 without line breaks. */
    String part(int index) throws IOException {
        long from = (long) index * PART_BYTES;
        byte[] piece = new byte[(int) Math.min(PART_BYTES, bytes - from)];
        try (RandomAccessFile zip = new RandomAccessFile(file, "r")) {
            zip.seek(from);
            zip.readFully(piece);
        }
        return Base64.getEncoder().encodeToString(piece);
    }
}
