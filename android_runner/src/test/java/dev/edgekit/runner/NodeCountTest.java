package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import org.junit.Test;

/** The runtime's lines as 2.16.1 wrote them, with the plan lengths that were read beside them. */
public class NodeCountTest {
    private static final String LINE = "VERBOSE: Replacing %s out of %s node(s) with delegate (TfLiteXNNPackDelegate) "
            + "node, yielding %s partitions for the whole graph.\n";

    private static String counted(String delegated, String total, String parts, long plan) {
        String text = "Initialized TensorFlow Lite runtime.\n" + String.format(LINE, delegated, total, parts);
        Run.Nodes nodes = NodeCount.fromLog(DelegateLog.parse(text), plan);
        return nodes.total + " " + nodes.delegated + " " + nodes.partitions + " " + nodes.planLength;
    }

    @Test
    public void linesOfRealModels() {
        assertEquals("3 3 1 1", counted("3", "3", "1", 1));
        assertEquals("3 2 1 2", counted("2", "3", "2", 2));
        assertEquals("3 2 2 3", counted("2", "3", "3", 3));  // the one in the middle left: as long as the graph
    }

    @Test
    public void aLineThatThePlanContradicts() {
        assertEquals("null null null 2", counted("3", "3", "1", 2));
        assertEquals("null null null 3", counted("2", "3", "2", 3));
        assertEquals("null null null 1", counted("1", "3", "2", 1));
        assertEquals("null null null 9", counted("5", "5", "1", 9));
    }

    @Test
    public void noLine() {
        assertNull(DelegateLog.parse("Created TensorFlow Lite XNNPACK delegate for CPU.\n"));
        Run.Nodes none = NodeCount.withoutLine(3L, 3L);
        assertEquals("3 0 0 3", none.total + " " + none.delegated + " " + none.partitions + " " + none.planLength);
        assertNull(NodeCount.withoutLine(2L, 3L).delegated);
        assertNull(NodeCount.withoutLog(3L, 3L).delegated);
        assertNull(NodeCount.withoutLine(null, 3L).partitions);
    }

    @Test
    public void theFirstLineIsTheMainGraphs() {
        String text = String.format(LINE, "4", "5", "2") + String.format(LINE, "1", "9", "3");
        assertEquals(5, DelegateLog.parse(text).total);
        assertEquals("TfLiteXNNPackDelegate", DelegateLog.parse(text).delegate);
        assertEquals("TfLiteGpuDelegateV2", DelegateLog.parse("Replacing 1 out of 1 node(s) with delegate "
                + "(TfLiteGpuDelegateV2) node, yielding 1 partitions").delegate);
    }
}
