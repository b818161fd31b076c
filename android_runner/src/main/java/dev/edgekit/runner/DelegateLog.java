package dev.edgekit.runner;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the runtime said about delegation while a model was built. The app writes a line of its own before and after,
 * so that the runtime's line is this case's, and so that a log without it is known to be complete.
 */
final class DelegateLog {
    /** This process's log. */
    interface Source {
        void write(String line);

        String text() throws IOException;
    }

    /** "Replacing N out of M node(s) with delegate (X) node, yielding K partitions". */
    static final class Replaced {
        final long delegated;
        final long total;
        final String delegate;
        /** Parts into which the graph was cut, those that stay with the CPU included. */
        final long parts;

        private Replaced(Matcher line) {
            delegated = Long.parseLong(line.group(1));
            total = Long.parseLong(line.group(2));
            delegate = line.group(3);
            parts = Long.parseLong(line.group(4));
        }
    }

    private static final Pattern LINE = Pattern.compile(
            "Replacing (\\d+) out of (\\d+) node\\(s\\) with delegate \\(([^)]*)\\) node, yielding (\\d+) partitions");
    private static final int ATTEMPTS = 10;
    private static final long PAUSE_MS = 50;

    private final Source source;
    private final String begin;
    private final String end;

    DelegateLog(Source source, String caseId) {
        String mark = "edgekit case " + caseId + " " + Long.toHexString(System.nanoTime());
        this.source = source;
        begin = mark + " opens";
        end = mark + " is open";
    }

    void opening() {
        source.write(begin);
    }

    void opened() {
        source.write(end);
    }

    /** The log between the two marks, or null where it cannot be read. The log is written asynchronously: it waits. */
    String between() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                String text = source.text();
                int from = text.lastIndexOf(begin);
                int to = text.indexOf(end, Math.max(from, 0));
                if (from >= 0 && to >= 0) {
                    return text.substring(from, to);
                }
                Thread.sleep(PAUSE_MS);
            } catch (IOException error) {
                return null;
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
        return null;
    }

    /** The first such line, which is the main graph's; null where there is none: no node was delegated. */
    static Replaced parse(String text) {
        Matcher line = LINE.matcher(text);
        return line.find() ? new Replaced(line) : null;
    }
}
