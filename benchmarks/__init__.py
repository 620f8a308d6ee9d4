"""What this package costs, measured in one run against a reference or a limit: ``make bench``."""

import sys
from pathlib import Path

# the tests have helpers for servers, processes and counting
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
