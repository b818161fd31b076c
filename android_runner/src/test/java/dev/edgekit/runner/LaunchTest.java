package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Random;

import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** A launch without the native library: every kind of refusal, and where the answer lies. */
public class LaunchTest {
    /** A runtime that this runner has not: the case ends before the native library is needed. */
    private static final String[] NO_RUNTIME = {"\"runtime\": \"litert\"", "\"runtime\": \"torch\""};

    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();
    private File files;
    private File external;

    @Before
    public void folders() throws Exception {
        files = folder.newFolder();
        external = folder.newFolder();
    }

    private Answer run(String job, String id, String task) throws Refusal {
        return new Launch(new JvmPhone(files, external, null)).run(job, id, task);
    }

    private Map<?, ?> marker(File where) throws Exception {
        return (Map<?, ?>) Json.parse(Files.read(new File(where, "marker.json")));
    }

    private void refused(String kind, String sentence, String job, String id, String task) throws Exception {
        Files.write(new File(files, "answers/old.zip"), new byte[] {1}, false);
        Refusal refusal = assertThrows(Refusal.class, () -> run(job, id, task));
        assertEquals(kind, refusal.kind);
        assertTrue(refusal.getMessage(), refusal.getMessage().startsWith(sentence));
        Map<?, ?> marker = marker(files);
        assertEquals("refused", marker.get("state"));
        assertEquals(kind, marker.get("phase"));
        assertEquals(refusal.getMessage(), marker.get("sentence"));
        assertEquals(marker, marker(external));
        assertFalse(new File(files, "answers").exists());
    }

    @Test
    public void arguments() throws Exception {
        String job = Golden.job(folder.newFolder().toPath()).getPath();
        refused("arguments", "the arguments job (a folder) and id are needed", null, "golden", null);
        refused("arguments", "the arguments job (a folder) and id are needed", job, null, null);
        refused("arguments", "id '../x' is no file name", job, "../x", null);
        refused("arguments", "task 'walk' is neither run nor probe", job, "golden", "walk");
    }

    @Test
    public void files() throws Exception {
        refused("files", "the app cannot read job.json: ", new File(files, "nowhere").getPath(), "golden", null);
        File job = folder.newFolder();
        assertTrue(new File(job, "job.json").mkdir());
        refused("files", "the app cannot read job.json: ", job.getPath(), "golden", null);
    }

    @Test
    public void jobAndVersion() throws Exception {
        String job = Golden.job(folder.newFolder().toPath()).getPath();
        refused("job", "job.json: id: this is job 'golden', asked for was 'other'", job, "other", null);
        job = Golden.job(folder.newFolder().toPath(), "\"threads\"", "\"thread\"").getPath();
        refused("job", "job.json: cases[0].thread: unknown key, did you mean 'threads'?", job, "golden", null);
        job = Golden.job(folder.newFolder().toPath(), "\"version\": 2", "\"version\": 3").getPath();
        refused("version", "job.json: version: format 3 is newer than this edgekit reads (up to 2)", job, "golden",
                null);
    }

    @Test
    public void anAnswerThatCannotBeWritten() throws Exception {
        String job = Golden.job(folder.newFolder().toPath(), NO_RUNTIME).getPath();
        files = folder.newFile();  // a folder that is none
        Refusal refusal = assertThrows(Refusal.class, () -> run(job, "golden", null));
        assertEquals("answer", refusal.kind);
        assertEquals("answer", marker(external).get("phase"));
        assertFalse(new File(external, "answers").exists());
    }

    @Test
    public void theAnswerLiesInBothFoldersAndAloneThere() throws Exception {
        File job = Golden.job(folder.newFolder().toPath(), NO_RUNTIME);
        Files.write(new File(external, "answers/old.zip"), new byte[] {1}, false);
        Answer answer = run(job.getPath(), "golden", "run");
        assertEquals(new File(files, "answers/golden.zip"), answer.file);
        assertEquals(answer.file.length(), answer.bytes);
        assertArrayEquals(Files.read(answer.file), Files.read(new File(external, "answers/golden.zip")));
        assertArrayEquals(new String[] {"golden.zip"}, new File(external, "answers").list());
        assertEquals(Files.sha256(new File(files, "answers/golden.zip")), answer.sha256);
        assertEquals("done", marker(files).get("state"));
        assertFalse(new File(files, "work").exists());
        Launched launched = Launched.of(answer);
        assertEquals("golden", launched.run.get("job"));
        assertEquals("unsupported", launched.at(0, "status"));
        assertEquals("this runner has no runtime torch", launched.at(1, "reason"));
        assertEquals(1L, launched.at(0, "threads.asked"));
        assertEquals("torch", ((Map<?, ?>) launched.run.get("environment")).get("runtime"));
        assertEquals("", ((Map<?, ?>) launched.run.get("environment")).get("runtime_version"));
    }

    @Test
    public void aCopyThatCannotBeWrittenIsLeftOut() throws Exception {
        File job = Golden.job(folder.newFolder().toPath(), NO_RUNTIME);
        external = folder.newFile();
        Answer answer = run(job.getPath(), "golden", null);
        assertEquals(new File(files, "answers/golden.zip"), answer.file);
        assertEquals("golden", Launched.of(answer).run.get("job"));
    }

    @Test
    public void aCaseThatFailsDoesNotEndTheOthers() throws Exception {
        String image = "ed7b5c708a62bc973e9855720a529fe7158ec18d8203d30896ff90ff30e153c0";
        File job = Golden.job(folder.newFolder().toPath(),
                "\"file\": \"float.tflite\"", "\"file\": \"../float.tflite\"",
                "\"sha256\": \"" + image, "\"sha256\": \"0000" + image.substring(4));
        Launched launched = Launched.of(run(job.getPath(), "golden", null));
        assertEquals("failed", launched.at(0, "status"));
        assertEquals("file name '../float.tflite' leaves the job's folder", launched.at(0, "reason"));
        assertEquals("failed", launched.at(1, "status"));
        assertEquals("images.bin has sha256 ed7b5c708a62bc97..., the job says 00005c708a62bc97...",
                launched.at(1, "reason"));
    }

    /** A heap or a stack that is full inside a case is the case's failure, not the process's end. */
    @Test
    public void errorsOfTheMachineAreFailures() throws Exception {
        File job = Golden.job(folder.newFolder().toPath());
        for (Error error : new Error[] {new StackOverflowError(), new OutOfMemoryError("Java heap space")}) {
            Phone phone = new JvmPhone(files, external, new DelegateLog.Source() {
                @Override
                public void write(String line) {
                    throw error;
                }

                @Override
                public String text() {
                    return "";
                }
            });
            Launched launched = Launched.of(new Launch(phone).run(job.getPath(), "golden", null));
            assertEquals("failed", launched.at(0, "status"));
            assertEquals(error.getMessage() == null ? "StackOverflowError" : "OutOfMemoryError: Java heap space",
                    launched.at(0, "reason"));
        }
    }

    @Test
    public void piecesOf48KiB() throws Exception {
        File work = folder.newFolder();
        byte[] noise = new byte[100_000];
        new Random(0).nextBytes(noise);
        Files.write(new File(work, "outputs/c-0.bin"), noise, false);
        Answer answer = Answer.write("a", work, Arrays.asList(files));
        assertEquals((answer.bytes + 49151) / 49152, answer.parts());
        assertEquals(3, answer.parts());
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (int part = 0; part < answer.parts(); part++) {
            assertFalse(answer.part(part).contains("\n"));
            joined.write(Base64.getDecoder().decode(answer.part(part)));
        }
        assertArrayEquals(Files.read(answer.file), joined.toByteArray());
        assertArrayEquals(noise, Launched.of(answer).files.get("outputs/c-0.bin"));
        byte[] large = new byte[9 * 1024 * 1024];
        new Random(0).nextBytes(large);
        Files.write(new File(work, "outputs/c-0.bin"), large, false);
        assertEquals(0, Answer.write("a", work, Arrays.asList(files)).parts());
    }
}
