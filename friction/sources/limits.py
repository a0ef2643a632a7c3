"""How much a file may ask of the machine. Whatever is over is refused before it is read, or while it is, never after.

Text streams, so that its limit is generous; a workbook is held in memory while it is read, so that its limit is not.
"""

from typing import Final

MAX_TEXT_BYTES: Final = 16 << 30
"""A CSV or JSON lines file; it is read line by line."""
MAX_STANDARD_INPUT: Final = 256 << 20
"""What ``-`` may bring: it is held in memory, because a file is read more than once."""
MAX_LINE: Final = 4_000_000
"""Characters of a line that are looked at; the rest of a longer one is passed over."""
MAX_NULS: Final = 64 << 20
"""Stray NUL bytes of a text that are read past; over it, more is lost than strays."""
MAX_CELL: Final = 1_000_000
MAX_COLUMNS: Final = 5_000
MAX_WORKBOOK_BYTES: Final = 64 << 20
MAX_WORKBOOK_UNPACKED: Final = 256 << 20
MAX_WORKBOOK_AREA: Final = 10_000_000
"""Rows times columns that a sheet spans, empty cells included: two cells far apart take as much room as all between."""
MAX_ARCHIVE_BYTES: Final = 4 << 30
MAX_ARCHIVE_UNPACKED: Final = 16 << 30
MAX_ENTRIES: Final = 500_000
MAX_RATIO: Final = 250
"""Bytes that one packed byte may become in an entry of more than a mebibyte; text packs to a tenth."""
MAX_MESSAGE: Final = 2_000_000
"""Characters of one message of a chat export, with all that the tool wrote beside the text."""
