package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;

import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class FilesTest {
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private static Job.FileRef reference(String file, String sha256, int size) throws JobError {
        return new Job.FileRef("", Json.parse(("{\"file\":\"" + file + "\",\"sha256\":\"" + sha256
                + "\",\"size_bytes\":" + size + "}").getBytes(StandardCharsets.UTF_8)));
    }

    private String failure(String file, String sha256, int size) {
        NotOk error = assertThrows(NotOk.class, () -> Files.checked(reference(file, sha256, size), folder.getRoot()));
        assertEquals("failed", error.status);
        return error.getMessage();
    }

    @Test
    public void namesThatLeaveTheFolder() {
        for (String name : new String[] {"", "/etc/passwd", "..", "../x", "a/../../x", "a/..", "a\\b", "a\0b"}) {
            NotOk error = assertThrows(name, NotOk.class, () -> Files.safe(name, folder.getRoot()));
            assertTrue(error.getMessage(), error.getMessage().endsWith(" leaves the job's folder"));
        }
        assertEquals("file name '../x' leaves the job's folder", failure("../x", ABC, 3));
    }

    @Test
    public void namesInside() throws Exception {
        assertEquals(new File(folder.getRoot(), "a/b..c"), Files.safe("a/b..c", folder.getRoot()));
    }

    @Test
    public void presentSizeAndHash() throws Exception {
        File file = new File(folder.getRoot(), "in/abc");
        assertEquals("in/abc is not there", failure("in/abc", ABC, 3));
        Files.write(file, "abc".getBytes(StandardCharsets.US_ASCII), true);
        assertEquals(file, Files.checked(reference("in/abc", ABC, 3), folder.getRoot()));
        assertEquals("in/abc has 3 bytes, the job says 4", failure("in/abc", ABC, 4));
        assertEquals("in/abc has sha256 ba7816bf8f01cfea..., the job says 0000...", failure("in/abc", "0000", 3));
        assertEquals("in is not there", failure("in", ABC, 3));
    }

    @Test
    public void writtenWholeOrNotAtAll() throws Exception {
        File file = new File(folder.getRoot(), "new/file");
        Files.write(file, new byte[] {1, 2}, true);
        Files.write(file, new byte[] {3}, false);
        assertArrayEquals(new byte[] {3}, Files.read(file));
        assertArrayEquals(new String[] {"file"}, file.getParentFile().list());
        File half = new File(file.getParentFile(), "half");
        assertThrows(java.io.IOException.class, () -> Files.write(half, true, output -> {
            output.write(1);
            throw new java.io.IOException("no space left");
        }));
        assertArrayEquals(new String[] {"file"}, file.getParentFile().list());
        File blocked = new File(file, "below-a-file");
        assertThrows(java.io.IOException.class, () -> Files.write(blocked, new byte[] {1}, true));
    }

    @Test
    public void removesFolders() throws Exception {
        Files.write(new File(folder.getRoot(), "a/b/c"), new byte[] {1}, false);
        Files.remove(new File(folder.getRoot(), "a"));
        assertFalse(new File(folder.getRoot(), "a").exists());
        Files.remove(new File(folder.getRoot(), "never-there"));
    }
}
