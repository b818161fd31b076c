package dev.edgekit.runner;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.util.Map;

import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** The probe with the real library: what this machine lacks is said, each with its reason. */
public class ProbeTest {
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private Map<?, ?> probe(File job) throws Exception {
        Phone phone = new JvmPhone(folder.newFolder(), null, ShimLog.ofThisProcess());
        Answer answer = new Launch(phone).run(job.getPath(), "p1", "probe");
        Launched launched = Launched.of(answer);
        assertNull(launched.run);
        return (Map<?, ?>) Json.parse(launched.files.get("probe.json"));
    }

    private static Object at(Map<?, ?> probe, String place) {
        Object value = probe;
        for (String key : place.split(">")) {
            value = ((Map<?, ?>) value).get(key);
        }
        return value;
    }

    @Test
    public void aFolderWithBothFiles() throws Exception {
        File job = folder.newFolder();
        Files.write(new File(job, "probe.bin"), "abc".getBytes("UTF-8"), false);
        Files.write(new File(job, "probe.tflite"), Files.read(Golden.folder("runner/float.tflite").toFile()), false);
        Map<?, ?> probe = probe(job);
        assertEquals("edgekit.probe", probe.get("schema"));
        assertEquals("p1", probe.get("id"));
        assertEquals(true, at(probe, "folder>readable"));
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", at(probe, "folder>sha256"));
        assertEquals(true, at(probe, "readable>/proc/self/status"));
        assertEquals(true, at(probe, "readable>/proc/self/task"));
        assertEquals(true, probe.get("log_readable"));
        assertEquals(4096L, probe.get("page_bytes"));
        assertEquals("{made=true, reason=, nodes=3, delegated=3}", at(probe, "delegates>cpu").toString());
        assertEquals("{made=true, reason=, nodes=3, delegated=3}", at(probe, "delegates>cpu-default").toString());
        assertEquals("{made=true, reason=, nodes=3, delegated=0}", at(probe, "delegates>nnapi").toString());
        assertEquals(false, at(probe, "delegates>gpu>made"));
        assertTrue((String) at(probe, "delegates>gpu>reason"), at(probe, "delegates>gpu>reason").toString()
                .startsWith("the GPU delegate"));
        assertTrue((Long) at(probe, "threads>2>after") > (Long) at(probe, "threads>2>before"));
        assertEquals("", at(probe, "threads>1>reason"));
    }

    @Test
    public void aFolderThatCannotBeRead() throws Exception {
        Map<?, ?> probe = probe(new File(folder.getRoot(), "nowhere"));
        assertEquals(false, at(probe, "folder>readable"));
        assertNull(at(probe, "folder>sha256"));
        assertTrue(at(probe, "folder>reason").toString().contains("No such file"));
        assertEquals("{made=true, reason=, nodes=null, delegated=null}", at(probe, "delegates>cpu").toString());
        assertNull(probe.get("threads"));
    }

    /** The marker says what is tried, so that a delegate that ends the process is known by name. */
    @Test
    public void theMarkerNamesTheDelegate() throws Exception {
        File out = folder.newFolder();
        File job = folder.newFolder();
        Files.write(new File(job, "probe.tflite"), Files.read(Golden.folder("runner/float.tflite").toFile()), false);
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        ShimLog log = ShimLog.ofThisProcess();
        Phone phone = new JvmPhone(out, null, new DelegateLog.Source() {
            @Override
            public void write(String line) {
                try {
                    seen.write(Files.read(new File(out, "marker.json")));
                } catch (java.io.IOException error) {
                    throw new IllegalStateException(error);
                }
                log.write(line);
            }

            @Override
            public String text() throws java.io.IOException {
                return log.text();
            }
        });
        new Launch(phone).run(job.getPath(), "p1", "probe");
        String text = seen.toString("UTF-8");
        for (String name : new String[] {"cpu", "cpu-default", "nnapi"}) {
            assertTrue(name, text.contains("\"case\":\"probe-" + name + "\",\"phase\":\"model_build\""));
        }
    }
}
