package dev.edgekit.runner;

import java.io.File;
import java.util.Map;
import java.util.TreeMap;

/** A stand-in for a phone on a plain JVM: what it cannot know is null. */
class JvmPhone implements Phone {
    private final File files;
    private final File external;
    private final DelegateLog.Source log;

    JvmPhone(File files, File external, DelegateLog.Source log) {
        this.files = files;
        this.external = external;
        this.log = log;
    }

    @Override
    public File filesDir() {
        return files;
    }

    @Override
    public File externalDir() {
        return external;
    }

    @Override
    public int pid() {
        return (int) ProcessHandle.current().pid();
    }

    @Override
    public String appVersion() {
        return "jvm";
    }

    @Override
    public String system() {
        return "Android on a JVM";
    }

    @Override
    public String machine() {
        return "x86_64";
    }

    @Override
    public String[] abis() {
        return new String[] {"x86_64"};
    }

    @Override
    public String cpu() {
        return "";
    }

    @Override
    public String device() {
        return "edgekit JVM";
    }

    @Override
    public boolean emulator() {
        return true;
    }

    @Override
    public Map<String, String> versions() {
        return new TreeMap<>(Map.of("java", System.getProperty("java.version")));
    }

    @Override
    public Integer thermalStatus() {
        return null;
    }

    @Override
    public Integer batteryPercent() {
        return null;
    }

    @Override
    public Integer batteryDecicelsius() {
        return null;
    }

    @Override
    public Boolean foreground() {
        return false;
    }

    @Override
    public DelegateLog.Source log() {
        return log;
    }
}
