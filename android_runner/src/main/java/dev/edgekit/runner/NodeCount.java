package dev.edgekit.runner;

/** Nodes, delegated nodes and delegate kernels, from the runtime's log line and the length of the prepared plan. */
final class NodeCount {
    private NodeCount() {
    }

    /** Of an open model. Reading the log starts a process, and a second interpreter may be built: not while timing. */
    static Run.Nodes of(TfliteModel model, DelegateLog log) {
        String text = log.between();
        if (text == null) {
            return withoutLog(model.planLength(), model.plainPlanLength());
        }
        DelegateLog.Replaced line = DelegateLog.parse(text);
        return line != null ? fromLog(line, model.planLength())
                : withoutLine(model.planLength(), model.plainPlanLength());
    }

    /**
     * The log line counts every part of the graph as a partition, those left on the CPU too (2 of 3 nodes, one of them
     * in the middle left: "3 partitions", two of them kernels). So kernels come from the plan: its steps less the nodes
     * that were not delegated; the line's number must allow them, else nothing is told but the plan's length.
     */
    static Run.Nodes fromLog(DelegateLog.Replaced line, Long planLength) {
        Run.Nodes nodes = new Run.Nodes();
        nodes.planLength = planLength;
        if (planLength == null) {
            return nodes;
        }
        long left = line.total - line.delegated;
        long kernels = planLength - left;
        long partsLeft = line.parts - kernels;
        boolean cut = left == 0 ? partsLeft == 0 : partsLeft >= 1 && partsLeft <= Math.min(left, kernels + 1);
        boolean none = line.delegated == 0 && kernels == 0;
        if (none || (kernels >= 1 && kernels <= line.delegated && cut)) {
            nodes.total = line.total;
            nodes.delegated = line.delegated;
            nodes.partitions = kernels;
        }
        return nodes;
    }

    /** No line in a log that is known to be complete: nothing was delegated, and the plan is the graph itself. */
    static Run.Nodes withoutLine(Long planLength, Long total) {
        Run.Nodes nodes = new Run.Nodes();
        nodes.planLength = planLength;
        nodes.total = total;
        if (total != null && total.equals(planLength)) {
            nodes.delegated = 0L;
            nodes.partitions = 0L;
        }
        return nodes;
    }

    /** The log cannot be read: the two plans alone do not tell how many nodes a kernel took. */
    static Run.Nodes withoutLog(Long planLength, Long total) {
        Run.Nodes nodes = new Run.Nodes();
        nodes.planLength = planLength;
        nodes.total = total;
        return nodes;
    }
}
