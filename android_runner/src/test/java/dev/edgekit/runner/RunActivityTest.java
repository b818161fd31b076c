package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Application;
import android.content.Intent;
import android.os.Bundle;
import android.os.Looper;
import android.view.WindowManager;

import java.io.File;
import java.util.Map;

import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.annotation.Config;

/** {@code am start}: the fallback that does the task itself, and the window that only holds the screen. */
@RunWith(ManifestRunner.class)
@Config(sdk = 34)
public class RunActivityTest {
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();
    private final Application context = RuntimeEnvironment.getApplication();

    private Intent job(String... edits) throws Exception {
        File job = Golden.job(folder.newFolder().toPath(), edits);
        return new Intent(context, RunActivity.class).putExtra("job", job.getPath()).putExtra("id", "golden");
    }

    private Map<?, ?> marker() throws Exception {
        return (Map<?, ?>) Json.parse(Files.read(new File(context.getFilesDir(), "marker.json")));
    }

    private static void untilFinishing(RunActivity activity) throws Exception {
        for (int i = 0; i < 1000 && !activity.isFinishing(); i++) {
            Thread.sleep(10);
            shadowOf(Looper.getMainLooper()).idle();
        }
        assertTrue(activity.isFinishing());
    }

    @Test
    public void itDoesTheTaskAndEnds() throws Exception {
        Intent intent = job("\"runtime\": \"litert\"", "\"runtime\": \"torch\"");
        ActivityController<RunActivity> activity = Robolectric.buildActivity(RunActivity.class, intent).setup();
        untilFinishing(activity.get());
        assertEquals("done", marker().get("state"));
        Launched launched = new Launched(Files.read(new File(context.getFilesDir(), "answers/golden.zip")));
        assertEquals("this runner has no runtime torch", launched.at(0, "reason"));
    }

    @Test
    public void aRefusalIsInTheMarker() throws Exception {
        ActivityController<RunActivity> activity =
                Robolectric.buildActivity(RunActivity.class, job("\"version\": 2", "\"version\": 1")).setup();
        untilFinishing(activity.get());
        assertEquals("refused", marker().get("state"));
        assertEquals("version", marker().get("phase"));
        assertEquals("job.json: version: 1 is not a version this edgekit reads (2)", marker().get("sentence"));
    }

    @Test
    public void aTaskIsNotBegunAnewWhereAndroidMakesTheWindowAnew() throws Exception {
        Robolectric.buildActivity(RunActivity.class, job()).create(new Bundle()).start().resume();
        Thread.sleep(300);
        assertFalse(new File(context.getFilesDir(), "marker.json").exists());
    }

    @Test
    public void holdingOnlyKeepsTheScreenOn() throws Exception {
        RunActivity.expect();
        ActivityController<RunActivity> held =
                Robolectric.buildActivity(RunActivity.class, job().putExtra("hold", true)).create().start();
        int flags = held.get().getWindow().getAttributes().flags;
        assertTrue((flags & WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON) != 0);
        assertFalse(RunActivity.awaitFront(0));
        held.resume();
        assertTrue(RunActivity.awaitFront(0));
        assertEquals(true, new AndroidPhone(context).foreground());
        held.pause();
        assertEquals(false, new AndroidPhone(context).foreground());
        Thread.sleep(300);
        assertFalse(new File(context.getFilesDir(), "marker.json").exists());
    }
}
