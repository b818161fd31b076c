package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipFile;

import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** Answers that are larger than the heap, and a heap that is full all the same. */
public class AnswerTest {
    private static final int HEAP_MB = 16;

    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    /** WORK OUT COPY: packs WORK into both folders, in a heap of its own; prints bytes and sha256. */
    public static void main(String[] folders) throws Exception {
        assertTrue(Runtime.getRuntime().maxMemory() <= HEAP_MB << 20);
        Answer answer = Answer.write("a", new File(folders[0]),
                Arrays.asList(new File(folders[1]), new File(folders[2])));
        System.out.println(answer.bytes + " " + answer.sha256);
    }

    @Test
    public void anAnswerLargerThanTheHeap() throws Exception {
        File work = folder.newFolder();
        byte[] noise = new byte[3 * HEAP_MB << 20];
        new Random(0).nextBytes(noise);
        Files.write(new File(work, "outputs/c-0.bin"), noise, false);
        File out = folder.newFolder();
        File copy = folder.newFolder();
        Process process = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xmx" + HEAP_MB + "m",
                "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), AnswerTest.class.getName(),
                work.getPath(), out.getPath(), copy.getPath()).redirectErrorStream(true).start();
        String said = new String(Files.read(process.getInputStream()), "UTF-8").trim();
        assertEquals(said, 0, process.waitFor());
        File zip = new File(out, "answers/a.zip");
        assertTrue(zip.length() > noise.length);
        assertEquals(zip.length() + " " + Files.sha256(zip), said);
        assertEquals(Files.sha256(zip), Files.sha256(new File(copy, "answers/a.zip")));
        assertArrayEquals(new String[] {"a.zip"}, zip.getParentFile().list());
        try (ZipFile file = new ZipFile(zip)) {
            assertArrayEquals(noise, Files.read(file.getInputStream(file.getEntry("outputs/c-0.bin"))));
        }
    }

    @Test
    public void aHeapThatIsFullWhenTheCasesAreOverIsNoCasesFault() throws Exception {
        File files = folder.newFolder();
        File job = Golden.job(folder.newFolder().toPath(), "\"runtime\": \"litert\"", "\"runtime\": \"torch\"");
        Phone phone = new JvmPhone(files, null, null) {
            @Override
            public String device() {
                throw new OutOfMemoryError("Java heap space");
            }
        };
        for (String task : new String[] {"run", "probe"}) {
            Refusal refusal = assertThrows(Refusal.class, () -> new Launch(phone).run(job.getPath(), "golden", task));
            assertEquals("answer", refusal.kind);
            assertEquals("the answer cannot be written: the app's memory is full (OutOfMemoryError: Java heap space)",
                    refusal.getMessage());
            Map<?, ?> marker = (Map<?, ?>) Json.parse(Files.read(new File(files, "marker.json")));
            assertEquals("refused", marker.get("state"));
            assertEquals("answer", marker.get("phase"));
            assertFalse(new File(files, "work").exists());
        }
    }
}
