package android.util;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Stand-in: the same pipe that native code writes to, which the device reads. */
public final class Log {
    public static final int VERBOSE = 2;
    public static final int DEBUG = 3;
    public static final int INFO = 4;
    public static final int WARN = 5;
    public static final int ERROR = 6;
    public static final int ASSERT = 7;
    private static final String LETTERS = "??VDIWEF";
    /** Bytes of a line, as on Android; less than what a pipe takes in one piece. */
    private static final int LONGEST = 4000;
    private static FileOutputStream pipe;

    private Log() {
    }

    public static int v(String tag, String text) {
        return println(VERBOSE, tag, text);
    }

    public static int v(String tag, String text, Throwable error) {
        return println(VERBOSE, tag, text + '\n' + getStackTraceString(error));
    }

    public static int d(String tag, String text) {
        return println(DEBUG, tag, text);
    }

    public static int d(String tag, String text, Throwable error) {
        return println(DEBUG, tag, text + '\n' + getStackTraceString(error));
    }

    public static int i(String tag, String text) {
        return println(INFO, tag, text);
    }

    public static int i(String tag, String text, Throwable error) {
        return println(INFO, tag, text + '\n' + getStackTraceString(error));
    }

    public static int w(String tag, String text) {
        return println(WARN, tag, text);
    }

    public static int w(String tag, String text, Throwable error) {
        return println(WARN, tag, text + '\n' + getStackTraceString(error));
    }

    public static int w(String tag, Throwable error) {
        return println(WARN, tag, getStackTraceString(error));
    }

    public static int e(String tag, String text) {
        return println(ERROR, tag, text);
    }

    public static int e(String tag, String text, Throwable error) {
        return println(ERROR, tag, text + '\n' + getStackTraceString(error));
    }

    public static int wtf(String tag, String text) {
        return println(ASSERT, tag, text);
    }

    public static int wtf(String tag, String text, Throwable error) {
        return println(ASSERT, tag, text + '\n' + getStackTraceString(error));
    }

    public static boolean isLoggable(String tag, int priority) {
        return priority >= INFO;
    }

    public static String getStackTraceString(Throwable error) {
        if (error == null) {
            return "";
        }
        StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    public static int println(int priority, String tag, String text) {
        return println_native(0, priority, tag, text);
    }

    /** What the framework's own classes call. */
    public static synchronized int println_native(int buffer, int priority, String tag, String text) {
        try {
            if (pipe == null) {
                pipe = new FileOutputStream(System.getenv("SHIM_LOG"), true);
            }
            for (String line : String.valueOf(text).split("\n", -1)) {
                byte[] bytes = (android.os.Process.myPid() + " " + tag + " " + LETTERS.charAt(priority) + " " + line)
                        .getBytes(StandardCharsets.UTF_8);
                byte[] whole = Arrays.copyOf(bytes, Math.min(bytes.length, LONGEST) + 1);
                whole[whole.length - 1] = '\n';
                pipe.write(whole);  // one write: lines of other threads never come in between
            }
        } catch (IOException error) {
            return -1;
        }
        return String.valueOf(text).length();
    }
}
