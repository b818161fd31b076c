package android.app;

import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.os.Looper;

import dev.edgekit.device.AppProcess;
import dev.edgekit.device.Device;

import java.util.concurrent.CountDownLatch;

import org.json.JSONException;
import org.json.JSONObject;

/** Stand-in: what an instrumentation says goes to the `am instrument` that waits for it. */
public class Instrumentation {
    public static final String REPORT_KEY_IDENTIFIER = "id";
    public static final String REPORT_KEY_STREAMRESULT = "stream";

    private Context context;
    private ComponentName component;

    public final void attach(Context target, String name) {
        context = target;
        component = new ComponentName(target.getPackageName(), name);
    }

    public void onCreate(Bundle arguments) {
    }

    /** Calls onStart on a thread of its own. */
    public void start() {
        new Thread(this::onStart, "Instr: " + getClass().getName()).start();
    }

    public void onStart() {
    }

    public void onDestroy() {
    }

    public boolean onException(Object source, Throwable error) {
        return false;
    }

    public Context getContext() {
        return context;
    }

    public Context getTargetContext() {
        return context;
    }

    public ComponentName getComponentName() {
        return component;
    }

    public String getProcessName() {
        return context.getPackageName();
    }

    public void sendStatus(int code, Bundle results) {
        Device.say("status", "code", code, "bundle", texts(results));
    }

    /** The device ends the process when it hears this. */
    public void finish(int code, Bundle results) {
        Device.say("finish", "code", code, "bundle", texts(results));
    }

    public void runOnMainSync(Runnable work) {
        if (Looper.myLooper() == Looper.getMainLooper()) {
            throw new RuntimeException("This method can not be called from the main application thread");
        }
        CountDownLatch done = new CountDownLatch(1);
        AppProcess.mainHandler().post(() -> {
            work.run();
            done.countDown();
        });
        try {
            done.await();
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    public void waitForIdleSync() {
        runOnMainSync(() -> { });
    }

    private static JSONObject texts(Bundle bundle) {
        JSONObject values = new JSONObject();
        try {
            for (String name : bundle == null ? java.util.Set.<String>of() : bundle.keySet()) {
                values.put(name, String.valueOf(bundle.get(name)));
            }
        } catch (JSONException error) {
            throw new IllegalArgumentException(error);
        }
        return values;
    }
}
