package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import java.io.File;
import java.util.Arrays;

import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

public class MarkerTest {
    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();

    private static String text(File folder) throws Exception {
        return new String(Files.read(new File(folder, "marker.json")), "UTF-8");
    }

    @Test
    public void everyChangeIsInEveryFolder() throws Exception {
        File one = folder.newFolder();
        File two = folder.newFolder();
        Marker marker = new Marker(Arrays.asList(one, two), 123);
        marker.begin("j1");
        marker.phase("c0", "model_build");
        String expected = "{\"id\":\"j1\",\"pid\":123,\"state\":\"running\",\"case\":\"c0\","
                + "\"phase\":\"model_build\",\"sentence\":\"\"}";
        assertEquals(expected, text(one));
        assertEquals(expected, text(two));
        marker.done();
        assertEquals("{\"id\":\"j1\",\"pid\":123,\"state\":\"done\",\"case\":\"\","
                + "\"phase\":\"done\",\"sentence\":\"\"}", text(one));
        assertArrayEquals(new String[] {"marker.json"}, one.list());
    }

    @Test
    public void aRefusalSaysItsKindAndWhy() throws Exception {
        File one = folder.newFolder();
        Marker marker = new Marker(Arrays.asList(one), 1);
        marker.begin("");
        marker.refused(new Refusal(Refusal.JOB, "job.json: \"id\": missing"));
        assertEquals("{\"id\":\"\",\"pid\":1,\"state\":\"refused\",\"case\":\"\",\"phase\":\"job\","
                + "\"sentence\":\"job.json: \\\"id\\\": missing\"}", text(one));
    }

    @Test
    public void aFolderThatTakesNothingDoesNotEndTheLaunch() throws Exception {
        File good = folder.newFolder();
        File blocked = new File(folder.newFile(), "below-a-file");
        Marker marker = new Marker(Arrays.asList(blocked, good), 1);
        marker.begin("j");
        marker.phase("", "answer");
        assertEquals(true, text(good).contains("\"phase\":\"answer\""));
    }
}
