package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import java.io.IOException;

import org.junit.Test;

public class DelegateLogTest {
    /** A log in memory; {@code late} reads pass before it shows anything. */
    private static class Lines implements DelegateLog.Source {
        private final StringBuilder lines = new StringBuilder();
        private int late;

        @Override
        public void write(String line) {
            lines.append(line).append('\n');
        }

        @Override
        public String text() throws IOException {
            return late-- > 0 ? "" : lines.toString();
        }
    }

    @Test
    public void onlyThisCasesLines() {
        Lines lines = new Lines();
        lines.write("Replacing 1 out of 2 node(s) ... of an older case");
        DelegateLog log = new DelegateLog(lines, "c0");
        log.opening();
        lines.write("mine");
        log.opened();
        lines.write("later");
        String between = log.between();
        assertEquals("mine", between.substring(between.indexOf('\n') + 1).trim());
    }

    @Test
    public void aLogThatComesLateIsWaitedFor() {
        Lines lines = new Lines();
        DelegateLog log = new DelegateLog(lines, "c0");
        log.opening();
        log.opened();
        lines.late = 3;
        assertEquals(1, log.between().split("\n").length);
    }

    @Test
    public void aLogThatCannotBeReadIsNull() {
        DelegateLog unreadable = new DelegateLog(new Lines() {
            @Override
            public String text() throws IOException {
                throw new IOException("logcat: permission denied");
            }
        }, "c0");
        unreadable.opening();
        unreadable.opened();
        assertNull(unreadable.between());
        Lines cut = new Lines();
        DelegateLog log = new DelegateLog(cut, "c0");
        log.opening();
        cut.lines.setLength(0);  // the ring buffer lost the first mark
        log.opened();
        assertNull(log.between());
    }
}
