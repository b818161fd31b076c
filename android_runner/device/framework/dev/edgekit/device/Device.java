package dev.edgekit.device;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.json.JSONException;
import org.json.JSONObject;

/** The line to the phone's own process, where on Android binder is: JSON, one message a line. */
public final class Device {
    private static final long ANSWER_SECONDS = 20;
    private static SocketChannel line;
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static final Map<Integer, CompletableFuture<Object>> ASKED = new ConcurrentHashMap<>();

    private Device() {
    }

    /** Connects, and hands every order that comes to {@code orders}, on a thread of its own. */
    static void connect(Consumer<JSONObject> orders) throws IOException {
        line = SocketChannel.open(UnixDomainSocketAddress.of("/dev/socket/app"));
        BufferedReader reader = new BufferedReader(
                new InputStreamReader(Channels.newInputStream(new SeparateReads(line)), StandardCharsets.UTF_8));
        Thread listener = new Thread(() -> {
            try {
                for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                    JSONObject message = new JSONObject(text);
                    if (message.getString("do").equals("answer")) {
                        Object value = message.isNull("value") ? null : message.get("value");
                        ASKED.remove(message.getInt("id")).complete(value);
                    } else {
                        orders.accept(message);
                    }
                }
            } catch (IOException | JSONException error) {
                error.printStackTrace();
            }
            Runtime.getRuntime().halt(1);  // the device is gone
        }, "Binder");
        listener.setDaemon(true);
        listener.start();
    }

    /** Channels.newInputStream(SocketChannel) shares a lock with writes; a plain ReadableByteChannel does not. */
    private record SeparateReads(SocketChannel channel) implements java.nio.channels.ReadableByteChannel {
        @Override
        public int read(ByteBuffer target) throws IOException {
            return channel.read(target);
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** {@code pairs}: name, value, name, value, ... */
    public static void say(String what, Object... pairs) {
        try {
            send(message(what, pairs));
        } catch (IOException | JSONException error) {
            throw new IllegalStateException("the device does not listen", error);
        }
    }

    /** Waits for the device's answer; null is an answer too. */
    public static Object ask(String what, Object... pairs) {
        int id = NUMBERS.incrementAndGet();
        CompletableFuture<Object> answer = new CompletableFuture<>();
        ASKED.put(id, answer);
        try {
            send(message(what, pairs).put("id", id));
            return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (Exception error) {
            throw new IllegalStateException("the device does not answer: " + what, error);
        }
    }

    private static JSONObject message(String what, Object... pairs) throws JSONException {
        JSONObject message = new JSONObject().put("say", what);
        for (int i = 0; i < pairs.length; i += 2) {
            message.put((String) pairs[i], pairs[i + 1] == null ? JSONObject.NULL : pairs[i + 1]);
        }
        return message;
    }

    private static synchronized void send(JSONObject message) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(message + "\n");
        while (bytes.hasRemaining()) {
            line.write(bytes);
        }
    }
}
