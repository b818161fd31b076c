package android.content.pm;

import android.util.AndroidException;

/** Stand-in: an app sees itself. */
public class PackageManager {
    public static final int PERMISSION_GRANTED = 0;
    public static final int PERMISSION_DENIED = -1;

    /** The package is not installed, or the app may not see it. */
    public static class NameNotFoundException extends AndroidException {
        public NameNotFoundException() {
        }

        public NameNotFoundException(String name) {
            super(name);
        }
    }

    private final PackageInfo own;

    public PackageManager(PackageInfo own) {
        this.own = own;
    }

    public PackageInfo getPackageInfo(String name, int flags) throws NameNotFoundException {
        if (!own.packageName.equals(name)) {
            throw new NameNotFoundException(name);
        }
        return own;
    }

    public ApplicationInfo getApplicationInfo(String name, int flags) throws NameNotFoundException {
        return getPackageInfo(name, flags).applicationInfo;
    }

    public boolean hasSystemFeature(String name) {
        return false;
    }
}
