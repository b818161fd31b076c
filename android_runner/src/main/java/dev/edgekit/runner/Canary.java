package dev.edgekit.runner;

/** A fixed loop of whole numbers: its time rises when clocks fall or the core is shared. */
final class Canary {
    private static final int LOOPS = 1_000_000;
    private static volatile int sink;

    private Canary() {
    }

    /** Best of five, in ns: the first ones may run before the loop is compiled. */
    static long ns() {
        long best = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 5; attempt++) {
            long started = System.nanoTime();
            sink = loop();
            best = Math.min(best, System.nanoTime() - started);
        }
        return best;
    }

    private static int loop() {
        int value = 1;
        for (int step = 0; step < LOOPS; step++) {
            value = (value * 31 + step) & 0xFFFF;
        }
        return value;
    }
}
