package dev.edgekit.runner;

import android.util.Log;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** This process's own lines of Android's log, which an app may read without any permission. */
final class AndroidLog implements DelegateLog.Source {
    static final String TAG = "edgekit";

    private final int pid;

    AndroidLog(int pid) {
        this.pid = pid;
    }

    @Override
    public void write(String line) {
        Log.i(TAG, line);
    }

    @Override
    public String text() throws IOException {
        return said("logcat", "-d", "-v", "raw", "--pid=" + pid);
    }

    /** What a program of the device says on its output, errors included. */
    static String said(String... words) throws IOException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try (InputStream output = process.getInputStream()) {
            return new String(Files.read(output), StandardCharsets.UTF_8);
        } finally {
            process.destroy();
        }
    }
}
