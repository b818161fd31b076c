package android.os;

import java.io.IOException;

/** Stand-in over the JVM's own means. */
public class Process {
    public static final int SIGNAL_QUIT = 3;
    public static final int SIGNAL_KILL = 9;
    public static final int SIGNAL_USR1 = 10;
    public static final int THREAD_PRIORITY_DEFAULT = 0;
    public static final int THREAD_PRIORITY_FOREGROUND = -2;
    public static final int THREAD_PRIORITY_DISPLAY = -4;
    public static final int THREAD_PRIORITY_URGENT_DISPLAY = -8;
    public static final int THREAD_PRIORITY_AUDIO = -16;
    public static final int SYSTEM_UID = 1000;
    public static final int SHELL_UID = 2000;
    public static final int FIRST_APPLICATION_UID = 10000;
    public static final int LAST_APPLICATION_UID = 19999;

    public static int myPid() {
        return (int) ProcessHandle.current().pid();
    }

    /** Of the calling thread: the link /proc/thread-self ends with it. */
    public static int myTid() {
        try {
            return Integer.parseInt(java.nio.file.Files.readSymbolicLink(java.nio.file.Path.of("/proc/thread-self"))
                    .getFileName().toString());
        } catch (IOException error) {
            return myPid();
        }
    }

    public static int myUid() {
        try {
            return (Integer) java.nio.file.Files.getAttribute(java.nio.file.Path.of("/proc/self"), "unix:uid");
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    public static boolean is64Bit() {
        return true;
    }

    public static void setThreadPriority(int priority) {
    }

    public static void setThreadPriority(int thread, int priority) {
    }

    public static int getThreadPriority(int thread) {
        return THREAD_PRIORITY_DEFAULT;
    }

    public static long getElapsedCpuTime() {
        return ProcessHandle.current().info().totalCpuDuration().map(java.time.Duration::toMillis).orElse(0L);
    }

    public static void killProcess(int pid) {
        sendSignal(pid, SIGNAL_KILL);
    }

    public static void sendSignal(int pid, int signal) {
        try {
            new ProcessBuilder("/usr/bin/sh", "-c", "kill -" + signal + " " + pid).start().waitFor();
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }
}
