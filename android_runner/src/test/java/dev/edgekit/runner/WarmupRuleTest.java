package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.nio.charset.StandardCharsets;

import org.junit.Test;

/** The rule on durations for which the portable runner's averages were written down. */
public class WarmupRuleTest {
    private static final long[] DURATIONS = {1000, 500, 500, 500, 480, 500, 510, 490, 500, 505, 500, 500, 500, 500};

    private static WarmupRule rule(String json) throws JobError {
        return new WarmupRule(new Job.Warmup("", Json.parse(json.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    public void convergesAtTheSameInvocationAsThePortableRunner() throws Exception {
        WarmupRule rule = rule("{\"fast\":0.5,\"slow\":0.25,\"tolerance\":0.04,\"in_a_row\":3,\"min_runs\":5,"
                + "\"min_ns\":0,\"max_ns\":1000000000}");
        for (int i = 0; i < 13; i++) {
            rule.add(DURATIONS[i]);
            assertFalse("after " + (i + 1), rule.done());
        }
        rule.add(DURATIONS[13]);
        assertTrue(rule.converged());
        assertTrue(rule.done());
        assertEquals(14, rule.runs);
        assertEquals(7485, rule.totalNs);
    }

    @Test
    public void endsWithoutAgreement() throws Exception {
        WarmupRule rule = rule("{\"in_a_row\":3,\"min_runs\":1,\"min_ns\":0,\"max_ns\":5000}");
        for (int i = 0; !rule.done(); i++) {
            rule.add(i % 2 == 0 ? 10 : 1000);
        }
        assertFalse(rule.converged());
        assertEquals(10, rule.runs);
        assertEquals(5050, rule.totalNs);
    }

    @Test
    public void bothMinimaMustBeMet() throws Exception {
        WarmupRule rule = rule("{\"in_a_row\":2,\"min_runs\":4,\"min_ns\":600}");
        for (int i = 1; i <= 6; i++) {
            assertFalse(rule.converged());
            rule.add(100);
        }
        assertTrue(rule.converged());
        assertEquals(6, rule.runs);
    }
}
