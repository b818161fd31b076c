package dev.edgekit.runner;

import android.util.JsonReader;
import android.util.JsonToken;

import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON text as plain data: Map, List, String, Boolean, null, Long (BigInteger where it does not fit) and Double.
 * A number with a point or an exponent is a Double, as in Python: whole numbers and others are told apart.
 */
final class Json {
    private static final int DEEPEST = 100;
    private static final int LONGEST_SHOWN = 60;

    private Json() {
    }

    static Object parse(byte[] bytes) throws JobError {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            JsonReader reader = new JsonReader(new StringReader(text));
            Object value = value(reader, 0);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw new JobError("", "not JSON (more than one value)");
            }
            return value;
        } catch (CharacterCodingException error) {
            throw new JobError("", "not JSON (not UTF-8)");
        } catch (IOException | IllegalStateException | NumberFormatException error) {
            throw new JobError("", "not JSON (" + NotOk.sentence(error) + ")");
        }
    }

    private static Object value(JsonReader reader, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new IOException("nested too deeply");
        }
        switch (reader.peek()) {
            case BEGIN_OBJECT:
                return table(reader, depth);
            case BEGIN_ARRAY:
                List<Object> items = new ArrayList<>();
                reader.beginArray();
                while (reader.hasNext()) {
                    items.add(value(reader, depth + 1));
                }
                reader.endArray();
                return items;
            case STRING:
                return reader.nextString();
            case NUMBER:
                return number(reader.nextString());
            case BOOLEAN:
                return reader.nextBoolean();
            default:
                reader.nextNull();
                return null;
        }
    }

    private static Map<String, Object> table(JsonReader reader, int depth) throws IOException {
        Map<String, Object> table = new LinkedHashMap<>();
        reader.beginObject();
        while (reader.hasNext()) {
            String key = reader.nextName();
            table.put(key, value(reader, depth + 1));
        }
        reader.endObject();
        return table;
    }

    private static Number number(String text) {
        if (text.indexOf('.') >= 0 || text.indexOf('e') >= 0 || text.indexOf('E') >= 0) {
            return Double.valueOf(text);
        }
        BigInteger whole = new BigInteger(text);
        return whole.bitLength() <= 63 ? (Number) whole.longValue() : whole;
    }

    /** Data as JSON text of at most 60 characters, for a sentence. */
    static String shown(Object data) {
        StringBuilder text = new StringBuilder();
        show(data, text);
        return text.length() <= LONGEST_SHOWN ? text.toString() : text.substring(0, LONGEST_SHOWN - 3) + "...";
    }

    /** A value as Python names it in a sentence: text in single quotes, anything else as JSON. */
    static String named(Object data) {
        if (!(data instanceof String)) {
            return data == null ? "None" : shown(data);
        }
        String quote = ((String) data).contains("'") && !((String) data).contains("\"") ? "\"" : "'";
        String inner = ((String) data).replace("\\", "\\\\").replace("\n", "\\n").replace("\0", "\\x00");
        return quote + (quote.equals("'") ? inner.replace("'", "\\'") : inner) + quote;
    }

    private static void show(Object data, StringBuilder text) {
        if (data instanceof String) {
            quote((String) data, text);
        } else if (data instanceof Map) {
            String between = "{";
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) data).entrySet()) {
                text.append(between);
                quote((String) entry.getKey(), text);
                text.append(": ");
                show(entry.getValue(), text);
                between = ", ";
            }
            text.append(between.equals("{") ? "{}" : "}");
        } else if (data instanceof List) {
            String between = "[";
            for (Object item : (List<?>) data) {
                text.append(between);
                show(item, text);
                between = ", ";
            }
            text.append(between.equals("[") ? "[]" : "]");
        } else {
            text.append(data);
        }
    }

    private static void quote(String value, StringBuilder text) {
        text.append('"').append(escaped(value)).append('"');
    }

    /** In ASCII, as between JSON's quotes. */
    static String escaped(String value) {
        StringBuilder text = new StringBuilder();
        for (char letter : value.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                text.append('\\').append(letter);
            } else if (letter == '\n') {
                text.append("\\n");
            } else if (letter < ' ' || letter > '~') {
                text.append(String.format("\\u%04x", (int) letter));
            } else {
                text.append(letter);
            }
        }
        return text.toString();
    }
}
