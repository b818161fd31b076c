package android.view;

import dev.edgekit.device.Device;

/** Stand-in: flags only; the device hears of keep-screen-on. */
public class Window {
    private final WindowManager.LayoutParams attributes = new WindowManager.LayoutParams();

    public void addFlags(int flags) {
        setFlags(flags, flags);
    }

    public void clearFlags(int flags) {
        setFlags(0, flags);
    }

    public void setFlags(int flags, int mask) {
        attributes.flags = (attributes.flags & ~mask) | (flags & mask);
        if ((mask & WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON) != 0) {
            boolean on = (attributes.flags & WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON) != 0;
            Device.say("screen", "on", on);
        }
    }

    public WindowManager.LayoutParams getAttributes() {
        return attributes;
    }

    /** The window went away with its activity. */
    public void gone() {
        Device.say("screen", "on", false);
    }
}
