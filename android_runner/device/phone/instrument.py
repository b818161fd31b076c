"""`am instrument`: a fresh process for an instrumentation, and what it says printed as Android prints it."""

from phone.activities import bind
from phone.call import Call, JavaError
from phone.components import component
from phone.phone import Phone
from phone.processes import AppProcess

_PLACE = "com.android.commands.am.Instrument.run(Instrument.java:532)"


def instrument(phone: Phone, call: Call) -> int:
    """`am instrument [-w] [-r] [-e KEY VALUE]... COMPONENT`"""
    wait = raw = False
    arguments: dict[str, str] = {}
    target = ""
    words = iter(call.words[2:])
    for word in words:
        if word in ("-w", "-r"):
            wait, raw = wait or word == "-w", raw or word == "-r"
        elif word == "-e":
            key = next(words, "")
            arguments[key] = next(words, "")
        elif word in ("-p", "--user", "--abi"):
            next(words, "")
        elif word.startswith("-") and word not in ("-f", "-m") and not word.startswith("--no-"):
            return _usage(call, f"Unknown option: {word}")
        elif not word.startswith("-"):
            target = word
    if not target:
        return _usage(call, 'Argument expected after "instrument"')
    if phone.state.faults.instrument:
        call.err(phone.state.faults.instrument + "\n")
        return 1
    try:
        package, name = _instrumentation(phone, target)
    except JavaError as error:
        if raw and wait:
            call.out(f"onError: commandError=true message={error.message}\n")
        return _usage(call, error.message)
    found = phone.packages.get(package)
    if found is None or name not in found.apk.instrumentations:
        full = f"{package}/{name}"
        if wait:
            call.out(
                f"INSTRUMENTATION_STATUS: Error=Unable to find instrumentation info for: ComponentInfo{{{full}}}\n"
                "INSTRUMENTATION_STATUS: id=ActivityManagerService\nINSTRUMENTATION_STATUS_CODE: -1\n"
            )
        failed = f"INSTRUMENTATION_FAILED: {full}"
        if raw and wait:
            call.out(f"onError: commandError=true message={failed}\n")
        call.err(JavaError("android.util.AndroidException", failed).trace(_PLACE))
        return 1
    phone.processes.stop(package, "start instr")
    process = phone.processes.start(found, instrumented=True)
    bind(phone, process, {"class": name, "arguments": arguments})
    return _watched(phone, call, process, raw) if wait else 0


def _usage(call: Call, problem: str) -> int:
    call.err(f"usage: am [instrument]\n\nError: {problem}\n")
    return 1


def _instrumentation(phone: Phone, target: str) -> tuple[str, str]:
    if "/" in target:
        return component(target)
    package = phone.packages.get(target)
    names = list(package.apk.instrumentations) if package else []
    if len(names) != 1:
        said = f"No instrumentation found for: {target}"
        if names:
            said = "Found multiple instrumentations: " + ", ".join(f"{target}/{name}" for name in names)
        raise JavaError("java.lang.IllegalArgumentException", said)
    return target, names[0]


def _watched(phone: Phone, call: Call, process: AppProcess, raw: bool) -> int:
    """Print what the app says until it finishes. Where nobody reads on, the app goes on alone."""
    left = phone.state.faults.instrument_lines
    while True:
        kind, code, bundle = process.events.get()
        word = "RESULT" if kind == "finish" else "STATUS"
        if not raw and "stream" in bundle:
            text = bundle["stream"] + ("\n" if kind == "finish" else "")
        else:
            text = "".join(f"INSTRUMENTATION_{word}: {key}={bundle[key]}\n" for key in sorted(bundle))
            text += f"INSTRUMENTATION_CODE: {code}\n" if kind == "finish" else f"INSTRUMENTATION_STATUS_CODE: {code}\n"
        if left >= 0:
            lines = text.splitlines(keepends=True)[:left]
            left -= len(lines)
            text = "".join(lines)
        call.out(text)
        if left == 0:
            return 0
        if kind == "finish":
            return 0
