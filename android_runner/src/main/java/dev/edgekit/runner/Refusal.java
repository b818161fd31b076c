package dev.edgekit.runner;

/** The launch cannot answer at all. What a case or the runtime does is never a refusal, it is a case's status. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    /** Job or id is missing, or the task is unknown. */
    static final String ARGUMENTS = "arguments";
    /** The folder or job.json cannot be read by the app. */
    static final String FILES = "files";
    /** job.json is not valid, or another job's. */
    static final String JOB = "job";
    /** job.json has another version of the format. */
    static final String VERSION = "version";
    /** The answer cannot be written. */
    static final String ANSWER = "answer";

    final String kind;

    Refusal(String kind, String sentence) {
        super(sentence);
        this.kind = kind;
    }
}
