package android.os;

import dev.edgekit.device.Device;

/** Stand-in: asks the device. */
public final class PowerManager {
    public boolean isInteractive() {
        return (Boolean) Device.ask("interactive");
    }

    public boolean isPowerSaveMode() {
        return (Boolean) Device.ask("power_save");
    }

    public int getCurrentThermalStatus() {
        return ((Number) Device.ask("thermal_status")).intValue();
    }

    public boolean isSustainedPerformanceModeSupported() {
        return false;
    }
}
