"""``friction.toml``, read once at the entry point and passed down.

Promises: an unknown key is an error that names the nearest known one; a threshold under the floor is refused;
a message names keys, never secrets. Secrets come from the environment only.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from friction.disclosure import FLOOR, MOST_EPSILON, Policy
from friction.errors import IntegrityError, UsageError
from friction.records import Directory, Intervention, Team, TeamId, Week

if TYPE_CHECKING:
    from friction.redaction import Redactor

SCORES_VARIABLE: Final = "FRICTION_STORE_SCORES"
RELEASES_VARIABLE: Final = "FRICTION_STORE_RELEASES"
"""Addresses of the stores from the environment; they come before those of ``[store]``, and may hold a password."""
_ENDS: Final = ("from_team", "about_team")
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TeamSection(_Section):
    """``[teams.ID]``: how a team is called and how large it is."""

    name: str | None = None
    headcount: Annotated[int, Field(ge=0)] | None = None
    aliases: tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], ...] = ()
    parent: str | None = None


class PrivacySection(_Section):
    """``[privacy]``: thresholds. They can be raised, never lowered under their floor.

    ``mechanism = "laplace"`` is differential privacy; it needs both epsilons, and they need it.
    """

    mechanism: Literal["rounding", "laplace"] = "rounding"
    epsilon: Annotated[Decimal, Field(gt=0, le=MOST_EPSILON, max_digits=6, decimal_places=3)] | None = None
    epsilon_per_year: Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3)] | None = None
    min_respondents: Annotated[int, Field(ge=FLOOR)] = FLOOR
    min_team_size: Annotated[int, Field(ge=FLOOR)] = FLOOR
    max_window_weeks: Annotated[int, Field(ge=1, le=52)] = 13


class ChannelSection(_Section):
    """``[sources.NAME.channels.CHANNEL]``: what a chat channel stands for, by its name or its id."""

    from_team: str | None = None
    about_team: str | None = None
    private: bool = False
    """Read it although it is private, a direct conversation or one of few people; the notice says so."""


class SourceSection(_Section):
    """``[sources.NAME]``: which column of a file holds what, and what a chat's channels and authors stand for.

    ``text`` may be several columns, or a table of columns and the team that each asks about.
    """

    text: str | tuple[str, ...] | dict[str, str] = "text"
    id: str = "id"
    from_team: str = "from_team"
    about_team: str = "about_team"
    respondent: str = "respondent"
    week: str = "week"
    lang: str = "lang"
    one_row_per_person: bool = False
    """The source promises that each row is another person; then no respondent column is needed."""
    codes: dict[str, str] = {}
    """Teams behind the values of a choice that was exported as numbers."""
    dates: Literal["dmy", "mdy"] | None = None
    timezone: str | None = None
    authors: dict[str, str] = {}
    """Teams of a chat's authors, by their pseudonym there."""
    groups: dict[str, str] = {}
    """Teams behind a chat's user groups, by their name or id; an author's own entry comes first."""
    channels: dict[str, ChannelSection] = {}

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the comment columns."""
        return (self.text,) if isinstance(self.text, str) else tuple(self.text)

    def about(self, column: str) -> TeamId | None:
        """The team that a comment column is said to ask about."""
        return TeamId(self.text[column]) if isinstance(self.text, dict) else None


class DigestSection(_Section):
    """``[digest]``: the weekly e-mail."""

    language: Literal["en", "fr"] = "en"


class RedactionSection(_Section):
    """``[redaction]``: what this organisation masks beside what is masked everywhere. See docs/redaction.md."""

    names: str | None = None
    """A file of names, or of their salted hashes; its path is taken from where ``friction.toml`` stands."""
    employee_numbers: str | None = None
    """A regular expression."""


class NoticeSection(_Section):
    """``[notice]``: what the transparency notice cannot know by itself."""

    contact: str | None = None
    """Whom staff may ask: a name, a room, an address."""


class StoreSection(_Section):
    """``[store]``: addresses of the two stores, without a password; by default files in ``friction-data/``."""

    scores: str | None = None
    releases: str | None = None


class InterventionSection(_Section):
    """``[[interventions]]``: something done about a pair; its effect is shown with the pair's trend."""

    from_team: str
    about_team: str
    week: str
    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _File(_Section):
    teams: Annotated[dict[Slug, TeamSection], Field(min_length=1)]
    privacy: PrivacySection = PrivacySection()
    sources: dict[Slug, SourceSection] = {}
    timezone: str = "UTC"
    redaction: RedactionSection = RedactionSection()
    digest: DigestSection = DigestSection()
    notice: NoticeSection = NoticeSection()
    store: StoreSection = StoreSection()
    interventions: tuple[InterventionSection, ...] = ()


class Settings:
    """What the configuration says.

    Attributes:
        home: folder of ``friction.toml``; ``friction-data/`` and ``inbox/`` stand in it.
    """

    def __init__(self, file: _File, home: Path, environment: Mapping[str, str], *, private: bool) -> None:
        self.home = home
        self.directory = Directory(
            {
                TeamId(key): Team(
                    id=TeamId(key),
                    name=team.name or key,
                    headcount=team.headcount,
                    aliases=team.aliases,
                    parent=None if team.parent is None else TeamId(team.parent),
                )
                for key, team in file.teams.items()
            }
        )
        self.policy = Policy(
            min_respondents=file.privacy.min_respondents,
            min_team_size=file.privacy.min_team_size,
            max_window_weeks=file.privacy.max_window_weeks,
            epsilon=file.privacy.epsilon,
            epsilon_per_year=file.privacy.epsilon_per_year,
        )
        self.interventions = tuple(
            Intervention(TeamId(i.from_team), TeamId(i.about_team), Week.parse(i.week), i.description)
            for i in file.interventions
        )
        self.sources = file.sources
        self._timezone = file.timezone
        self.digest = file.digest
        self.notice = file.notice
        self.redaction = file.redaction
        scores = environment.get(SCORES_VARIABLE) or file.store.scores or _sqlite(self.data / "scores.sqlite")
        self.releases_address = (
            environment.get(RELEASES_VARIABLE) or file.store.releases or _sqlite(self.data / "releases.sqlite")
        )
        if scores == self.releases_address:
            raise UsageError("[store]: scores and releases are two stores; give them two addresses")
        self._scores_address = scores if private else None

    @property
    def scores_address(self) -> str:
        """Where the private store is.

        Raises:
            IntegrityError: this process was given the address of the releases only.
        """
        if self._scores_address is None:
            raise IntegrityError("This process reads releases only; the address of the private store is not in it.")
        return self._scores_address

    @property
    def data(self) -> Path:
        """Where the default stores and the reject lists are kept."""
        return self.home / "friction-data"

    def has_scores(self) -> bool:
        """Whether the private store is at hand; it is not where only releases are read."""
        return _may_exist(self.scores_address)

    def has_releases(self) -> bool:
        """Whether there is a store of releases, as far as can be told without asking a server."""
        return _may_exist(self.releases_address)

    @property
    def inbox(self) -> Path:
        """Where files to be read wait."""
        return self.home / "inbox"

    def redactor(self) -> "Redactor":
        """What masks personal data before anything else reads a text.

        Raises:
            UsageError: the list of names cannot be read, or the pattern is none.
        """
        from friction.redaction import Redactor
        from friction.redaction.roster import read

        names, pattern = self.redaction.names, self.redaction.employee_numbers
        try:
            identifiers = re.compile(pattern) if pattern else None
        except re.error as error:
            raise UsageError(f"redaction.employee_numbers is not a regular expression: {error}") from None
        if identifiers is not None and identifiers.match(""):
            raise UsageError("redaction.employee_numbers matches nothing at all too; say what must stand there")
        roster = read(self.home / names) if names else None
        return Redactor(self.directory, roster=roster, identifiers=identifiers)

    def source(self, name: str | None) -> SourceSection:
        """Column mapping of a source; the contract's own column names where no name is given.

        Raises:
            UsageError: the configuration has no such source.
        """
        if name is None:
            return SourceSection()
        if name not in self.sources:
            known = ", ".join(self.sources) or "none"
            raise UsageError(
                f"No [sources.{name}] in the configuration (known: {known}). Add it, or leave --source out."
            )
        return self.sources[name]

    def zone(self, source: SourceSection) -> ZoneInfo:
        """The time zone in which a source's weeks are counted."""
        return ZoneInfo(source.timezone or self._timezone)

    @property
    def reads_private_channels(self) -> bool:
        """Whether a source is told to read private, direct or small conversations: staff are to know."""
        return any(channel.private for source in self.sources.values() for channel in source.channels.values())


def _sqlite(path: Path) -> str:
    """The address of a file; a ``?`` or ``%`` in its path is part of the path."""
    return f"sqlite:///{quote(str(path))}"


def _may_exist(address: str) -> bool:
    file = address.removeprefix("sqlite:///")
    return file == address or Path(unquote(file)).exists()


def load(path: Path, *, private: bool = True) -> Settings:
    """Read and check a configuration file, and the environment.

    Args:
        path: the file.
        private: False in a process that shows releases: it forgets the address of the private store, also in its
            environment.

    Raises:
        UsageError: missing, not TOML, an unknown key, a value out of range, a parent that is no team, a password.
    """
    settings = Settings(_read(path), path.resolve().parent, os.environ, private=private)  # noqa: TID251
    if not private:
        os.environ.pop(SCORES_VARIABLE, None)  # noqa: TID251
    return settings


def _read(path: Path) -> _File:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"No configuration at {path}. Write one with: friction init") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder. Give the friction.toml in it.") from None
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from None
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        raise UsageError("\n".join(f"{path}: {_explain(e)}" for e in error.errors(include_input=False))) from None
    if (file.privacy.mechanism == "laplace") != (file.privacy.epsilon is not None):
        raise UsageError(
            f'{path}: privacy.mechanism = "laplace" needs epsilon and epsilon_per_year, and they need it: '
            "say what a cell may cost one person, and what a year may."
        )
    for key, team in file.teams.items():
        if team.parent is not None and (team.parent not in file.teams or team.parent == key):
            raise UsageError(
                f"{path}: teams.{key}.parent must be the id of another team{_nearest(team.parent, file.teams)}"
            )
    _check_sources(path, file)
    _check_interventions(path, file)
    for key, variable in (("scores", SCORES_VARIABLE), ("releases", RELEASES_VARIABLE)):
        if _has_password(getattr(file.store, key)):
            raise UsageError(
                f"{path}: store.{key} holds a password. Take it out and set {variable} in the environment, or use "
                "a password file (~/.pgpass)."
            )
    return file


def _check_interventions(path: Path, file: _File) -> None:
    """Each is on a pair of teams, from a week on that is one, and no pair has two in one week."""
    seen = set()
    for place, intervention in enumerate(file.interventions):
        where = f"{path}: interventions.{place}"
        for end in _ENDS:
            team = getattr(intervention, end)
            if team not in file.teams:
                raise UsageError(f"{where}.{end} must be the id of a team{_nearest(team, file.teams)}")
        if intervention.from_team == intervention.about_team:
            raise UsageError(f"{where}: from_team and about_team are one team; name the two of a pair")
        try:
            week = Week.parse(intervention.week)
        except UsageError as error:
            raise UsageError(f"{where}.week is {error}") from None
        key = (intervention.from_team, intervention.about_team, week)
        if key in seen:
            raise UsageError(f"{where}: this pair has one in that week already; tell both in one description")
        seen.add(key)


def _check_sources(path: Path, file: _File) -> None:
    """Every team that a source names is one, and every time zone is known."""
    named = [(f"{key}.timezone", source.timezone) for key, source in file.sources.items() if source.timezone]
    for where, zone in [("timezone", file.timezone), *((f"sources.{key}", zone) for key, zone in named)]:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise UsageError(f"{path}: {where} is no time zone; write one like Europe/Paris") from None
    for key, source in file.sources.items():
        tables: dict[str, Mapping[str, str | None]] = {
            "text": source.text if isinstance(source.text, dict) else {},
            "codes": source.codes,
            "authors": source.authors,
            "groups": source.groups,
            "channels": {f"{name}.{end}": getattr(c, end) for name, c in source.channels.items() for end in _ENDS},
        }
        for table, teams in tables.items():
            for name, team in teams.items():
                if team is not None and team not in file.teams:
                    raise UsageError(
                        f"{path}: sources.{key}.{table}.{name} must be the id of a team{_nearest(team, file.teams)}"
                    )


def _has_password(address: str | None) -> bool:
    try:
        return address is not None and (bool(urlsplit(address).password) or "password=" in address)
    except ValueError:
        return True


def _explain(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        known = _known_keys(error["loc"][:-1])
        return f"unknown key {where}{_nearest(str(error['loc'][-1]), known)}. Known here: {', '.join(known)}."
    if error["type"] == "greater_than_equal" and error["loc"][0] == "privacy":
        return f"{where} is under its floor of {error['ctx']['ge']}. Raise it: the wall cannot be lowered."
    if error["type"] == "less_than_equal" and error["loc"] == ("privacy", "epsilon"):
        return f"{where} is over its ceiling of {error['ctx']['le']}. Take a smaller one: the wall cannot be lowered."
    if error["type"] == "missing" and error["loc"] == ("teams",):
        return "no team. Add at least one section like [teams.sales] with name, headcount and aliases."
    if error["type"] == "string_pattern_mismatch":
        return f"{where}: an id takes lower-case letters, digits, - and _ only."
    return f"{where}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _known_keys(where: tuple[int | str, ...]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {
        "teams": TeamSection,
        "privacy": PrivacySection,
        "sources": SourceSection,
        "redaction": RedactionSection,
        "digest": DigestSection,
        "notice": NoticeSection,
        "store": StoreSection,
        "interventions": InterventionSection,
    }
    section = sections[str(where[0])] if where else _File
    if section is SourceSection and "channels" in where[2:]:
        section = ChannelSection
    return list(section.model_fields)


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
