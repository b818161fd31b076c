package dev.edgekit.runner;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One JSON table, read key by key: unknown keys, missing keys and wrong types are sentences with the dotted place. */
final class Fields {
    private final String place;
    private final Map<?, ?> table;

    /** Refuses what is no table, and any key that is not among {@code names}. */
    Fields(String place, Object data, String... names) throws JobError {
        this.place = place;
        if (!(data instanceof Map)) {
            throw expected(place, "a table", data);
        }
        table = (Map<?, ?>) data;
        for (Object key : table.keySet()) {
            if (!contains(names, key)) {
                throw new JobError(at((String) key), "unknown key" + Closest.to((String) key, names));
            }
        }
    }

    /** The dotted place of a key. */
    String at(String name) {
        return place.isEmpty() ? name : place + "." + name;
    }

    boolean has(String name) {
        return table.containsKey(name);
    }

    /** The value as it stands; refuses a missing key. */
    Object need(String name) throws JobError {
        if (!has(name)) {
            throw new JobError(at(name), "missing");
        }
        return table.get(name);
    }

    String text(String name) throws JobError {
        return text(at(name), need(name));
    }

    long whole(String name) throws JobError {
        return whole(at(name), need(name));
    }

    long whole(String name, long otherwise) throws JobError {
        return has(name) ? whole(name) : otherwise;
    }

    double number(String name, double otherwise) throws JobError {
        if (!has(name)) {
            return otherwise;
        }
        Object data = table.get(name);
        if (!(data instanceof Number)) {
            throw expected(at(name), "a number", data);
        }
        return finite(at(name), (Number) data);
    }

    /** One of the words that the format knows. */
    String choice(String name, String... known) throws JobError {
        Object data = need(name);
        if (contains(known, data)) {
            return (String) data;
        }
        StringBuilder words = new StringBuilder();
        for (String word : known) {
            words.append(words.length() == 0 ? "" : ", ").append(Json.named(word));
        }
        throw new JobError(at(name), Json.named(data) + " is not one of " + words);
    }

    List<?> list(String name) throws JobError {
        Object data = need(name);
        if (!(data instanceof List)) {
            throw expected(at(name), "a list", data);
        }
        return (List<?>) data;
    }

    long[] wholes(String name) throws JobError {
        List<?> items = list(name);
        long[] values = new long[items.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = whole(at(name) + "[" + i + "]", items.get(i));
        }
        return values;
    }

    /** A table of text, numbers, true and false; empty where the key is left out. */
    Map<String, Object> options(String name) throws JobError {
        Map<String, Object> options = new LinkedHashMap<>();
        if (!has(name)) {
            return options;
        }
        Object data = table.get(name);
        if (!(data instanceof Map)) {
            throw expected(at(name), "a table", data);
        }
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) data).entrySet()) {
            String inner = at(name) + "." + entry.getKey();
            Object value = entry.getValue();
            if (value instanceof BigInteger || value instanceof Double) {
                value = finite(inner, (Number) value);
            } else if (!(value instanceof Long || value instanceof Boolean)) {
                value = text(inner, value);
            }
            options.put((String) entry.getKey(), value);
        }
        return options;
    }

    private static String text(String place, Object data) throws JobError {
        if (!(data instanceof String)) {
            throw expected(place, "a string", data);
        }
        String value = (String) data;
        for (int i = 0; i < value.length(); i += Character.charCount(value.codePointAt(i))) {
            if (Character.getType(value.codePointAt(i)) == Character.SURROGATE) {
                throw expected(place, "Unicode text", "'" + Json.escaped(value) + "'");
            }
        }
        return value;
    }

    private static long whole(String place, Object data) throws JobError {
        if (data instanceof BigInteger || (data instanceof Long && (Long) data == Long.MIN_VALUE)) {
            throw expected(place, "a whole number of 64 bits", data);
        }
        if (!(data instanceof Long)) {
            throw expected(place, "a whole number", data);
        }
        return (Long) data;
    }

    private static double finite(String place, Number data) throws JobError {
        double value = data.doubleValue();
        if (Double.isInfinite(value) || Double.isNaN(value)) {
            throw expected(place, "a finite number", data);
        }
        return value;
    }

    private static JobError expected(String place, String wanted, Object data) {
        return new JobError(place, "expected " + wanted + ", got " + Json.shown(data));
    }

    private static boolean contains(String[] names, Object wanted) {
        for (String name : names) {
            if (name.equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    /** Decodes a list of tables, each with its place {@code name[n]}. */
    <T> List<T> each(String name, Decoder<T> decoder) throws JobError {
        List<T> decoded = new ArrayList<>();
        List<?> items = list(name);
        for (int i = 0; i < items.size(); i++) {
            decoded.add(decoder.decode(at(name) + "[" + i + "]", items.get(i)));
        }
        return decoded;
    }

    /** Makes something of plain data at a place. */
    interface Decoder<T> {
        T decode(String place, Object data) throws JobError;
    }
}
