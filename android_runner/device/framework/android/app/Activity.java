package android.app;

import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.os.Looper;
import android.view.ContextThemeWrapper;
import android.view.View;
import android.view.Window;

import dev.edgekit.device.AppProcess;

/** Stand-in: an activity's life and its window's flags; nothing is drawn. */
public class Activity extends ContextThemeWrapper {
    public static final int RESULT_OK = -1;
    public static final int RESULT_CANCELED = 0;

    private final Window window = new Window();
    private Intent intent;
    private boolean finishing;
    private boolean resumed;
    private boolean destroyed;

    public final void attach(Context context, Intent started) {
        attachBaseContext(context);
        intent = started;
    }

    // ---- called by the device, on the main thread

    public final void toFront() {
        onCreate(null);
        if (finishing) {
            return;
        }
        onStart();
        onPostCreate(null);
        backToFront();
    }

    public final void backToFront() {
        resumed = true;
        onResume();
    }

    public final void toBack() {
        if (resumed) {
            resumed = false;
            onPause();
            onStop();
        }
    }

    public final void end() {
        toBack();
        destroyed = true;
        onDestroy();
        window.gone();
    }

    // ---- what an app overrides and calls

    protected void onCreate(Bundle saved) {
    }

    protected void onPostCreate(Bundle saved) {
    }

    protected void onStart() {
    }

    protected void onResume() {
    }

    protected void onPause() {
    }

    protected void onStop() {
    }

    protected void onDestroy() {
    }

    protected void onNewIntent(Intent next) {
    }

    public Intent getIntent() {
        return intent;
    }

    public Window getWindow() {
        return window;
    }

    public void setContentView(View view) {
    }

    public void setTitle(CharSequence title) {
    }

    public void setShowWhenLocked(boolean shown) {
    }

    public void setTurnScreenOn(boolean turned) {
    }

    public boolean isFinishing() {
        return finishing;
    }

    public boolean isDestroyed() {
        return destroyed;
    }

    public void finish() {
        if (!finishing) {
            finishing = true;
            AppProcess.mainHandler().post(() -> AppProcess.finished(this));
        }
    }

    public final void runOnUiThread(Runnable work) {
        if (Looper.myLooper() == Looper.getMainLooper()) {
            work.run();
        } else {
            AppProcess.mainHandler().post(work);
        }
    }
}
