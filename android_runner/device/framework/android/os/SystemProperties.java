package android.os;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Stand-in: the device writes all properties into one file. */
public class SystemProperties {
    private static final Path ALL = Path.of("/dev/__properties__/all");

    private SystemProperties() {
    }

    public static String get(String name) {
        return get(name, "");
    }

    public static String get(String name, String otherwise) {
        try {
            for (String line : Files.readAllLines(ALL)) {
                if (line.startsWith(name + "=")) {
                    String value = line.substring(name.length() + 1);
                    return value.isEmpty() ? otherwise : value;
                }
            }
        } catch (IOException error) {
            throw new IllegalStateException("the device's properties cannot be read", error);
        }
        return otherwise;
    }

    public static int getInt(String name, int otherwise) {
        return (int) getLong(name, otherwise);
    }

    public static long getLong(String name, long otherwise) {
        try {
            return Long.decode(get(name));
        } catch (NumberFormatException error) {
            return otherwise;
        }
    }

    public static boolean getBoolean(String name, boolean otherwise) {
        return switch (get(name)) {
            case "1", "y", "yes", "on", "true" -> true;
            case "0", "n", "no", "off", "false" -> false;
            default -> otherwise;
        };
    }

    public static void addChangeCallback(Runnable callback) {
    }

    public static void set(String name, String value) {
        throw new RuntimeException("failed to set system property \"" + name + "\" to \"" + value + "\"");
    }
}
