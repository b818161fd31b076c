package dalvik.system;

/** Stand-in: what Build asks. */
public final class VMRuntime {
    private static final VMRuntime ONE = new VMRuntime();

    private VMRuntime() {
    }

    public static VMRuntime getRuntime() {
        return ONE;
    }

    public boolean is64Bit() {
        return true;
    }

    public String vmInstructionSet() {
        return "x86_64";
    }
}
