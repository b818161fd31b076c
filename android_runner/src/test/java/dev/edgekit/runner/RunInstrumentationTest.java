package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.app.Application;
import android.app.Instrumentation;
import android.content.Context;
import android.content.ContextWrapper;
import android.content.Intent;
import android.os.Bundle;
import android.os.Process;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Config;
import org.robolectric.util.ReflectionHelpers;

/** {@code am instrument} on Android's own framework code: the activity in front, the pieces, the result bundle. */
@RunWith(ManifestRunner.class)
@Config(sdk = 34)
public class RunInstrumentationTest {
    private static final String[] NO_RUNTIME = {"\"runtime\": \"litert\"", "\"runtime\": \"torch\""};

    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();
    private Application context;

    /** What the instrumentation tells am. */
    private static final class Told extends RunInstrumentation {
        final CountDownLatch finished = new CountDownLatch(1);
        final List<Bundle> pieces = new ArrayList<>();
        volatile int code;
        volatile Bundle result;

        @Override
        public void sendStatus(int code, Bundle piece) {
            assertEquals(PART, code);
            pieces.add(piece);
        }

        @Override
        public void finish(int code, Bundle result) {
            this.code = code;
            this.result = result;
            finished.countDown();
        }
    }

    @Before
    public void application() {
        context = RuntimeEnvironment.getApplication();
    }

    private Told start(Context target, String... arguments) {
        Told told = new Told();
        ReflectionHelpers.setField(Instrumentation.class, told, "mAppContext", target);
        ReflectionHelpers.setField(Instrumentation.class, told, "mInstrContext", target);
        Bundle bundle = new Bundle();
        for (int i = 0; i < arguments.length; i += 2) {
            bundle.putString(arguments[i], arguments[i + 1]);
        }
        told.onCreate(bundle);
        return told;
    }

    /** Plays the system: starts the activity that was asked for, then waits for the end. */
    private Told run(String... arguments) throws Exception {
        Told told = start(context, arguments);
        Intent asked = null;
        for (int i = 0; i < 500 && asked == null; i++) {
            Thread.sleep(10);
            asked = shadowOf(context).getNextStartedActivity();
        }
        assertNotNull("no activity was started", asked);
        assertEquals(RunActivity.class.getName(), asked.getComponent().getClassName());
        assertTrue(asked.getBooleanExtra("hold", false));
        assertTrue((asked.getFlags() & Intent.FLAG_ACTIVITY_NEW_TASK) != 0);
        assertEquals(1, told.finished.getCount());  // it waits for the activity
        Robolectric.buildActivity(RunActivity.class, asked).setup();
        assertTrue(told.finished.await(20, TimeUnit.SECONDS));
        return told;
    }

    @Test
    public void theAnswerComesInPieces() throws Exception {
        File job = Golden.job(folder.newFolder().toPath(), NO_RUNTIME);
        Told told = run("job", job.getPath(), "id", "golden");
        assertEquals(Activity.RESULT_OK, told.code);
        assertEquals("golden", told.result.getString("id"));
        assertEquals("done", told.result.getString("state"));
        assertEquals("1", told.result.getString("parts"));
        assertEquals(1, told.pieces.size());
        assertEquals("0", told.pieces.get(0).getString("part"));
        assertEquals("1", told.pieces.get(0).getString("parts"));
        byte[] zip = Base64.getDecoder().decode(told.pieces.get(0).getString("data"));
        assertEquals(Integer.toString(zip.length), told.result.getString("bytes"));
        assertArrayEquals(zip, Files.read(new File(context.getFilesDir(), "answers/golden.zip")));
        assertArrayEquals(zip, Files.read(new File(context.getExternalFilesDir(null), "answers/golden.zip")));
        assertEquals(Files.sha256(new File(context.getFilesDir(), "answers/golden.zip")),
                told.result.getString("sha256"));
        Map<?, ?> where = (Map<?, ?>) new Launched(zip).run.get("environment");
        assertEquals("android", where.get("runner"));
        assertEquals("Android 14 (SDK 34)", where.get("system"));
        assertEquals("34", ((Map<?, ?>) where.get("versions")).get("sdk"));
    }

    @Test
    public void manyPiecesGiveTheWhole() throws Exception {
        File big = folder.newFolder();
        byte[] noise = new byte[200_000];
        new java.util.Random(0).nextBytes(noise);
        Files.write(new File(big, "x"), noise, false);
        Answer answer = Answer.write("a", big, java.util.Arrays.asList(folder.newFolder()));
        Told told = new Told();
        ReflectionHelpers.callInstanceMethod(RunInstrumentation.class, told, "send",
                ReflectionHelpers.ClassParameter.from(Answer.class, answer));
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (int part = 0; part < told.pieces.size(); part++) {
            assertEquals(Integer.toString(part), told.pieces.get(part).getString("part"));
            joined.write(Base64.getDecoder().decode(told.pieces.get(part).getString("data")));
        }
        assertEquals(5, told.pieces.size());
        assertArrayEquals(Files.read(answer.file), joined.toByteArray());
    }

    /** The host then says which piece is missing, and fetches the file. */
    @Test
    public void aFileThatIsGoneEndsThePiecesAlone() throws Exception {
        File work = folder.newFolder();
        Files.write(new File(work, "x"), new byte[] {1}, false);
        Answer answer = Answer.write("a", work, java.util.Arrays.asList(folder.newFolder()));
        assertEquals(1, answer.parts());
        assertTrue(answer.file.delete());
        Told told = new Told();
        ReflectionHelpers.callInstanceMethod(RunInstrumentation.class, told, "send",
                ReflectionHelpers.ClassParameter.from(Answer.class, answer));
        assertTrue(told.pieces.isEmpty());
    }

    private void refused(String kind, String sentence, String... arguments) throws Exception {
        Told told = run(arguments);
        assertEquals(Activity.RESULT_CANCELED, told.code);
        assertEquals("refused", told.result.getString("state"));
        assertEquals(kind, told.result.getString("kind"));
        assertEquals(sentence, told.result.getString("sentence"));
        assertTrue(told.pieces.isEmpty());
        Map<?, ?> marker = (Map<?, ?>) Json.parse(Files.read(new File(context.getFilesDir(), "marker.json")));
        assertEquals("refused", marker.get("state"));
        assertEquals(sentence, marker.get("sentence"));
        assertEquals((long) Process.myPid(), marker.get("pid"));
    }

    @Test
    public void refusals() throws Exception {
        String job = Golden.job(folder.newFolder().toPath(), "\"version\": 2", "\"version\": 3").getPath();
        refused("arguments", "the arguments job (a folder) and id are needed", "id", "golden");
        refused("version", "job.json: version: format 3 is newer than this edgekit reads (up to 2)",
                "job", job, "id", "golden");
        job = Golden.job(folder.newFolder().toPath()).getPath();
        refused("job", "job.json: id: this is job 'golden', asked for was 'new'", "job", job, "id", "new");
        String nowhere = new File(folder.getRoot(), "nowhere").getPath();
        refused("files", "the app cannot read job.json: " + nowhere + "/job.json (No such file or directory)",
                "job", nowhere, "id", "golden");
    }

    @Test
    public void withoutAnActivityItGoesOn() throws Exception {
        File job = Golden.job(folder.newFolder().toPath(), NO_RUNTIME);
        Told told = start(new ContextWrapper(context) {
            @Override
            public void startActivity(Intent intent) {
                throw new SecurityException("no activities today");
            }
        }, "job", job.getPath(), "id", "golden");
        assertTrue(told.finished.await(20, TimeUnit.SECONDS));
        assertEquals("done", told.result.getString("state"));
        assertFalse(RunActivity.inFront());
    }
}
