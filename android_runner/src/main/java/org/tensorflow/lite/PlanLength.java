package org.tensorflow.lite;

/** The length of the prepared execution plan, which the public interface does not tell. */
public final class PlanLength {
    private PlanLength() {
    }

    /** Steps of the plan, each a node or a delegate's kernel; -1 where this runtime has no such method. */
    public static int of(Interpreter interpreter) {
        try {
            return interpreter.getExecutionPlanLength();
        } catch (LinkageError missing) {
            return -1;
        }
    }
}
