package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import org.junit.Test;

/** No latency stands under the name of gpu or nnapi unless they are known to have taken a node. */
public class FallbackTest {
    private static Run.Nodes nodes(Long total, Long delegated, Long planLength) {
        Run.Nodes nodes = new Run.Nodes();
        nodes.total = total;
        nodes.delegated = delegated;
        nodes.planLength = planLength;
        return nodes;
    }

    private static void refused(String said, Run.Nodes nodes, Long plain) {
        NotOk error = assertThrows(NotOk.class, () -> CaseRunner.refuseFallback("gpu", nodes, plain));
        assertEquals(said, error.status + " | " + error.getMessage());
        if (error.status.equals("fell back")) {
            assertEquals(nodes, error.nodes);
        }
    }

    @Test
    public void nodesThatAreKnownToBeTakenAreTimed() throws Exception {
        CaseRunner.refuseFallback("gpu", nodes(3L, 2L, 3L), 3L);  // two kernels beside one node: as long as the graph
        CaseRunner.refuseFallback("gpu", nodes(3L, null, 2L), 3L);
        CaseRunner.refuseFallback("gpu", nodes(null, null, 2L), 3L);
    }

    @Test
    public void noNodeIsNoLatency() {
        refused("fell back | fell back: 0 of 3 nodes delegated to gpu", nodes(3L, 0L, 3L), 3L);
    }

    @Test
    public void anUnknownCountWithAPlanThatIsNotShorter() {
        String plan = "fell back | fell back: the plan has ";
        refused(plan + "as many steps as the model has nodes (3), and the log that would tell more cannot be read",
                nodes(3L, null, 3L), 3L);
        refused(plan + "as many steps as the model has nodes (3), and the runtime's log line says otherwise",
                nodes(null, null, 3L), 3L);
        refused(plan + "more steps than the model has nodes (3), and the runtime's log line says otherwise",
                nodes(null, null, 4L), 3L);
    }

    @Test
    public void anUnknownPlan() {
        String said = "unsupported | whether gpu took any node of this model cannot be told here: the length of the "
                + "plan ";
        refused(said + "with it is unknown", nodes(3L, null, null), 3L);
        refused(said + "without it is unknown", nodes(null, null, 3L), null);
    }
}
