package dev.edgekit.runner;

import java.io.File;
import java.util.Map;

/** What only Android can say: AndroidPhone on a phone, a stand-in on a plain JVM. */
interface Phone {
    /** The app's own folder. */
    File filesDir();

    /** The app's folder on shared storage, or null where there is none. */
    File externalDir();

    int pid();

    /** versionName of this app. */
    String appVersion();

    /** {@code Android 15 (SDK 35)}. */
    String system();

    /** The ABI that this process runs as. */
    String machine();

    /** Every ABI that the phone runs, its favourite first. */
    String[] abis();

    /** The chip's name, or empty. */
    String cpu();

    /** Maker and model. */
    String device();

    boolean emulator();

    /** What else tells two phones apart: sdk, fingerprint. */
    Map<String, String> versions();

    /** Android's thermal status, 0 none to 6 shutdown; null before Android 10. */
    Integer thermalStatus();

    Integer batteryPercent();

    Integer batteryDecicelsius();

    /** Whether this app's activity is in front. */
    Boolean foreground();

    /** This process's own log. */
    DelegateLog.Source log();
}
