package dev.edgekit.runner;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Application;
import android.content.ComponentName;
import android.content.Context;
import android.content.Intent;
import android.content.pm.ActivityInfo;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.os.BatteryManager;
import android.os.PowerManager;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowBuild;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What Android says of a phone, and what the manifest says of the app. */
@RunWith(ManifestRunner.class)
@Config(sdk = 34)
public class AndroidPhoneTest {
    private static final String ANDROID = "http://schemas.android.com/apk/res/android";

    private final Application context = RuntimeEnvironment.getApplication();
    private final AndroidPhone phone = new AndroidPhone(context);

    @Test
    @SuppressWarnings("deprecation")
    public void batteryAndHeat() {
        assertNull(phone.batteryPercent());
        assertNull(phone.batteryDecicelsius());
        context.sendStickyBroadcast(new Intent(Intent.ACTION_BATTERY_CHANGED).putExtra(BatteryManager.EXTRA_LEVEL, 40)
                .putExtra(BatteryManager.EXTRA_SCALE, 50).putExtra(BatteryManager.EXTRA_TEMPERATURE, 271));
        assertEquals(Integer.valueOf(80), phone.batteryPercent());
        assertEquals(Integer.valueOf(271), phone.batteryDecicelsius());
        shadowOf((PowerManager) context.getSystemService(Context.POWER_SERVICE))
                .setCurrentThermalStatus(PowerManager.THERMAL_STATUS_MODERATE);
        assertEquals(Integer.valueOf(2), phone.thermalStatus());
    }

    @Test
    public void namesAndEmulators() {
        ShadowBuild.setManufacturer("Google");
        ShadowBuild.setModel("Pixel 8");
        ShadowBuild.setFingerprint("google/shiba/shiba:14/UD1A/1:user/release-keys");
        ShadowBuild.setHardware("shiba");
        assertEquals("Google Pixel 8", phone.device());
        assertEquals("0.0.7", phone.appVersion());
        assertEquals("Android 14 (SDK 34)", phone.system());
        assertEquals("google/shiba/shiba:14/UD1A/1:user/release-keys", phone.versions().get("fingerprint"));
        assertFalse(phone.emulator());
        ShadowBuild.setHardware("ranchu");
        assertTrue(phone.emulator());
        ShadowBuild.setHardware("shiba");
        ShadowBuild.setFingerprint("google/sdk_gphone64_x86_64/emu64xa:14/UE1A/1:userdebug/dev-keys");
        assertTrue(phone.emulator());
    }

    @Test
    public void onlyTheShellCanStartIt() throws Exception {
        PackageManager packages = context.getPackageManager();
        ActivityInfo activity = packages.getActivityInfo(new ComponentName(context, RunActivity.class), 0);
        assertTrue(activity.exported);
        assertEquals("android.permission.DUMP", activity.permission);
        PackageInfo app = packages.getPackageInfo("dev.edgekit.runner", PackageManager.GET_PERMISSIONS
                | PackageManager.GET_ACTIVITIES | PackageManager.GET_SERVICES | PackageManager.GET_RECEIVERS
                | PackageManager.GET_PROVIDERS);
        assertNull(app.requestedPermissions);
        assertEquals(1, app.activities.length);
        assertNull(app.services);
        assertNull(app.receivers);
        assertNull(app.providers);
        assertEquals(34, app.applicationInfo.targetSdkVersion);
        assertEquals(26, app.applicationInfo.minSdkVersion);
        assertTrue((app.applicationInfo.flags & ApplicationInfo.FLAG_DEBUGGABLE) != 0);
        assertFalse((app.applicationInfo.flags & ApplicationInfo.FLAG_ALLOW_BACKUP) != 0);
        Intent launcher = packages.getLaunchIntentForPackage("dev.edgekit.runner");
        assertNull(launcher);
    }

    @Test
    public void theManifestsOwnWords() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Element root = factory.newDocumentBuilder().parse(new File("src/main/AndroidManifest.xml"))
                .getDocumentElement();
        NodeList libraries = root.getElementsByTagName("uses-native-library");
        List<String> names = new ArrayList<>();
        for (int i = 0; i < libraries.getLength(); i++) {
            names.add(((Element) libraries.item(i)).getAttributeNS(ANDROID, "name"));
            assertEquals("false", ((Element) libraries.item(i)).getAttributeNS(ANDROID, "required"));
        }
        assertEquals(Arrays.asList("libOpenCL.so", "libOpenCL-car.so", "libOpenCL-pixel.so"), names);
        Element instrumentation = (Element) root.getElementsByTagName("instrumentation").item(0);
        assertEquals(".RunInstrumentation", instrumentation.getAttributeNS(ANDROID, "name"));
        assertEquals("dev.edgekit.runner", instrumentation.getAttributeNS(ANDROID, "targetPackage"));
        Element application = (Element) root.getElementsByTagName("application").item(0);
        assertEquals("false", application.getAttributeNS(ANDROID, "extractNativeLibs"));
        assertArrayEquals(new int[] {0, 0}, new int[] {
            root.getElementsByTagName("uses-permission").getLength(),
            root.getElementsByTagName("intent-filter").getLength()});
        assertFalse(root.hasAttributeNS(ANDROID, "versionCode"));
    }
}
