package dev.edgekit.runner;

import android.util.JsonWriter;

import org.tensorflow.lite.Delegate;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Task probe: what this app can see and do here. No job is read; the folder may hold probe.bin and probe.tflite. */
final class Probe {
    private static final String CPUFREQ = "/sys/devices/system/cpu/cpufreq/";
    private static final String[] READ = {
        "/proc/self/status", "/proc/self/smaps_rollup", "/proc/self/smaps", "/proc/self/task",
        "/proc/loadavg", "/proc/stat", "/proc/cpuinfo",
        CPUFREQ + "policy0/scaling_cur_freq", CPUFREQ + "policy0/scaling_max_freq",
    };

    private final Phone phone;
    private final Marker marker;
    private final File folder;
    private final File model;
    private final ProcFiles proc = new ProcFiles();
    private JsonWriter json;

    Probe(Phone phone, Marker marker, File folder) {
        this.phone = phone;
        this.marker = marker;
        this.folder = folder;
        model = new File(folder, "probe.tflite");
    }

    /** probe.json's bytes. */
    byte[] report(String id) throws IOException {
        StringWriter text = new StringWriter();
        json = new JsonWriter(text);
        json.setIndent(" ");
        json.beginObject();
        put("schema", "edgekit.probe");
        json.name("version").value(Job.VERSION);
        put("id", id);
        put("app", phone.appVersion());
        put("system", phone.system());
        put("device", phone.device());
        put("cpu", phone.cpu().isEmpty() ? proc.cpuName() : phone.cpu());
        json.name("emulator").value(phone.emulator());
        for (Map.Entry<String, String> version : phone.versions().entrySet()) {
            put(version.getKey(), version.getValue());
        }
        put("process_abi", phone.machine());
        json.name("abis").beginArray();
        for (String abi : phone.abis()) {
            json.value(abi);
        }
        json.endArray();
        json.name("page_bytes").value(proc.pageBytes());
        folders();
        readable();
        json.name("log_readable").value(logReadable());
        json.name("thermal_status").value(phone.thermalStatus());
        json.name("battery_percent").value(phone.batteryPercent());
        json.name("battery_decicelsius").value(phone.batteryDecicelsius());
        json.name("foreground").value(phone.foreground());
        delegates();
        threads();
        json.endObject().close();
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void folders() throws IOException {
        json.name("folder").beginObject();
        put("path", folder.getPath());
        String hash = null;
        String reason = "";
        try {
            hash = Files.sha256(new File(folder, "probe.bin"));
        } catch (IOException | SecurityException error) {
            reason = NotOk.sentence(error);
        }
        json.name("readable").value(hash != null);
        put("sha256", hash);
        put("reason", reason);
        json.endObject();
        put("files_folder", phone.filesDir().getPath());
        put("external_folder", phone.externalDir() == null ? null : phone.externalDir().getPath());
    }

    private void readable() throws IOException {
        json.name("readable").beginObject();
        for (String path : READ) {
            boolean folder = path.endsWith("/task");
            json.name(path).value(folder ? proc.threads() != null : proc.text(path) != null);
        }
        json.name("/proc/self/clear_refs").value(proc.resetPeak());
        json.endObject();
    }

    private boolean logReadable() {
        DelegateLog log = new DelegateLog(phone.log(), "probe");
        log.opening();
        log.opened();
        return log.between() != null;
    }

    /** Each delegate alone, and with the folder's model where there is one: how many of its nodes it takes here. */
    private void delegates() throws IOException {
        json.name("delegates").beginObject();
        for (String name : Delegates.KNOWN) {
            marker.phase("probe-" + name, "delegate_create");
            Run.Nodes nodes = new Run.Nodes();
            String reason = "";
            try {
                reason = model.canRead() ? opened(name, nodes) : made(name);
            } catch (NotOk error) {
                reason = error.getMessage();
            } catch (RuntimeException | LinkageError error) {
                reason = NotOk.named(error);
            }
            json.name(name).beginObject();
            json.name("made").value(reason.isEmpty());
            put("reason", reason);
            json.name("nodes").value(nodes.total);
            json.name("delegated").value(nodes.delegated);
            json.endObject();
        }
        json.endObject();
        marker.phase("", "start");
    }

    private static String made(String name) throws NotOk {
        TfliteModel.version();
        Delegates.prepare(name, new LinkedHashMap<>());
        Delegate delegate = Delegates.make(name, 1, new LinkedHashMap<>());
        if (delegate != null) {
            delegate.close();
        }
        return "";
    }

    private String opened(String name, Run.Nodes nodes) throws NotOk, IOException {
        DelegateLog log = new DelegateLog(phone.log(), "probe");
        try (TfliteModel opened = open(name, 1, log)) {
            Run.Nodes counted = NodeCount.of(opened, log);
            nodes.total = counted.total;
            nodes.delegated = counted.delegated;
        }
        return "";
    }

    private TfliteModel open(String name, int threads, DelegateLog log) throws NotOk, IOException {
        return new TfliteModel("probe-" + name, name, threads, new LinkedHashMap<>(), model, marker, log);
    }

    /** Threads of the process before and after a model was run with 1 and with 2 XNNPACK threads. */
    private void threads() throws IOException {
        json.name("threads");
        if (!model.canRead()) {
            json.nullValue();
            return;
        }
        json.beginObject();
        for (int asked = 1; asked <= 2; asked++) {
            Long before = proc.threads();
            Long after = null;
            String reason = "";
            try (TfliteModel opened = open("cpu", asked, new DelegateLog(phone.log(), "probe"))) {
                opened.run(opened.emptySample());
                after = proc.threads();
            } catch (NotOk | RuntimeException error) {
                reason = NotOk.sentence(error);
            }
            json.name(Integer.toString(asked)).beginObject();
            json.name("before").value(before);
            json.name("after").value(after);
            put("reason", reason);
            json.endObject();
        }
        json.endObject();
        marker.phase("", "start");
    }

    private void put(String name, String value) throws IOException {
        json.name(name).value(value);
    }
}
