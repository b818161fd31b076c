package dev.edgekit.runner;

/** A case ended without an answer of its own: its status and, as the message, its reason. */
final class NotOk extends Exception {
    private static final long serialVersionUID = 1;

    static final int LONGEST_REASON = 500;

    final String status;
    /** What was counted before it ended, or null. */
    final Run.Nodes nodes;

    private NotOk(String status, String reason, Run.Nodes nodes) {
        super(oneLine(reason));
        this.status = status;
        this.nodes = nodes;
    }

    static NotOk failed(String reason) {
        return new NotOk("failed", reason, null);
    }

    static NotOk unsupported(String reason) {
        return new NotOk("unsupported", reason, null);
    }

    static NotOk fellBack(String reason, Run.Nodes nodes) {
        return new NotOk("fell back", reason, nodes);
    }

    /** A runtime's sentence in one line of at most 500 characters. */
    static String oneLine(String text) {
        String line = text == null ? "" : text.trim().replaceAll("\\s+", " ");
        return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON);
    }

    /** A throwable's kind and, where it has one, its sentence. */
    static String named(Throwable error) {
        String kind = error.getClass().getSimpleName();
        return error.getMessage() == null ? kind : oneLine(kind + ": " + error.getMessage());
    }

    /** What a throwable says, or what it is where it says nothing. */
    static String sentence(Throwable error) {
        String line = oneLine(error.getMessage());
        return line.isEmpty() ? error.getClass().getSimpleName() : line;
    }
}
