"""Every tool's export is recognised by its shape and read with no configuration but the directory, or as said."""

import io
from zoneinfo import ZoneInfo

import pytest

from friction.records import Directory
from friction.settings import SourceSection
from friction.sources import Opened, Row, read
from friction.targets import TargetFinder
from tests.sources.exports import SAMPLES, Sample


def opened(sample: Sample, directory: Directory) -> Opened:
    finder = TargetFinder(directory)
    mapping = SourceSection.model_validate(sample.mapping)
    zone = ZoneInfo(mapping.timezone or "UTC")
    return read(io.BytesIO(sample.content), sample.name, mapping, finder.resolve, find=finder.find, zone=zone)


def rows(name: str, directory: Directory) -> list[Row]:
    return list(opened(SAMPLES[name], directory).rows)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_export_is_read_as_its_tool_wrote_it(name: str, directory: Directory) -> None:
    sample = SAMPLES[name]
    found = opened(sample, directory)
    assert found.form == sample.form
    listed = list(found.rows)
    comments = [row.comment for row in listed if row.comment]
    assert [(c.row, c.from_team, c.about_team, c.week and str(c.week)) for c in comments] == sample.expected
    assert sum(row.blank for row in listed) == sample.blanks
    assert tuple(row.number for row in listed if row.reason and not row.blank) == sample.rejects
    assert all(comment.respondent for comment in comments)
