"""``friction.toml``, read once at the entry point and passed down.

Promises: an unknown key is an error that names the nearest known one; a threshold under the floor is refused;
a message names keys, never secrets. Secrets come from the environment only.
"""

import os
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from friction.disclosure import Policy
from friction.errors import IntegrityError, UsageError
from friction.records import Directory, Intervention, Team, TeamId, Week
from friction.settings.reading import (
    OIDC_SECRET_VARIABLE,
    OPERATIONS_VARIABLE,
    RELEASES_VARIABLE,
    SCORES_VARIABLE,
    SMTP_PASSWORD_VARIABLE,
    read,
)
from friction.settings.sections import ChannelSection, ClusterSection, File, SourceSection
from friction.targets import TargetFinder

if TYPE_CHECKING:
    from friction.redaction import Redactor

__all__ = [
    "OPERATIONS_VARIABLE",
    "RELEASES_VARIABLE",
    "SCORES_VARIABLE",
    "ChannelSection",
    "Settings",
    "SourceSection",
    "bare_environment",
    "load",
]

_RELATIVE = re.compile(r"sqlite(\+\w+)?:///(?![/:?]|file:|$)")


class Settings:
    """What the configuration says.

    Attributes:
        home: folder of ``friction.toml``; ``friction-data/`` and ``inbox/`` stand in it.
        for_scoring: what a process that only scores is told of the file, teams and redaction, as JSON.
        spool: folder in which uploads wait to be read.
        max_upload: bytes of the largest file that may be sent.
        keeps_files: whether a file of the inbox stays once it is read, where only its owner may read it.
    """

    def __init__(self, file: File, home: Path, environment: Mapping[str, str], *, private: bool) -> None:
        self.home = home
        self.for_scoring = file.model_dump_json(include={"teams", "redaction"}, exclude_unset=True)
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
        self.keeps_files = file.inbox.after == "keep"
        self.spool = self.data / "uploads" if file.service.uploads is None else home / file.service.uploads
        self.max_upload = file.service.max_upload
        self.digest = file.digest
        self._smtp_password = environment.get(SMTP_PASSWORD_VARIABLE) if private else None
        self.service = file.service
        self.oidc = file.oidc
        self._oidc_secret = environment.get(OIDC_SECRET_VARIABLE)
        self.notice = file.notice
        self.public_url = None if file.service.public_url is None else file.service.public_url.rstrip("/")
        self.redaction = file.redaction
        self.cluster = None if file.cluster is None else _beside(home, file.cluster)
        store = file.store
        given = (
            environment.get(SCORES_VARIABLE) or store.scores or _sqlite(self.data / "scores.sqlite"),
            environment.get(RELEASES_VARIABLE) or store.releases or _sqlite(self.data / "releases.sqlite"),
            environment.get(OPERATIONS_VARIABLE) or store.operations or _sqlite(self.data / "operations.sqlite"),
        )
        scores, self.releases_address, self.operations_address = (_placed(home, address) for address in given)
        if len({scores, self.releases_address, self.operations_address}) < 3:
            raise UsageError("[store]: scores, releases and operations are three stores; give each its own address")
        self._scores_address = scores if private else None

    @classmethod
    def scoring_only(cls, told: str, home: Path) -> Self:
        """The settings of a process that only scores, which is told ``for_scoring`` of another's."""
        return cls(File.model_validate_json(told), home, {}, private=False)

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
    def smtp_password(self) -> str:
        """What the relay's user signs in with.

        Raises:
            UsageError: it is not in the environment.
        """
        if not self._smtp_password:
            raise UsageError(f"digest.smtp.user needs its password: set {SMTP_PASSWORD_VARIABLE} in the environment")
        return self._smtp_password

    @property
    def oidc_secret(self) -> str:
        """What the OpenID provider knows the service by.

        Raises:
            UsageError: it is not in the environment.
        """
        if not self._oidc_secret:
            raise UsageError(f"[oidc] needs the client's secret: set {OIDC_SECRET_VARIABLE} in the environment")
        return self._oidc_secret

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
        from friction.redaction.roster import read as read_roster

        names, pattern = self.redaction.names, self.redaction.employee_numbers
        try:
            identifiers = re.compile(pattern) if pattern else None
        except re.error as error:
            raise UsageError(f"redaction.employee_numbers is not a regular expression: {error}") from None
        if identifiers is not None and identifiers.match(""):
            raise UsageError("redaction.employee_numbers matches nothing at all too; say what must stand there")
        roster = read_roster(self.home / names) if names else None
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

    def today(self) -> date:
        """The day it is wherever weeks are counted: where zones differ, that of the last to reach midnight."""
        return min(datetime.now(self.zone(source)).date() for source in (SourceSection(), *self.sources.values()))

    @property
    def reads_private_channels(self) -> bool:
        """Whether a source is told to read private, direct or small conversations: staff are to know."""
        return any(channel.private for source in self.sources.values() for channel in source.channels.values())


def _beside(home: Path, cluster: ClusterSection) -> ClusterSection:
    """The section with whole paths."""
    return cluster.model_copy(update={key: str(home / getattr(cluster, key)) for key in ("ca", "certificate", "key")})


def _sqlite(path: Path) -> str:
    """The address of a file; a ``?`` or ``%`` in its path is part of the path."""
    return f"sqlite:///{quote(str(path))}"


def _placed(home: Path, address: str) -> str:
    """An address whose file, where it is one and its path is no whole one, is taken from where ``friction.toml`` is."""
    found = _RELATIVE.match(address)
    return address if found is None else f"{found[0]}{quote(str(home))}/{address[found.end() :]}"


def _may_exist(address: str) -> bool:
    """Whether there is such a file; of a server nobody asked.

    Raises:
        UsageError: its folder is closed to this user, who would take the store for one that is not there.
    """
    file = address.removeprefix("sqlite:///")
    try:
        return file == address or Path(unquote(file)).exists()
    except OSError as error:
        raise UsageError(f"Cannot open the store at {unquote(file)}: {error.strerror}") from None


def load(path: Path, *, private: bool = True) -> Settings:
    """Read and check a configuration file, and the environment.

    Args:
        path: the file.
        private: False in a process that shows releases: it forgets the address of the private store and the relay's
            password, also in its environment.

    Raises:
        UsageError: missing, not TOML, an unknown key, a value out of range, a parent that is no team, teams that share
            an alias, a password.
    """
    settings = Settings(read(path), path.resolve().parent, os.environ, private=private)  # noqa: TID251
    try:
        TargetFinder(settings.directory)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    if not private:
        os.environ.pop(SCORES_VARIABLE, None)  # noqa: TID251
        os.environ.pop(SMTP_PASSWORD_VARIABLE, None)  # noqa: TID251
    return settings


def bare_environment() -> dict[str, str]:
    """The environment for a process that is told all it needs: no variable of friction's, so no address, no secret."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FRICTION_")}  # noqa: TID251
