"""Reads what waits, file by file, into the private store, and empties the folders that it lay in.

Promises: a file counts once, whenever this is killed and run again, since it is deleted only once its comments are
committed and the store knows a file, and each of its comments, when it comes again; a file that cannot be read keeps no
other one waiting, and is never deleted. Called by the commands ``ingest --inbox`` and ``weekly``.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from friction.errors import FrictionError, SourceError, place
from friction.inbox import Inbox
from friction.records import Week

if TYPE_CHECKING:
    from friction.batch_report import Report

Read = Callable[[str, str | None, Week | None], "Report"]
"""Reads a file, by its path, source and the week of rows that state none."""
_NOTHING: Final = "Not one of its rows could be counted. The rows and the reasons are listed in friction-data/rejects."


def empty(inbox: Inbox, read: Read) -> list[str]:
    """Read every file that waits in the inbox; returns what is wrong with those that could not be read.

    Raises:
        UsageError: the store cannot be reached; the files wait.
    """
    failures = []
    for claim in inbox.take():
        try:
            report = read(str(claim.path), claim.source, claim.week)
        except SourceError as error:
            claim.failed(str(error))
            failures.append(str(error))
            continue
        except (FrictionError, OSError):
            raise  # not the file's fault
        except Exception as error:  # a defect, met in this file: it must not keep the others waiting
            claim.failed(place(error))
            failures.append(f"{claim.path.name}: {place(error)}. This is a defect; please report this line")
            continue
        if report.rejects.count and not report.comments:
            claim.failed(_NOTHING)
            failures.append(f"{claim.path.name}: {_NOTHING}")
        else:
            claim.done()
    return failures
