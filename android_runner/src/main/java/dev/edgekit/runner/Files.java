package dev.edgekit.runner;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Files of a job's folder, checked before they are used, and files that are written whole or not at all. */
final class Files {
    /** What a file is to hold, written bit by bit; it may close its stream. */
    interface Content {
        void to(OutputStream output) throws IOException;
    }

    private static final int SHOWN_DIGITS = 16;
    private static final int BLOCK_BYTES = 1 << 16;

    private Files() {
    }

    /** {@code name} inside {@code folder}; fails for an absolute name or one that leaves it. */
    static File safe(String name, File folder) throws NotOk {
        boolean leaves = name.isEmpty() || name.startsWith("/") || name.contains("\\") || name.contains("\0");
        for (String part : name.split("/")) {
            leaves |= part.equals("..");
        }
        if (leaves) {
            throw NotOk.failed("file name " + Json.named(name) + " leaves the job's folder");
        }
        return new File(folder, name);
    }

    /** The file, present, of the right size and sha256. */
    static File checked(Job.FileRef reference, File folder) throws NotOk, IOException {
        File file = safe(reference.file, folder);
        if (!file.isFile()) {
            throw NotOk.failed(reference.file + " is not there");
        }
        if (file.length() != reference.sizeBytes) {
            throw NotOk.failed(reference.file + " has " + file.length() + " bytes, the job says "
                    + reference.sizeBytes);
        }
        String found = sha256(file);
        if (!found.equals(reference.sha256)) {
            throw NotOk.failed(reference.file + " has sha256 " + shortened(found) + ", the job says "
                    + shortened(reference.sha256));
        }
        return file;
    }

    private static String shortened(String sha256) {
        return sha256.substring(0, Math.min(SHOWN_DIGITS, sha256.length())) + "...";
    }

    static String sha256(File file) throws IOException {
        MessageDigest digest = digest();
        byte[] block = new byte[BLOCK_BYTES];
        try (InputStream input = new FileInputStream(file)) {
            for (int read = input.read(block); read >= 0; read = input.read(block)) {
                digest.update(block, 0, read);
            }
        }
        return hex(digest);
    }

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException(error);  // every Java has it
        }
    }

    static String hex(MessageDigest digest) {
        StringBuilder text = new StringBuilder();
        for (byte value : digest.digest()) {
            text.append(String.format("%02x", value));
        }
        return text.toString();
    }

    static byte[] read(File file) throws IOException {
        try (InputStream input = new FileInputStream(file)) {
            return read(input);
        }
    }

    static byte[] read(InputStream input) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        copy(input, all);
        return all.toByteArray();
    }

    /** A file of any size, in blocks. */
    static void copy(File file, OutputStream output) throws IOException {
        try (InputStream input = new FileInputStream(file)) {
            copy(input, output);
        }
    }

    private static void copy(InputStream input, OutputStream output) throws IOException {
        byte[] block = new byte[BLOCK_BYTES];
        for (int read = input.read(block); read >= 0; read = input.read(block)) {
            output.write(block, 0, read);
        }
    }

    static void write(File file, byte[] content, boolean toDisk) throws IOException {
        write(file, toDisk, output -> output.write(content));
    }

    /** Writes beside the file and renames: a reader sees the old file, none, or the whole new one. */
    static void write(File file, boolean toDisk, Content content) throws IOException {
        File folder = file.getParentFile();
        if (!folder.isDirectory() && !folder.mkdirs()) {
            throw new IOException(folder + " cannot be made");
        }
        File temporary = new File(folder, file.getName() + ".tmp");
        try {
            try (FileOutputStream output = new FileOutputStream(temporary)) {
                OutputStream kept = new KeptOpen(output);
                content.to(kept);
                kept.flush();
                if (toDisk) {
                    output.getFD().sync();
                }
            }
            if (!temporary.renameTo(file)) {
                throw new IOException(temporary + " cannot be renamed");
            }
        } finally {
            temporary.delete();  // there only where writing failed: half a large answer would fill the disk
        }
    }

    /** Closing it flushes alone: the file below must be open still to go to the disk. */
    private static final class KeptOpen extends BufferedOutputStream {
        KeptOpen(OutputStream below) {
            super(below, BLOCK_BYTES);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }

    /** Removes a file, or a folder with all it holds; what is not there is no error. */
    static void remove(File file) {
        File[] inside = file.listFiles();
        for (File each : inside == null ? new File[0] : inside) {
            remove(each);
        }
        file.delete();
    }
}
