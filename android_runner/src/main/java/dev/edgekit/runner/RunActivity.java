package dev.edgekit.runner;

import android.app.Activity;
import android.os.Build;
import android.os.Bundle;
import android.util.Log;
import android.view.WindowManager;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A plain window in front that keeps the screen on. With the extra {@code hold} that is all it does, for the
 * instrumentation; without, it does the task itself: {@code am start -W -n dev.edgekit.runner/.RunActivity
 * --es job FOLDER --es id JOBID [--es task run|probe]}, and the marker says how that goes.
 */
public final class RunActivity extends Activity {
    static final String HOLD = "hold";

    private static volatile boolean inFront;
    private static volatile CountDownLatch resumed = new CountDownLatch(1);

    static boolean inFront() {
        return inFront;
    }

    /** Before the activity is started for another launch in this process. */
    static void expect() {
        inFront = false;
        resumed = new CountDownLatch(1);
    }

    /** Waits until it is in front; false where it is not after so many seconds. */
    static boolean awaitFront(long seconds) {
        try {
            return resumed.await(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    @NewerAndroid
    @SuppressWarnings("deprecation")  // the flags are what Android 8.0 has
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        getWindow().addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON);
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O_MR1) {
            setShowWhenLocked(true);
            setTurnScreenOn(true);
        } else {
            getWindow().addFlags(WindowManager.LayoutParams.FLAG_SHOW_WHEN_LOCKED
                    | WindowManager.LayoutParams.FLAG_TURN_SCREEN_ON);
        }
        if (saved == null && !getIntent().getBooleanExtra(HOLD, false)) {
            expect();
            new Thread(this::work, "edgekit").start();
        }
    }

    @Override
    protected void onResume() {
        super.onResume();
        inFront = true;
        resumed.countDown();
    }

    @Override
    protected void onPause() {
        inFront = false;
        super.onPause();
    }

    private void work() {
        awaitFront(RunInstrumentation.FRONT_SECONDS);
        try {
            new Launch(new AndroidPhone(getApplicationContext())).run(getIntent().getStringExtra("job"),
                    getIntent().getStringExtra("id"), getIntent().getStringExtra("task"));
        } catch (Refusal refusal) {
            Log.e(AndroidLog.TAG, refusal.kind + ": " + refusal.getMessage());
        } finally {
            runOnUiThread(this::finish);
        }
    }
}
