package dev.edgekit.runner;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel says of this process and its machine. Every file may be missing or closed to an app: then null. */
final class ProcFiles {
    private static final String CPUFREQ = "sys/devices/system/cpu/cpufreq";

    private final File root;

    ProcFiles() {
        this(new File("/"));
    }

    /** With another root, for tests. */
    ProcFiles(File root) {
        this.root = root;
    }

    /** A file's text by its absolute path, or null where it cannot be read here. */
    String text(String path) {
        try {
            return new String(Files.read(new File(root, path)), StandardCharsets.UTF_8);
        } catch (IOException | SecurityException error) {
            return null;
        }
    }

    Long residentBytes() {
        return kilobytes(text("proc/self/status"), "VmRSS");
    }

    Long peakBytes() {
        return kilobytes(text("proc/self/status"), "VmHWM");
    }

    Long pssBytes() {
        return kilobytes(text("proc/self/smaps_rollup"), "Pss");
    }

    /** Lets VmHWM begin anew, so that a case's peak is its own; where that is not allowed the process's peak stays. */
    boolean resetPeak() {
        try (OutputStream file = new FileOutputStream(new File(root, "proc/self/clear_refs"))) {
            file.write('5');
            return true;
        } catch (IOException error) {
            return false;
        }
    }

    /** OS threads of this process. */
    Long threads() {
        String[] tasks = new File(root, "proc/self/task").list();
        return tasks == null ? null : Long.valueOf(tasks.length);
    }

    /** Times that the kernel took the processor from this process's living threads. */
    Long involuntarySwitches() {
        String[] tasks = new File(root, "proc/self/task").list();
        long sum = 0;
        boolean seen = false;
        for (String task : tasks == null ? new String[0] : tasks) {
            Long switches = number(text("proc/self/task/" + task + "/status"),
                    "^nonvoluntary_ctxt_switches:\\s+(\\d+)");
            seen |= switches != null;
            sum += switches == null ? 0 : switches;
        }
        return seen ? sum : null;
    }

    Double loadAverage() {
        String text = text("proc/loadavg");
        return text == null || text.isEmpty() ? null : Double.valueOf(text.split(" ")[0]);
    }

    /** Ticks that a hypervisor gave to others: the steal column of /proc/stat's first line. */
    Long stealTicks() {
        return number(text("proc/stat"), "\\Acpu(?:\\s+\\d+){7}\\s+(\\d+)");
    }

    /** Size of a memory page, as the kernel names it for this process's first mapping; 4096 where it does not. */
    long pageBytes() {
        Long bytes = kilobytes(text("proc/self/smaps"), "KernelPageSize");
        return bytes == null ? 4096 : bytes;
    }

    /** The processor's own name, or nothing. */
    String cpuName() {
        String text = text("proc/cpuinfo");
        Matcher found = Pattern.compile("^(?:model name|Hardware)\\s*:\\s*(.+)$", Pattern.MULTILINE)
                .matcher(text == null ? "" : text);
        return found.find() ? found.group(1).trim() : "";
    }

    /** Of each frequency policy, in kHz: {@code scaling_cur_freq} or {@code scaling_max_freq}; empty: not readable. */
    long[] frequencies(String name) {
        String[] policies = new File(root, CPUFREQ).list((folder, entry) -> entry.startsWith("policy"));
        String[] sorted = policies == null ? new String[0] : policies;
        Arrays.sort(sorted);
        long[] found = new long[sorted.length];
        int count = 0;
        for (String policy : sorted) {
            Long khz = number(text(CPUFREQ + "/" + policy + "/" + name), "\\A\\s*(\\d+)\\s*\\Z");
            if (khz != null) {
                found[count++] = khz;
            }
        }
        return Arrays.copyOf(found, count);
    }

    /** {@code VmRSS:   1234 kB} to 1263616. */
    static Long kilobytes(String text, String field) {
        Long found = number(text, "^" + field + ":\\s+(\\d+) kB");
        return found == null ? null : Long.valueOf(found * 1024);
    }

    private static Long number(String text, String pattern) {
        Matcher found = Pattern.compile(pattern, Pattern.MULTILINE).matcher(text == null ? "" : text);
        return found.find() ? Long.valueOf(found.group(1)) : null;
    }
}
