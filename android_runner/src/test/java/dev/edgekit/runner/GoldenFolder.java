package dev.edgekit.runner;

import org.junit.rules.TemporaryFolder;

/** A rule: new folders, and launches of the golden job in them on a stand-in phone. */
public final class GoldenFolder extends TemporaryFolder {
    static final String CPU = "\"delegate\": \"cpu\"";

    /** What comes of the golden job, its text changed by {@code edits} (old, new, ...). */
    Launched golden(String... edits) throws Exception {
        return Launched.golden(Golden.job(newFolder().toPath(), edits), newFolder());
    }

    /** The same with every case on another delegate. */
    Launched goldenOn(String delegate) throws Exception {
        return golden(CPU, on(delegate));
    }

    static String on(String delegate) {
        return "\"delegate\": \"" + delegate + "\"";
    }
}
