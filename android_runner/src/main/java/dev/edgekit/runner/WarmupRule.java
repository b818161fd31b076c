package dev.edgekit.runner;

/** When warm-up has ended: AndroidX microbenchmark's rule, two exponential moving averages that agree. */
final class WarmupRule {
    private final Job.Warmup rule;
    private double fast;
    private double slow;
    private long agreed;
    long runs;
    long totalNs;

    WarmupRule(Job.Warmup rule) {
        this.rule = rule;
    }

    /** One more invocation took {@code durationNs}. */
    void add(long durationNs) {
        boolean first = runs == 0;
        fast = first ? durationNs : fast + rule.fast * (durationNs - fast);
        slow = first ? durationNs : slow + rule.slow * (durationNs - slow);
        runs++;
        totalNs += durationNs;
        double apart = slow != 0 ? Math.abs(fast / slow - 1) : 0.0;
        agreed = apart < rule.tolerance ? agreed + 1 : 0;
    }

    /** The averages agreed often enough in a row, and both minima are met. */
    boolean converged() {
        return agreed >= rule.inARow && runs >= rule.minRuns && totalNs >= rule.minNs;
    }

    /** Converged, or out of time. */
    boolean done() {
        return converged() || totalNs >= rule.maxNs;
    }
}
