package dev.edgekit.runner;

/** One look at the phone, some ms (the canary loop). */
final class StateReader {
    private StateReader() {
    }

    static Run.State read(Phone phone, ProcFiles proc) {
        Run.State state = new Run.State();
        state.monotonicNs = System.nanoTime();
        state.loadAverage = proc.loadAverage();
        state.stealTicks = proc.stealTicks();
        state.involuntarySwitches = proc.involuntarySwitches();
        state.cpuKhz = proc.frequencies("scaling_cur_freq");
        state.cpuMaxKhz = proc.frequencies("scaling_max_freq");
        state.canaryNs = Canary.ns();
        state.thermalStatus = phone.thermalStatus();
        state.batteryPercent = phone.batteryPercent();
        state.batteryDecicelsius = phone.batteryDecicelsius();
        state.foreground = phone.foreground();
        return state;
    }
}
