"""`python -m edgekit.runner FOLDER`."""

import sys

from edgekit.runner.main import main

sys.exit(main())
