package dev.edgekit.device;

import android.app.Activity;
import android.app.Instrumentation;
import android.content.Intent;
import android.os.Bundle;
import android.os.Handler;
import android.os.Looper;
import android.util.Log;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

import org.json.JSONException;
import org.json.JSONObject;

/** An app's process: main thread with its looper, the instrumentation, the activities. */
public final class AppProcess {
    private static final Deque<Activity> STACK = new ArrayDeque<>();
    private static Handler main;
    private static AppContext context;

    private AppProcess() {
    }

    public static void main(String[] words) throws Exception {
        // what libraries look at to find out that this is Android
        System.setProperty("java.vm.name", "Dalvik");
        System.setProperty("java.vendor", "The Android Project");
        System.setProperty("os.arch", "x86_64");
        System.setOut(new PrintStream(new LogLines("System.out", Log.INFO), true));
        System.setErr(new PrintStream(new LogLines("System.err", Log.WARN), true));
        Thread.setDefaultUncaughtExceptionHandler(AppProcess::died);
        Looper.prepareMainLooper();
        main = new Handler(Looper.getMainLooper());
        Device.connect(order -> main.post(() -> obey(order)));
        Looper.loop();
    }

    private static void died(Thread thread, Throwable error) {
        try {
            Device.say("crash", "thread", thread.getName(), "trace", Log.getStackTraceString(error).stripTrailing());
        } finally {
            android.os.Process.killProcess(android.os.Process.myPid());
        }
    }

    private static void obey(JSONObject order) {
        try {
            if (order.getString("do").equals("bind")) {
                bind(order);
            } else if (order.getString("do").equals("start_activity")) {
                startActivity(order);
            }
        } catch (JSONException | ReflectiveOperationException error) {
            throw new IllegalStateException("Unable to do " + order, error);
        }
    }

    private static void bind(JSONObject order) throws JSONException, ReflectiveOperationException {
        context = new AppContext(order);
        if (order.isNull("instrumentation")) {
            return;
        }
        JSONObject asked = order.getJSONObject("instrumentation");
        Instrumentation instrumentation = (Instrumentation) made(asked.getString("class"));
        instrumentation.attach(context, asked.getString("class"));
        instrumentation.onCreate(bundle(asked.getJSONObject("arguments")));
    }

    private static void startActivity(JSONObject order) throws JSONException, ReflectiveOperationException {
        String name = order.getString("class");
        Activity activity = (Activity) made(name);
        Intent intent = new Intent();
        intent.setClassName(context.getPackageName(), name);
        intent.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK);
        intent.putExtras(bundle(order.getJSONObject("extras")));
        Activity below = STACK.peek();
        if (below != null) {
            below.toBack();
        }
        STACK.push(activity);
        activity.attach(context, intent);
        activity.toFront();
        if (STACK.peek() == activity) {
            Device.say("resumed", "activity", name);
        }
    }

    /** On the main thread, as {@link Activity#finish} posts it. */
    public static void finished(Activity activity) {
        boolean top = STACK.peek() == activity;
        if (STACK.remove(activity)) {
            activity.end();
            Device.say("paused");
            Activity below = STACK.peek();
            if (top && below != null) {
                below.backToFront();
                Device.say("resumed", "activity", below.getClass().getName());
            }
        }
    }

    public static Handler mainHandler() {
        return main;
    }

    /** What an app prints goes to the log, line by line. */
    private static final class LogLines extends OutputStream {
        private final String tag;
        private final int priority;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        LogLines(String tag, int priority) {
            this.tag = tag;
            this.priority = priority;
        }

        @Override
        public synchronized void write(int letter) {
            if (letter == '\n') {
                Log.println(priority, tag, line.toString(StandardCharsets.UTF_8));
                line.reset();
            } else {
                line.write(letter);
            }
        }
    }

    private static Object made(String name) throws ReflectiveOperationException {
        return Class.forName(name).getDeclaredConstructor().newInstance();
    }

    /** Text is text; {@code {"type": "ez", "value": true}} is an extra with the type of {@code am start --ez}. */
    private static Bundle bundle(JSONObject values) throws JSONException {
        Bundle bundle = new Bundle();
        for (Iterator<String> names = values.keys(); names.hasNext();) {
            String name = names.next();
            JSONObject typed = values.optJSONObject(name);
            if (typed == null) {
                bundle.putString(name, values.getString(name));
                continue;
            }
            switch (typed.getString("type")) {
                case "ez" -> bundle.putBoolean(name, typed.getBoolean("value"));
                case "ei" -> bundle.putInt(name, typed.getInt("value"));
                case "el" -> bundle.putLong(name, typed.getLong("value"));
                case "ef" -> bundle.putFloat(name, (float) typed.getDouble("value"));
                default -> bundle.putString(name, typed.isNull("value") ? null : typed.getString("value"));
            }
        }
        return bundle;
    }

    /** The other way: what {@code startActivity} hands to the device. */
    static JSONObject extras(Bundle bundle) {
        JSONObject values = new JSONObject();
        try {
            for (String name : bundle == null ? java.util.Set.<String>of() : bundle.keySet()) {
                Object value = bundle.get(name);
                String type = value instanceof Boolean ? "ez" : value instanceof Integer ? "ei"
                        : value instanceof Long ? "el" : value instanceof Float ? "ef" : "es";
                values.put(name, new JSONObject().put("type", type)
                        .put("value", type.equals("es") && value != null ? value.toString() : value));
            }
        } catch (JSONException error) {
            throw new IllegalArgumentException(error);
        }
        return values;
    }
}
