"""What was found and why: the one value that joins finding to masking."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from friction.records import Span

Kind = Literal[
    "email", "url", "phone", "iban", "card", "national_number", "ip", "handle", "identifier", "name", "listed_name"
]


@dataclass(frozen=True, slots=True)
class Found:
    """A span to be masked, and why."""

    span: Span
    kind: Kind


def without_overlaps(candidates: Iterable[Found]) -> list[Found]:
    """In order of appearance; of two that overlap the earlier candidate stays."""
    listed = list(candidates)
    covered = bytearray(max((found.span.end for found in listed), default=0))
    taken: list[Found] = []
    for found in listed:
        start, end = found.span.start, found.span.end
        if covered.find(1, start, end) < 0:
            covered[start:end] = b"\1" * (end - start)
            taken.append(found)
    return sorted(taken, key=lambda f: f.span.start)
