"""``friction digest`` and ``friction weekly``: files, deliveries, a trial, and what they say of it."""

import re
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import trustme

from friction.commands import releasing
from friction.errors import SendingError, UsageError
from friction.records import Week
from friction.store.releases import ReleaseStore
from service import commands
from tests.service.relay import Server, serving
from tests.service.test_sending import DIGEST, PEOPLE

ADDRESS = re.compile(r"\w{2,}@example\.org")


@pytest.fixture
def server(config: Path) -> Iterator[Server]:
    with serving("none", trustme.CA().issue_cert("localhost")) as server:
        text = config.read_text(encoding="utf-8") + DIGEST.format(port=server.port, security="none", user="")
        config.write_text(text, encoding="utf-8")
        yield server


def test_files_of_every_variant(server: Server, config: Path, released: ReleaseStore, tmp_path: Path) -> None:
    commands.digest(config=config, out=tmp_path / "out")
    variants = ("en", "fr", "en.it", "fr.sales")
    names = {f"2026-W16.{variant}.{kind}" for variant in variants for kind in ("eml", "html", "txt")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    mail = message_from_bytes((tmp_path / "out" / "2026-W16.fr.eml").read_bytes(), policy=policy.default)
    assert mail["List-Unsubscribe"] is None
    assert mail["Content-Language"] == "fr"
    page = (tmp_path / "out" / "2026-W16.en.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 1
    quiet = (tmp_path / "out" / "2026-W16.en.it.txt").read_text(encoding="utf-8")
    assert "No change that the numbers can vouch for" in quiet
    assert len(quiet.splitlines()) < 15
    assert not server.taken


def test_what_nobody_has_written_about_for_weeks_is_not_told_as_current(
    server: Server, config: Path, released: ReleaseStore, tmp_path: Path
) -> None:
    for week in range(17, 23):
        released.append(Week.parse(f"2026-W{week}"), "[]")
    commands.digest(config=config, out=tmp_path)
    told = " ".join((tmp_path / "2026-W22.en.txt").read_text(encoding="utf-8").split())
    assert "No change that the numbers can vouch for" in told
    assert "with nothing earlier to compare with: 0; with too few voices in the last 6 weeks: 2." in told
    assert "tient toujours" not in (tmp_path / "2026-W22.fr.txt").read_text(encoding="utf-8")
    commands.digest(config=config, out=tmp_path, week="2026-W18")
    assert "Sales → Marketing: rising, as a week ago" in (tmp_path / "2026-W18.en.txt").read_text(encoding="utf-8")


def test_each_gets_theirs_in_their_language(
    server: Server, config: Path, released: ReleaseStore, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.digest(config=config, send=True)
    got = dict(server.taken)
    assert set(got) == set(PEOPLE)
    assert {who: mail["Content-Language"] for who, mail in got.items() if mail["Content-Language"] == "fr"}.keys() == {
        "bob@example.org", "denis@example.org",
    }  # fmt: skip
    assert "one earlier change still stands" in got["alice@example.org"]["Subject"]
    assert "no change" in got["chloe@example.org"]["Subject"]  # bound to IT
    ids = {who: mail["Message-ID"] for who, mail in got.items()}
    links = {mail["List-Unsubscribe"] for mail in got.values()}
    assert len(set(ids.values())) == len(links) == len(PEOPLE)
    for who, mail in got.items():
        link = mail["List-Unsubscribe"].strip("<>")
        assert link.startswith("https://friction.example.org/unsubscribe/")
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part is not None
            assert link in part.get_content()
        assert who not in mail.as_string().replace(f"To: {who}", "")
    commands.digest(config=config, status=True)
    commands.digest(config=config, send=True)
    said = capsys.readouterr()
    assert said.out.count("has it\n") == 5
    assert "5 had it already" in said.out
    assert len(server.taken) == 5
    assert not ADDRESS.search(said.out + said.err)


def test_a_trial_is_not_noted(
    server: Server, config: Path, released: ReleaseStore, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.digest(config=config, to="bob@example.org")
    commands.digest(config=config, to="someone@elsewhere.example")
    assert [(who, mail["Content-Language"]) for who, mail in server.taken] == [
        ("bob@example.org", "fr"),
        ("someone@elsewhere.example", "en"),
    ]
    assert all(mail["List-Unsubscribe"] is None for _, mail in server.taken)
    server.failures = {"RCPT": ["550 no"]}
    with pytest.raises(SendingError, match=r"^b…@example\.org: 550 at RCPT TO$"):
        commands.digest(config=config, to="bob@example.org")
    for bad in ("bob", "Bob <bob@example.org>", "bob@example.org\nBcc: x@example.org"):
        with pytest.raises(UsageError, match="one e-mail address"):
            commands.digest(config=config, to=bad)
    commands.digest(config=config, send=True)
    assert Counter(who for who, _ in server.taken)["bob@example.org"] == 2
    assert "someone" not in capsys.readouterr().out


def test_a_failure_of_one_is_told_and_ends_with_a_failure(
    server: Server, config: Path, released: ReleaseStore, capsys: pytest.CaptureFixture[str]
) -> None:
    server.failures = {"RCPT bob@example.org": ["550 5.1.1 <bob@example.org>: no such user"]}
    with pytest.raises(SendingError, match="1 recipient did not get the digest of 2026-W16"):
        commands.digest(config=config, send=True)
    commands.digest(config=config, status=True)
    said = capsys.readouterr()
    assert "friction: b…@example.org: refused for good: 550 at RCPT TO" in said.err
    assert "4 sent" in said.out
    assert "b…@example.org: refused by the server for good" in said.out
    assert not ADDRESS.search(said.out + said.err)
    commands.digest(config=config, resend=True)
    assert len(server.taken) == 5


def test_weekly_sends_a_week_once_and_never_after_a_release_that_failed(
    server: Server, config: Path, released: ReleaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config.parent / "inbox").mkdir()

    def fail(*_: object) -> Week:
        raise UsageError("Another friction process is writing")

    with monkeypatch.context() as broken:
        broken.setattr(releasing, "release_weeks", fail)
        with pytest.raises(UsageError, match="is writing"):
            commands.weekly(config=config)
    assert not server.taken
    commands.weekly(config=config)
    commands.weekly(config=config)
    assert server.count() == Counter(PEOPLE)
    assert not (config.parent / "friction-data" / "digests").exists()


def test_weekly_says_both_of_two_things_that_went_wrong(
    server: Server, config: Path, released: ReleaseStore, capfd: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "inbox").mkdir()
    (config.parent / "inbox" / "bad.csv").write_text("no column of that name\nx\n", encoding="utf-8")
    server.failures = {"RCPT bob@example.org": ["550 no"]}
    with pytest.raises(SendingError, match="1 recipient did not get"):
        commands.weekly(config=config)
    said = capfd.readouterr().err
    assert "1 file that waited could not be read" in said
    assert "Not all that waited was read" in said
    assert len(server.taken) == 4


def test_a_folder_that_cannot_be_written_keeps_no_mail_back(
    server: Server, config: Path, released: ReleaseStore, capfd: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "inbox").mkdir()
    (config.parent / "inbox" / "bad.csv").write_text("no column of that name\nx\n", encoding="utf-8")
    with pytest.raises(UsageError, match="Cannot write the digest to"):
        commands.weekly(out=config / "digests", config=config)
    assert "Not all that waited was read" in capfd.readouterr().err
    assert server.count() == Counter(PEOPLE)


def test_options_of_which_one_would_go_unheard_are_refused(
    server: Server, config: Path, released: ReleaseStore, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="Choose one"):
        commands.digest(config=config, resubscribe="bob@example.org", send=True)
    with pytest.raises(UsageError, match="stands alone"):
        commands.digest(config=config, resubscribe="bob@example.org", out=tmp_path)
    assert not server.taken
    commands.digest(config=config, send=True, out=tmp_path / "kept")
    assert server.count() == Counter(PEOPLE)
    assert (tmp_path / "kept" / "2026-W16.en.html").exists()


def test_without_recipients_or_relay_weekly_writes(config: Path, released: ReleaseStore) -> None:
    (config.parent / "inbox").mkdir()
    commands.weekly(config=config)
    (name,) = {path.name.partition(".")[0] for path in (config.parent / "friction-data" / "digests").iterdir()}
    assert Week.parse(name) >= Week.parse("2026-W16")
    with pytest.raises(UsageError, match="Nobody is to get the digest"):
        commands.digest(config=config, send=True)
    with pytest.raises(UsageError, match="no relay"):
        commands.digest(config=config, to="bob@example.org")


def test_an_earlier_week_reads_as_it_did(config: Path, released: ReleaseStore, tmp_path: Path) -> None:
    commands.digest(config=config, out=tmp_path / "out", week="2026-W08")
    assert "no change" in (tmp_path / "out" / "2026-W08.en.html").read_text(encoding="utf-8").lower()
    with pytest.raises(UsageError, match="not released yet"):
        commands.digest(config=config, week="2026-W17")
    with pytest.raises(UsageError, match=r"of 2025-W52\. Choose a week from 2026-W01 to 2026-W16"):
        commands.digest(config=config, week="2025-W52", out=tmp_path / "before")
    assert not (tmp_path / "before").exists()
