"""`dumpsys SERVICE`, as far as a host reads it, in Android 14's format."""

import time

from phone.call import Call
from phone.components import short
from phone.packages import Package
from phone.phone import Phone

_LABELS = ("NONE", "LIGHT", "MODERATE", "SEVERE", "CRITICAL", "EMERGENCY", "SHUTDOWN")


def dumpsys(phone: Phone, call: Call) -> int:
    """Only the services of the table; any other is not there, which is exit code 0 on a phone too."""
    words = call.words[1:]
    if not words:
        call.out("Currently running services:\n" + "".join(f"  {name}\n" for name in sorted(SERVICES)))
        return 0
    name, *rest = words
    if name not in SERVICES:
        call.err(f"Can't find service: {name}\n")
        return 0
    if call.uid >= 10000:
        call.out(
            f"Permission Denial: can't dump {name} from from pid={call.pid}, uid={call.uid} due to missing "
            "android.permission.DUMP permission\n"
        )
        return 0
    call.out(SERVICES[name](phone, rest))
    return 0


def _battery(phone: Phone, words: list[str]) -> str:
    faults = phone.state.faults
    return (
        "Current Battery Service state:\n  AC powered: false\n  USB powered: true\n  Wireless powered: false\n"
        "  Dock powered: false\n  Max charging current: 500000\n  Max charging voltage: 5000000\n"
        "  Charge counter: 3000000\n  status: 2\n  health: 2\n  present: true\n"
        f"  level: {faults.battery_percent}\n  scale: 100\n  voltage: 4200\n"
        f"  temperature: {faults.battery_decicelsius}\n  technology: Li-ion\n"
    )


def _thermal(phone: Phone, words: list[str]) -> str:
    status = phone.state.faults.thermal_status
    degrees = phone.state.faults.battery_decicelsius / 10
    listed = f"\tTemperature{{mValue={degrees}, mType=3, mName=skin, mStatus={status}}}\n"
    ready = phone.state.faults.thermal_ready
    return (
        f"IsStatusOverride: false\nThermalEventListeners:\n\tcallbacks: 1\n\tkilled: false\n\tbroadcasts count: -1\n"
        f"ThermalStatusListeners:\n\tcallbacks: 1\n\tkilled: false\n\tbroadcasts count: -1\n"
        f"Thermal Status: {status}\nCached temperatures:\n{listed if ready else ''}HAL Ready: {str(ready).lower()}\n"
        + ("HAL connection:\n\tThermalHAL 2.0 connected: yes\n" if ready else "")
        + (f"Current temperatures from HAL:\n{listed}" if ready else "")
        + "Current cooling devices from HAL:\n"
    )


def _power(phone: Phone, words: list[str]) -> str:
    awake = phone.state.awake
    low = phone.state.settings["global"].get("low_power") == "1"
    held = any(process.screen_on for process in phone.processes.alive())
    return (
        f"POWER MANAGER (dumpsys power)\n\nPower Manager State:\n  mDirty=0x0\n"
        f"  mWakefulness={'Awake' if awake else 'Asleep'}\n  mWakefulnessChanging=false\n"
        f"  mIsPowered=true\n  mPlugType=2\n"
        f"  mBatteryLevel={phone.state.faults.battery_percent}\n"
        f"  mStayOnWhilePluggedInSetting={phone.state.settings['global'].get('stay_on_while_plugged_in', '0')}\n"
        f"\nBattery Saver:\n  mIsLowPowerModeEnabled={str(low).lower()}\n"
        f"\nDisplay Power: state={'ON' if awake else 'OFF'}\n"
        f"\nWake Locks: size={int(held)}\n"
        + ("  SCREEN_BRIGHT_WAKE_LOCK        'WindowManager' ACQ=-1s (uid=1000)\n" if held else "")
    )


def _stamp(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(when))


def _package(phone: Phone, words: list[str]) -> str:
    name = words[-1] if words else ""
    package = phone.packages.get(name)
    if package is None:
        return f"Unable to find package: {name}\n" if name else "Packages:\n"
    return "Packages:\n" + _one_package(phone, package)


def _one_package(phone: Phone, package: Package) -> str:
    apk = package.apk
    flags = "DEBUGGABLE HAS_CODE" if apk.debuggable else "HAS_CODE"
    return (
        f"  Package [{package.name}] ({int(apk.sha256[:7], 16):x}):\n    appId={package.uid}\n"
        f"    pkg=Package{{{apk.sha256[:7]} {package.name}}}\n    codePath={package.code}\n"
        f"    resourcePath={package.code}\n    legacyNativeLibraryDir={package.code}/lib\n"
        f"    extractNativeLibs=false\n    primaryCpuAbi={'x86_64' if apk.abis else 'null'}\n    secondaryCpuAbi=null\n"
        f"    versionCode={apk.version_code} minSdk={apk.min_sdk} targetSdk={apk.target_sdk}\n"
        f"    versionName={phone.state.faults.version_name or apk.version_name}\n    usesNonSdkApi=false\n"
        f"    apkSigningVersion=3\n    flags=[ {flags} ]\n    dataDir=/data/user/0/{package.name}\n"
        f"    timeStamp={_stamp(package.updated)}\n    lastUpdateTime={_stamp(package.updated)}\n"
        f"    signatures=PackageSignatures{{{apk.signer[:7]} version:3, signatures:[{apk.signer[:8]}], "
        "past signatures:[]}\n"
        f"    User 0: ceDataInode=1 installed=true hidden=false suspended=false stopped=false enabled=0 instant=false\n"
        f"      firstInstallTime={_stamp(package.installed)}\n"
    )


def _activity(phone: Phone, words: list[str]) -> str:
    if words[:1] == ["exit-info"]:
        text = "ACTIVITY MANAGER PROCESS EXIT INFO (dumpsys activity exit-info)\n"
        text += "Last Timestamp of Persistence Into Persistent Storage: 1970-01-01 00:00:00.000\n"
        for name in sorted(phone.processes.exits):
            if len(words) < 2 or words[1] == name:
                exits = phone.processes.exits[name]
                text += f"  package: {name}\n    Historical Process Exit for uid={exits[0].uid}\n"
                text += "".join(ended.shown(number) for number, ended in enumerate(exits))
        return text
    if words[:1] in (["processes"], ["p"]):
        text = "ACTIVITY MANAGER RUNNING PROCESSES (dumpsys activity processes)\n"
        for process in phone.processes.alive():
            record = f"ProcessRecord{{0 {process.pid}:{process.name}/u0a{process.uid - 10000}}}"
            text += f"  *APP* UID {process.uid} {record}\n"
        return text
    text = "ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)\nDisplay #0 (activities from top to bottom):\n"
    for process in phone.processes.alive():
        if process.activity:
            text += f"  topResumedActivity=ActivityRecord{{0 u0 {short(process.name, process.activity)} t1}}\n"
    return text


def _window(phone: Phone, words: list[str]) -> str:
    shown = next((process for process in phone.processes.alive() if process.activity), None)
    focus = "null"
    if shown is not None and phone.state.awake:
        focus = f"Window{{0 u0 {shown.name}/{shown.activity}}}"
    held = "true" if shown is not None and shown.screen_on else "false"
    return (
        f"WINDOW MANAGER WINDOWS (dumpsys window windows)\n  mCurrentFocus={focus}\n  mFocusedApp={focus}\n"
        f"  mHoldScreenWindow={focus if held == 'true' else 'null'}\n  isKeyguardShowing=false\n"
        f"  mAwake={str(phone.state.awake).lower()}\n"
    )


def _meminfo(phone: Phone, words: list[str]) -> str:
    name = words[-1] if words else ""
    process = next((item for item in phone.processes.alive() if name in (item.name, str(item.pid))), None)
    if process is None:
        return f"No process found for: {name}\n"
    fields = {}
    for line in (phone.root / f"proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]:
        key, _, value = line.partition(":")
        fields[key] = int(value.split()[0])
    return (
        f"Applications Memory Usage (in Kilobytes):\nUptime: 0 Realtime: 0\n\n"
        f"** MEMINFO in pid {process.pid} [{process.name}] **\n App Summary\n"
        f"           TOTAL PSS: {fields['Pss']:8d}            TOTAL RSS: {fields['Rss']:8d}"
        f"       TOTAL SWAP (KB): {0:8d}\n"
    )


SERVICES = {
    "activity": _activity,
    "battery": _battery,
    "meminfo": _meminfo,
    "package": _package,
    "power": _power,
    "thermalservice": _thermal,
    "window": _window,
}
