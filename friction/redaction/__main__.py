"""``python -m friction.redaction NAMES``: the hashed form of a list of names, on standard output."""

import sys
from pathlib import Path

from friction.errors import UsageError
from friction.redaction.roster import hashed_lines, read

if len(sys.argv) != 2:
    sys.exit("Usage: python -m friction.redaction NAMES > HASHED")
try:
    print("\n".join(hashed_lines(read(Path(sys.argv[1])))))
except UsageError as error:
    sys.exit(f"friction: {error}")
