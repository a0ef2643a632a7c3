"""Zip archives from people's hands: looked over before anything in them is read, and never unpacked onto a disk.

Promises: an entry whose path climbs out, an encrypted one, one that unpacks to more than is allowed or than it
declares, and an archive with too many of them are refused, in memory that does not grow with any of that.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from friction.errors import SourceError
from friction.sources import limits

PACKED: Final = b"PK\x03\x04"
_HEADER: Final = 30
"""Bytes of a local file header before the name (PKZIP APPNOTE 4.3.7)."""
BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, struct.error)
"""What reading a damaged archive, or one cut off, may raise."""
_CHUNK: Final = 1 << 16


def size_of(raw: BinaryIO) -> int:
    """Bytes of a file, which is left at its start."""
    size = raw.seek(0, 2)
    raw.seek(0)
    return size


def open_archive(raw: BinaryIO, name: str) -> zipfile.ZipFile:
    """An archive that has been looked over.

    Raises:
        SourceError: not a zip, damaged, encrypted, or over a limit.
    """
    if size_of(raw) > limits.MAX_ARCHIVE_BYTES:
        raise SourceError(f"{name} is larger than {limits.MAX_ARCHIVE_BYTES >> 30} GB; export a shorter time")
    with damage(name):
        archive = zipfile.ZipFile(raw)
    check(archive, name, limits.MAX_ARCHIVE_UNPACKED)
    return archive


def open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> BinaryIO:
    """An entry of it, at its start, seekable.

    Raises:
        SourceError: it is damaged.
    """
    with damage(name):
        return cast(BinaryIO, archive.open(entry))


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Turns what a damaged archive raises into one clear error."""
    try:
        yield
    except BROKEN:
        raise SourceError(f"{name} is a damaged archive, or cut off; export it again") from None


def check(archive: zipfile.ZipFile, name: str, unpacked: int) -> None:
    """Look over the list of entries.

    Raises:
        SourceError: too many, too large, packed too well, encrypted, or a path that leads outside.
    """
    entries = archive.infolist()
    if len(entries) > limits.MAX_ENTRIES:
        raise SourceError(f"{name} holds more than {limits.MAX_ENTRIES} files; export a shorter time")
    total = 0
    for number, entry in enumerate(entries, 1):
        if _climbs(entry.filename):
            raise SourceError(f"{name}: the path of entry {number} leads out of the archive; it is not an export")
        if entry.flag_bits & 1:
            raise SourceError(f"{name} has a password; unpack it, or export it without one")
        total += entry.file_size
        packed_too_well = entry.file_size > limits.MAX_RATIO * max(entry.compress_size, 1)
        if total > unpacked or (entry.file_size > 1 << 20 and packed_too_well):
            raise SourceError(f"{name}: entry {number} unpacks to more than an export would; it is not read")


def is_clutter(path: str) -> bool:
    """A folder, or what a Mac adds to every archive."""
    return path.endswith("/") or path.startswith("__MACOSX/") or PurePosixPath(path).name.startswith(".")


def _climbs(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return not parts or ".." in parts or parts[0].startswith("/") or parts[0].endswith(":") or "\0" in path


def check_true_size(raw: BinaryIO, entry: zipfile.ZipInfo, name: str) -> None:
    """Unpack an entry into nothing, to see that it is as small as it says: other readers do not look.

    Raises:
        SourceError: it is larger than it declares.
        zlib.error: it is damaged.
    """
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        return
    raw.seek(entry.header_offset)
    header = raw.read(_HEADER)
    raw.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    left, size = entry.compress_size, 0
    while left > 0 and not inflate.eof and (packed := raw.read(min(_CHUNK, left))):
        left -= len(packed)
        while packed:
            size += len(inflate.decompress(packed, _CHUNK))
            packed = inflate.unconsumed_tail
            if size > entry.file_size:
                raise SourceError(f"{name} unpacks to more than it declares; it is not read")
