package dev.edgekit.runner;

import com.sun.jna.NativeLibrary;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The log that the shim's liblog keeps in a file, "PID TAG PRIORITY MESSAGE" a line. */
final class ShimLog implements DelegateLog.Source {
    private static final String VARIABLE = "SHIM_LOG";

    private static String made;

    private final Path file;

    ShimLog(Path file) {
        this.file = file;
    }

    /** The file that SHIM_LOG names; where it names none, one is made and the native libraries are told of it. */
    static synchronized ShimLog ofThisProcess() throws IOException {
        String named = System.getenv(VARIABLE);
        named = named != null ? named : made;
        if (named == null) {
            named = Files.createTempFile("edgekit-log", ".txt").toString();
            NativeLibrary.getInstance("c").getFunction("setenv").invokeInt(new Object[] {VARIABLE, named, 1});
            made = named;
        }
        return new ShimLog(Path.of(named));
    }

    @Override
    public void write(String line) {
        try {
            Files.writeString(file, ProcessHandle.current().pid() + " " + AndroidLog.TAG + " 4 " + line + "\n",
                    StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    @Override
    public String text() throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
