"""Every parser of what comes from outside, by name."""

from collections.abc import Callable

from fuzzing import adb_client, adb_server, adb_wire_script, file_parsers
from fuzzing.drive import Parser

PARSERS: dict[str, Callable[[], Parser]] = {
    "tflite": file_parsers.model_parser,
    "recipe": file_parsers.recipe_parser,
    "job": file_parsers.job_parser,
    "run": file_parsers.run_parser,
    "report": file_parsers.report_parser,
    "series": file_parsers.series_parser,
    "android answer": file_parsers.answer_parser,
    "adb client: text": adb_client.text_parser,
    "adb client: program": adb_client.program_parser,
    "adb client: wire": adb_wire_script.wire_parser,
    "adb server": adb_server.server_parser,
}
