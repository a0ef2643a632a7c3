"""Whatever the bytes: a file is refused with a SourceError or read to its end, and no reason quotes it."""

import io

from hypothesis import example, given, settings
from hypothesis import strategies as st

from friction.errors import SourceError
from friction.records import Directory, TeamId
from friction.settings import SourceSection
from friction.sources import read
from friction.targets import TargetFinder
from tests.conftest import team

MARKED = "marsupilami"
CSV = f'text,from_team,week,id\r\n{MARKED} naïf,sales,2026-W10,1\r\n"{MARKED},\r\n""là""",{MARKED},{MARKED},2\r\n'
JSON_LINES = f'{{"text": "{MARKED} à", "from_team": "sales", "id": 1}}\n{{"text": "x", "week": "{MARKED}"}}\n'
VALID = st.sampled_from(
    [file.encode(encoding) for file in (CSV, JSON_LINES) for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252")]
)
NASTY = st.sampled_from(
    [b'"', b"\n", b"\r", b",", b";", b"\0", b"{", b"[", b"\xe9", b"\xff\xfe", b"\\ud800", b"NaN", b"1e999", b"9" * 5000]
)
EDITS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 3), NASTY | st.binary(max_size=4)), min_size=1, max_size=6
)
RESOLVE = TargetFinder(Directory({TeamId("sales"): team("sales")})).resolve


def _said(content: bytes, name: str = "f") -> list[str]:
    """Every message about a file, which is read to its end."""
    try:
        return [row.reason for row in read(io.BytesIO(content), name, SourceSection(), RESOLVE).rows if row.reason]
    except SourceError as error:
        return [str(error)]


@given(st.binary(max_size=300), st.sampled_from(["f", "f.csv", "f.jsonl"]))
def test_any_bytes(content: bytes, name: str) -> None:
    _said(content, name)


@settings(max_examples=500)
@given(VALID, EDITS)
@example(JSON_LINES.encode(), [(12, 0, b"\\ud800")])
@example(JSON_LINES.encode(), [(9, 2, b"9" * 5000)])
@example(CSV.encode("utf-16"), [(400, 0, b"x")])
def test_a_damaged_file(content: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for start, cut, put in edits:
        content = content[:start] + put + content[start + cut :]
    assert not [reason for reason in _said(content) if MARKED in reason]
