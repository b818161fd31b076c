package dev.edgekit.runner;

import java.io.File;
import java.io.IOException;
import java.util.Properties;

import org.junit.runners.model.InitializationError;
import org.robolectric.RobolectricTestRunner;

/** Robolectric with the app's real manifest, linked by aapt2 as in the APK (it reads no manifest that is text). */
public final class ManifestRunner extends RobolectricTestRunner {
    private static final String MANIFEST = "src/main/AndroidManifest.xml";
    private static final String FRAMEWORK = "/usr/share/android-framework-res/framework-res.apk";
    private static File linked;

    public ManifestRunner(Class<?> test) throws InitializationError {
        super(test);
    }

    @Override
    protected Properties getBuildSystemApiProperties() {
        Properties properties = new Properties();
        properties.setProperty("android_merged_manifest", MANIFEST);
        properties.setProperty("android_resource_apk", linked().getPath());
        return properties;
    }

    private static synchronized File linked() {
        if (linked != null) {
            return linked;
        }
        try {
            linked = File.createTempFile("edgekit-manifest", ".apk");
            linked.deleteOnExit();
            Process aapt2 = new ProcessBuilder("aapt2", "link", "--warn-manifest-validation", "--version-code", "7",
                    "--version-name", "0.0.7", "-I", FRAMEWORK, "--manifest", MANIFEST, "-o", linked.getPath())
                    .redirectErrorStream(true).start();
            String said = new String(Files.read(aapt2.getInputStream()), "UTF-8");
            if (aapt2.waitFor() != 0) {
                throw new IllegalStateException("aapt2: " + said);
            }
            return linked;
        } catch (IOException | InterruptedException error) {
            throw new IllegalStateException("aapt2 links the manifest", error);
        }
    }
}
