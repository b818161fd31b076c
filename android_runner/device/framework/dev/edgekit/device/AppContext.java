package dev.edgekit.device;

import android.content.BroadcastReceiver;
import android.content.ComponentName;
import android.content.Context;
import android.content.ContextWrapper;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.os.BatteryManager;
import android.os.Bundle;
import android.os.Looper;
import android.os.PowerManager;

import java.io.File;

import org.json.JSONException;
import org.json.JSONObject;

/** The context of an installed package. What is not here has nothing behind it and is a NullPointerException. */
final class AppContext extends ContextWrapper {
    private final ApplicationInfo application = new ApplicationInfo();
    private final PackageInfo installed = new PackageInfo();
    private final File data;
    private final File external;

    AppContext(JSONObject facts) throws JSONException {
        super(null);
        String code = facts.getString("code");
        data = new File("/data/user/0", facts.getString("package"));
        external = facts.isNull("external") ? null : new File(facts.getString("external"));
        application.packageName = facts.getString("package");
        application.processName = application.packageName;
        application.uid = facts.getInt("uid");
        application.targetSdkVersion = facts.getInt("target_sdk");
        application.sourceDir = code + "/base.apk";
        application.publicSourceDir = application.sourceDir;
        application.nativeLibraryDir = code + "/lib/x86_64";
        application.dataDir = data.getPath();
        application.flags = ApplicationInfo.FLAG_HAS_CODE
                | (facts.getBoolean("debuggable") ? ApplicationInfo.FLAG_DEBUGGABLE : 0);
        installed.packageName = application.packageName;
        installed.versionName = facts.getString("version_name");
        installed.versionCode = facts.getInt("version_code");
        installed.applicationInfo = application;
    }

    private static File made(File folder) {
        folder.mkdirs();
        return folder.isDirectory() ? folder : null;
    }

    @Override
    public String getPackageName() {
        return application.packageName;
    }

    @Override
    public String getOpPackageName() {
        return application.packageName;
    }

    @Override
    public ApplicationInfo getApplicationInfo() {
        return application;
    }

    @Override
    public Context getApplicationContext() {
        return this;
    }

    @Override
    public ClassLoader getClassLoader() {
        return AppContext.class.getClassLoader();
    }

    @Override
    public Looper getMainLooper() {
        return Looper.getMainLooper();
    }

    @Override
    public String getPackageCodePath() {
        return application.sourceDir;
    }

    @Override
    public File getDataDir() {
        return data;
    }

    @Override
    public File getFilesDir() {
        return made(new File(data, "files"));
    }

    @Override
    public File getCacheDir() {
        return made(new File(data, "cache"));
    }

    @Override
    public File getCodeCacheDir() {
        return made(new File(data, "code_cache"));
    }

    @Override
    public File getNoBackupFilesDir() {
        return made(new File(data, "no_backup"));
    }

    @Override
    public File getExternalFilesDir(String type) {
        return external == null ? null : made(type == null ? new File(external, "files") : new File(external, "files/" + type));
    }

    @Override
    public File[] getExternalFilesDirs(String type) {
        return new File[] {getExternalFilesDir(type)};
    }

    @Override
    public PackageManager getPackageManager() {
        return new PackageManager(installed);
    }

    @Override
    public Object getSystemService(String name) {
        return switch (name) {
            case POWER_SERVICE -> new PowerManager();
            case BATTERY_SERVICE -> new BatteryManager();
            default -> null;
        };
    }

    @Override
    public String getSystemServiceName(Class<?> kind) {
        return kind == PowerManager.class ? POWER_SERVICE : kind == BatteryManager.class ? BATTERY_SERVICE : null;
    }

    @Override
    public Intent registerReceiver(BroadcastReceiver receiver, IntentFilter filter) {
        if (receiver != null || !filter.hasAction(Intent.ACTION_BATTERY_CHANGED)) {
            throw new UnsupportedOperationException("this device sends no broadcasts but the battery's last one");
        }
        JSONObject battery = (JSONObject) Device.ask("battery");
        return new Intent(Intent.ACTION_BATTERY_CHANGED)
                .putExtra(BatteryManager.EXTRA_LEVEL, battery.optInt("level"))
                .putExtra(BatteryManager.EXTRA_SCALE, 100)
                .putExtra(BatteryManager.EXTRA_TEMPERATURE, battery.optInt("temperature"))
                .putExtra(BatteryManager.EXTRA_STATUS, BatteryManager.BATTERY_STATUS_CHARGING)
                .putExtra(BatteryManager.EXTRA_PLUGGED, BatteryManager.BATTERY_PLUGGED_USB);
    }

    @Override
    public void startActivity(Intent intent) {
        startActivity(intent, null);
    }

    @Override
    public void startActivity(Intent intent, Bundle options) {
        ComponentName target = intent.getComponent();
        if (target == null || !target.getPackageName().equals(getPackageName())) {
            throw new android.content.ActivityNotFoundException("No Activity found to handle " + intent);
        }
        Object problem = Device.ask("start_activity", "class", target.getClassName(), "extras",
                AppProcess.extras(intent.getExtras()));
        if (problem != null) {
            throw new android.content.ActivityNotFoundException((String) problem);
        }
    }

    @Override
    public int checkSelfPermission(String permission) {
        return PackageManager.PERMISSION_DENIED;
    }
}
