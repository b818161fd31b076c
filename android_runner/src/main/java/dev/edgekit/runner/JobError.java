package dev.edgekit.runner;

/** What is wrong with a job, and at which key (dotted, as edgekit's own reader says it). */
final class JobError extends Exception {
    private static final long serialVersionUID = 1;

    final String place;
    /** A format that another version of edgekit wrote. */
    final boolean otherVersion;

    JobError(String place, String problem) {
        this(place, problem, false);
    }

    JobError(String place, String problem, boolean otherVersion) {
        super(place.isEmpty() ? problem : place + ": " + problem);
        this.place = place;
        this.otherVersion = otherVersion;
    }
}
