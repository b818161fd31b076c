package dev.edgekit.runner;

import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.pm.PackageManager;
import android.os.BatteryManager;
import android.os.Build;
import android.os.PowerManager;
import android.os.Process;

import java.io.File;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A phone, or an emulator, seen by this app. */
final class AndroidPhone implements Phone {
    private final Context context;

    AndroidPhone(Context context) {
        this.context = context;
    }

    @Override
    public File filesDir() {
        return context.getFilesDir();
    }

    @Override
    public File externalDir() {
        return context.getExternalFilesDir(null);
    }

    @Override
    public int pid() {
        return Process.myPid();
    }

    @Override
    public String appVersion() {
        try {
            String name = context.getPackageManager().getPackageInfo(context.getPackageName(), 0).versionName;
            return name == null ? "" : name;
        } catch (PackageManager.NameNotFoundException error) {
            return "";  // no app runs without its own package
        }
    }

    @Override
    public String system() {
        return "Android " + Build.VERSION.RELEASE + " (SDK " + Build.VERSION.SDK_INT + ")";
    }

    @Override
    public String machine() {
        String[] abis = Process.is64Bit() ? Build.SUPPORTED_64_BIT_ABIS : Build.SUPPORTED_32_BIT_ABIS;
        return abis.length > 0 ? abis[0] : System.getProperty("os.arch", "");
    }

    @Override
    public String[] abis() {
        return Build.SUPPORTED_ABIS;
    }

    @Override
    @NewerAndroid
    public String cpu() {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S && !Build.UNKNOWN.equals(Build.SOC_MODEL)) {
            return Build.UNKNOWN.equals(Build.SOC_MANUFACTURER) ? Build.SOC_MODEL
                    : Build.SOC_MANUFACTURER + " " + Build.SOC_MODEL;
        }
        return "";
    }

    @Override
    public String device() {
        return Build.MANUFACTURER + " " + Build.MODEL;
    }

    @Override
    public boolean emulator() {
        return Build.FINGERPRINT.startsWith("generic") || Build.FINGERPRINT.contains("/sdk_")
                || Build.HARDWARE.equals("goldfish") || Build.HARDWARE.equals("ranchu")
                || Build.HARDWARE.contains("cutf") || set("ro.boot.qemu") || set("ro.kernel.qemu");
    }

    private static boolean set(String property) {
        try {
            return AndroidLog.said("getprop", property).trim().equals("1");
        } catch (IOException error) {
            return false;
        }
    }

    @Override
    public Map<String, String> versions() {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("sdk", Integer.toString(Build.VERSION.SDK_INT));
        versions.put("fingerprint", Build.FINGERPRINT);
        return versions;
    }

    @Override
    @NewerAndroid
    public Integer thermalStatus() {
        PowerManager power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
        return Build.VERSION.SDK_INT < Build.VERSION_CODES.Q || power == null ? null
                : Integer.valueOf(power.getCurrentThermalStatus());
    }

    @Override
    public Integer batteryPercent() {
        int level = battery(BatteryManager.EXTRA_LEVEL);
        int scale = battery(BatteryManager.EXTRA_SCALE);
        return level < 0 || scale <= 0 ? null : Integer.valueOf(level * 100 / scale);
    }

    @Override
    public Integer batteryDecicelsius() {
        int temperature = battery(BatteryManager.EXTRA_TEMPERATURE);
        return temperature == Integer.MIN_VALUE ? null : Integer.valueOf(temperature);
    }

    /** From the battery's sticky broadcast; Integer.MIN_VALUE where it does not say. */
    private int battery(String extra) {
        Intent battery = context.registerReceiver(null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
        return battery == null ? Integer.MIN_VALUE : battery.getIntExtra(extra, Integer.MIN_VALUE);
    }

    @Override
    public Boolean foreground() {
        return RunActivity.inFront();
    }

    @Override
    public DelegateLog.Source log() {
        return new AndroidLog(pid());
    }
}
