from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from friction.commands.releasing import release_weeks
from friction.errors import UsageError
from friction.settings import load

TEAM = '[teams.sales]\nname = "Sales"\nheadcount = 9\n'

PAIR = TEAM + "[teams.it]\n"
DONE = "[[interventions]]\nfrom_team = 'sales'\nabout_team = 'it'\nweek = '2026-W40'\ndescription = 'x'\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no team"),
        (TEAM + "[privcy]\n", "unknown key privcy; did you mean privacy?"),
        (
            TEAM + "[privacy]\nmin_respondants = 6\n",
            "unknown key privacy.min_respondants; did you mean min_respondents?",
        ),
        (TEAM + "[privacy]\nmin_respondents = 3\n", "privacy.min_respondents is under its floor of 5"),
        (TEAM + "[privacy]\nmin_team_size = 4\n", "privacy.min_team_size is under its floor of 5"),
        (TEAM + "[privacy]\nepsilon = 2.4\nepsilon_per_year = 9\n", "privacy.epsilon is over its ceiling of 2.3"),
        (TEAM + "[privacy]\nmechanism = 'laplace'\n", "needs epsilon and epsilon_per_year"),
        (TEAM + "[privacy]\nepsilon = 1\nepsilon_per_year = 9\n", 'privacy.mechanism = "laplace" needs epsilon'),
        (TEAM + "[privacy]\nmechanism = 'laplace'\nepsilon = 1\n", "go together"),
        (TEAM + "[privacy]\nmechanism = 'laplace'\nepsilon = 1\nepsilon_per_year = 0.5\n", "no cell could ever"),
        (TEAM + "[privacy]\nmechanism = 'gauss'\n", "privacy.mechanism"),
        (TEAM + "aliasses = ['x']\n", "unknown key teams.sales.aliasses; did you mean aliases?"),
        (TEAM + "parent = 'revenue'\n", "teams.sales.parent must be the id of another team"),
        (TEAM + "[teams.events]\nparent = 'events'\n", "teams.events.parent must be the id of another team"),
        (TEAM + "aliases = 'sales team'\n", "teams.sales.aliases: must be a list, like"),
        ("teams.sales = 5\n", "teams.sales: must be a section in [ ]"),
        ("timezone = 'Europe/Pariss'\n" + TEAM, "'Europe/Pariss' is no time zone; did you mean Europe/Paris?"),
        ("timezone = 'x'\n" + TEAM, "'x' is no time zone; write one like Europe/Paris"),
        (PAIR + "aliases = ['Sales']\n", "friction.toml: teams.sales and teams.it share the alias 'Sales'"),
        (TEAM + "[sources.x]\nweeks = 'w'\n", "unknown key sources.x.weeks; did you mean week? Known here: text"),
        (TEAM + "[sources.x]\nzzz = 'w'\n", "unknown key sources.x.zzz. Known here: text"),
        (TEAM + "[teams.'Big Team']\n", "an id takes lower-case letters"),
        (TEAM + "[digest]\nlanguage = 'de'\n", "digest.language"),
        (TEAM + "[digest]\nfrom = 'Ada'\n", "digest.from must be an address alone, like ada@example.org"),
        (TEAM + "[digest]\nrecipients = ['Ada']\n", "digest.recipients.0.email must be an address alone"),
        (TEAM + "[digest.smtp]\nhost = 'smtp://x'\n", "digest.smtp.host must be the name or the address of a server"),
        (TEAM + "[service]\npublic_url = 'ftp://x'\n", "service.public_url must be like https://friction.example.org"),
        (TEAM + "headcount = 'many'\n", "not valid TOML"),
        ("[teams.sales]\nheadcount = 'many'\n", "teams.sales.headcount"),
        (TEAM + "[store]\nscores = 'sqlite:///x'\nreleases = 'sqlite:///x'\n", "each its own address"),
        ("teams = ", "not valid TOML"),
        (PAIR + DONE.replace("about_team = 'it'", "about_team = 'itt'"), "interventions.0.about_team must be the id"),
        (PAIR + DONE.replace("about_team = 'it'", "about_team = 'sales'"), "are one team"),
        (PAIR + DONE.replace("2026-W40", "2026-W60"), "interventions.0.week is not an ISO week"),
        (PAIR + DONE.replace("'x'", "' '"), "interventions.0.description"),
        (PAIR + DONE.replace("'x'", '"x\\ny"'), "interventions.0.description must be one line"),
        (PAIR + DONE.replace("2026-W40", "2099-W01"), "interventions.0.week is more than a year ahead"),
        (PAIR + DONE.replace("2026-W40", "1989-W40"), "interventions.0.week is before the year 2000"),
        (PAIR + DONE.replace("week", "weeks"), "unknown key interventions.0.weeks; did you mean week?"),
        (PAIR + DONE + DONE, "interventions.1: this pair has one in that week already"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as found:
        load(path)
    assert message in str(found.value)


def test_nobody_is_told_to_write_what_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    path.write_text("[teams.events]\nparent = 'events'\n")
    with pytest.raises(UsageError) as found:
        load(path)
    assert "did you mean" not in str(found.value)


def test_another_encoding_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    path.write_bytes((TEAM + "aliases = ['équipe']\n").encode("cp1252"))
    with pytest.raises(UsageError, match=r"friction\.toml line 4 is not UTF-8\. Save the file as UTF-8\."):
        load(path)


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("sqlite:///s.sqlite", "{home}/s.sqlite"),
        ("sqlite:///a%20b/s.sqlite?timeout=5", "{home}/a b/s.sqlite"),
        ("sqlite+pysqlite:///s.sqlite", "{home}/s.sqlite"),
        ("sqlite:////srv/s.sqlite", "/srv/s.sqlite"),
        ("sqlite:///:memory:", ":memory:"),
        ("postgresql://friction@/scores", "scores"),
    ],
)
def test_a_file_is_beside_the_configuration_whoever_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, file: str
) -> None:
    home = tmp_path / "who? 100%"
    home.mkdir()
    path = home / "friction.toml"
    path.write_text(TEAM + f"[store]\nscores = '{address}'\n")
    if "s.sqlite" in address:
        monkeypatch.setenv("FRICTION_STORE_RELEASES", address.replace("s.sqlite", "r.sqlite"))
    settings = load(path)
    assert make_url(settings.scores_address).database == file.format(home=home)
    if "s.sqlite" in address:
        assert make_url(settings.releases_address).database == file.format(home=home).replace("s.sqlite", "r.sqlite")


def test_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="friction init"):
        load(tmp_path / "friction.toml")


def test_defaults_are_safe(config: Path) -> None:
    settings = load(config)
    assert (settings.policy.min_respondents, settings.policy.min_team_size, settings.policy.max_window_weeks) == (
        5,
        5,
        13,
    )
    assert settings.scores_address != settings.releases_address
    assert str(config.parent) in settings.releases_address


def test_epsilons_are_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(TEAM + "[privacy]\nmechanism = 'laplace'\nepsilon = 0.1\nepsilon_per_year = 1.2\n")
    policy = load(path).policy
    assert (str(policy.epsilon), str(policy.epsilon_per_year)) == ("0.1", "1.2")


def test_unknown_source_lists_the_known(config: Path) -> None:
    with pytest.raises(UsageError, match=r"No \[sources.pulse\]"):
        load(config).source("pulse")


def test_interventions_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(PAIR + DONE + DONE.replace("2026-W40", "2026-W10"))
    found = load(path).interventions
    assert [(i.from_team, i.about_team, str(i.week), i.description) for i in found] == [
        ("sales", "it", "2026-W40", "x"),
        ("sales", "it", "2026-W10", "x"),
    ]


def test_the_organisation_s_own_names_and_numbers_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(TEAM + "[redaction]\nnames = 'names.txt'\nemployee_numbers = 'Z\\d{4}'\n")
    (tmp_path / "names.txt").write_text("Blorp Quartz\n")
    text = "blorp quartz is Z1234 of Sales"
    assert load(path).redactor().redact(text).text.text == "Alex is [id] of Sales"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("names = 'none.txt'", "cannot read"),
        ("employee_numbers = '('", "not a regular expression"),
        ("employee_numbers = 'E*'", "say what must stand there"),
        ("name = 'x'", "unknown key redaction.name; did you mean names?"),
    ],
)
def test_mistakes_of_redaction_are_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(TEAM + f"[redaction]\n{line}\n")
    with pytest.raises(UsageError) as found:
        load(path).redactor()
    assert message in str(found.value)


@pytest.mark.parametrize(
    ("lines", "over"),
    [
        ("", "2026-11-30T00:00+00:00"),
        ("timezone = 'America/Los_Angeles'\n", "2026-11-30T08:00+00:00"),
        ("timezone = 'Asia/Tokyo'\n", "2026-11-29T15:00+00:00"),
        ("timezone = 'Asia/Tokyo'\n[sources.pulse]\ntimezone = 'Europe/Paris'\n", "2026-11-29T23:00+00:00"),
    ],
)
def test_a_week_is_over_where_its_comments_were_written(
    lines: str, over: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where the machine is: a week is closed once, and takes nothing more."""

    class Clock(datetime):
        at = datetime.fromisoformat(over).timestamp()

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp(cls.at, tz or UTC)

    monkeypatch.setattr("friction.settings.datetime", Clock)
    config.write_text(lines + config.read_text(encoding="utf-8"), encoding="utf-8")
    settings = load(config)
    Clock.at -= 1
    with pytest.raises(UsageError, match="2026-W48 is not over yet"):
        release_weeks(settings, "2026-W48")
    Clock.at += 1
    assert str(release_weeks(settings)) == "2026-W48"
