"""`am`: instrument, start, force-stop, kill."""

from phone.activities import start
from phone.call import Call, JavaError
from phone.instrument import instrument
from phone.phone import Phone


def am(phone: Phone, call: Call) -> int:
    """Dispatches; without a known verb exit code 255, as `cmd activity` has it."""
    verb = call.words[1] if len(call.words) > 1 else ""
    if verb == "instrument":
        return instrument(phone, call)
    if verb in ("start", "start-activity"):
        return start(phone, call)
    if verb in ("force-stop", "kill"):
        words = [word for word in call.words[2:] if not word.startswith("-") and word not in ("all", "current", "0")]
        if not words:
            raise JavaError("java.lang.IllegalArgumentException", f'Argument expected after "{verb}"')
        if verb == "force-stop":
            phone.processes.stop(words[0], "from shell")
        else:
            phone.processes.stop(words[0], "kill background", background_only=True)
        return 0
    if verb in ("get-current-user", "help"):
        call.out("0\n" if verb == "get-current-user" else "Activity manager (activity) commands:\n")
        return 0
    call.err(f"Unknown command: {verb}\n" if verb else "Activity manager (activity) commands:\n")
    return 255
