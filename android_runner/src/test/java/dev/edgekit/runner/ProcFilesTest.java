package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;

import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class ProcFilesTest {
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private void put(String path, String text) throws Exception {
        Files.write(new File(folder.getRoot(), path), text.getBytes(StandardCharsets.UTF_8), false);
    }

    @Test
    public void whatAPhoneSays() throws Exception {
        put("proc/self/status", "Name:\tx\nVmPeak:\t   99 kB\nVmHWM:\t   20 kB\nVmRSS:\t   12 kB\n");
        put("proc/self/smaps_rollup", "5583ac - [rollup]\nRss:  1 kB\nPss:                7 kB\nPss_Anon: 3 kB\n");
        put("proc/self/smaps", "00400000-0040b000 r-xp\nSize: 44 kB\nKernelPageSize:       16 kB\n");
        put("proc/self/task/7/status", "voluntary_ctxt_switches:\t90\nnonvoluntary_ctxt_switches:\t5\n");
        put("proc/self/task/9/status", "nonvoluntary_ctxt_switches:\t6\n");
        put("proc/stat", "cpu  1 2 3 4 5 6 7 42 9 10\ncpu0 1 2 3 4 5 6 7 21 9 10\n");
        put("proc/loadavg", "0.25 0.5 0.75 1/2 3\n");
        put("proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 38.40\nHardware\t: Qualcomm SM8350\n");
        put("sys/devices/system/cpu/cpufreq/policy4/scaling_cur_freq", "2400000\n");
        put("sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "1800000\n");
        put("sys/devices/system/cpu/cpufreq/policy7/scaling_cur_freq", "<unknown>\n");
        ProcFiles proc = new ProcFiles(folder.getRoot());
        assertEquals(Long.valueOf(12288), proc.residentBytes());
        assertEquals(Long.valueOf(20480), proc.peakBytes());
        assertEquals(Long.valueOf(7168), proc.pssBytes());
        assertEquals(16384, proc.pageBytes());
        assertEquals(Long.valueOf(2), proc.threads());
        assertEquals(Long.valueOf(11), proc.involuntarySwitches());
        assertEquals(Long.valueOf(42), proc.stealTicks());
        assertEquals(0.25, proc.loadAverage(), 0);
        assertEquals("Qualcomm SM8350", proc.cpuName());
        assertArrayEquals(new long[] {1800000, 2400000}, proc.frequencies("scaling_cur_freq"));
        assertArrayEquals(new long[0], proc.frequencies("scaling_max_freq"));
        assertTrue(proc.resetPeak());
        assertEquals("5", proc.text("proc/self/clear_refs"));
    }

    @Test
    public void whatIsNotReadableIsNull() {
        ProcFiles proc = new ProcFiles(folder.getRoot());
        assertNull(proc.residentBytes());
        assertNull(proc.pssBytes());
        assertNull(proc.threads());
        assertNull(proc.involuntarySwitches());
        assertNull(proc.stealTicks());
        assertNull(proc.loadAverage());
        assertEquals("", proc.cpuName());
        assertEquals(0, proc.frequencies("scaling_cur_freq").length);
        assertFalse(proc.resetPeak());
        assertEquals(4096, proc.pageBytes());
    }
}
