package dev.edgekit.runner;

import android.util.JsonWriter;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * marker.json: how far the launch is. It is written before each phase begins, so that a process that is gone, or does
 * not move, died or hangs in the phase that the marker names. Never written inside a timed loop.
 */
final class Marker {
    static final String NAME = "marker.json";

    private final List<File> folders;
    private final int pid;
    private String id = "";

    Marker(List<File> folders, int pid) {
        this.folders = folders;
        this.pid = pid;
    }

    /** Removes the marker of an older launch. */
    void begin(String id) {
        this.id = id;
        for (File folder : folders) {
            Files.remove(new File(folder, NAME));
        }
        phase("", "start");
    }

    /** The next phase of a case ("" outside of cases). */
    void phase(String caseId, String phase) {
        write("running", caseId, phase, "");
    }

    void done() {
        write("done", "", "done", "");
    }

    void refused(Refusal refusal) {
        write("refused", "", refusal.kind, refusal.getMessage());
    }

    private void write(String state, String caseId, String phase, String sentence) {
        for (File folder : folders) {
            try {
                Files.write(new File(folder, NAME), text(state, caseId, phase, sentence), false);
            } catch (IOException error) {
                continue;  // the marker is a help to the host: a full disk shows when the answer is written
            }
        }
    }

    private byte[] text(String state, String caseId, String phase, String sentence) throws IOException {
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(text);
        json.beginObject();
        json.name("id").value(id).name("pid").value(pid).name("state").value(state);
        json.name("case").value(caseId).name("phase").value(phase).name("sentence").value(sentence);
        json.endObject().close();
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
