package dev.edgekit.tiny;

import android.app.Activity;
import android.os.Bundle;
import android.util.Log;
import android.view.WindowManager;

import java.util.concurrent.CountDownLatch;

/** Says in the log with which word it was started; the word "throw" is an exception. */
public class Front extends Activity {
    static final CountDownLatch RESUMED = new CountDownLatch(1);

    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        getWindow().addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON);
        String word = getIntent().getStringExtra("word");
        Log.i("tiny", "started with " + word + ", " + getIntent().getBooleanExtra("flag", false));
        if ("throw".equals(word)) {
            throw new IllegalStateException("as asked");
        }
    }

    @Override
    protected void onResume() {
        super.onResume();
        RESUMED.countDown();
    }
}
