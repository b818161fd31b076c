"""README's example output against what its command prints: python benchmarks/readme.py --out FILE"""

import re
import subprocess
import sys

from figures import ROOT, out_argument, write_result

TEST = "tests/recipes/test_readme.py"


def main() -> None:
    arguments = out_argument(__doc__ or "").parse_args()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    last = (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]
    passed = re.search(r"(\d+) passed", last)
    result = {"test": TEST, "exit_code": done.returncode, "passed": int(passed[1]) if passed else 0, "last_line": last}
    write_result(arguments.out, result)


if __name__ == "__main__":
    main()
