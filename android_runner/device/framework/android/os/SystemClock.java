package android.os;

/** Stand-in: the JVM's clock counts from an unknown start, which is all that these promise. */
public final class SystemClock {
    private SystemClock() {
    }

    public static long uptimeMillis() {
        return System.nanoTime() / 1_000_000;
    }

    public static long uptimeNanos() {
        return System.nanoTime();
    }

    public static long elapsedRealtime() {
        return System.nanoTime() / 1_000_000;
    }

    public static long elapsedRealtimeNanos() {
        return System.nanoTime();
    }

    public static long currentThreadTimeMillis() {
        return java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1_000_000;
    }

    public static void sleep(long ms) {
        long end = uptimeMillis() + ms;
        for (long left = ms; left > 0; left = end - uptimeMillis()) {
            try {
                Thread.sleep(left);
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
