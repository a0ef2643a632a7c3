"""The sections of ``friction.toml``: what may stand there, of which type, and what holds where nothing does."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from friction.disclosure import FLOOR, MOST_EPSILON
from friction.records import DESCRIPTION, LONGEST, TeamId
from friction.wording import Language

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]


Address = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", max_length=254
    ),
]
"""An e-mail address, in ASCII; no name, no comment, nothing that could end a header."""


def _as_recipient(value: object) -> object:
    return {"email": value} if isinstance(value, str) else value


class Section(BaseModel):
    """A part of the file. Its errors never repeat what stood there."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TeamSection(Section):
    """``[teams.ID]``: how a team is called and how large it is."""

    name: str | None = None
    headcount: Annotated[int, Field(ge=0)] | None = None
    aliases: tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)], ...] = ()
    parent: str | None = None


class PrivacySection(Section):
    """``[privacy]``: thresholds. They can be raised, never lowered under their floor.

    ``mechanism = "laplace"`` is differential privacy; it needs both epsilons, and they need it.
    """

    mechanism: Literal["rounding", "laplace"] = "rounding"
    epsilon: Annotated[Decimal, Field(gt=0, le=MOST_EPSILON, max_digits=6, decimal_places=3)] | None = None
    epsilon_per_year: Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3)] | None = None
    min_respondents: Annotated[int, Field(ge=FLOOR)] = FLOOR
    min_team_size: Annotated[int, Field(ge=FLOOR)] = FLOOR
    max_window_weeks: Annotated[int, Field(ge=1, le=52)] = 13


class ChannelSection(Section):
    """``[sources.NAME.channels.CHANNEL]``: what a chat channel stands for, by its name or its id (docs/sources.md)."""

    from_team: str | None = None
    about_team: str | None = None
    private: bool = False
    """Read it although it is private, a direct conversation or one of few people; the notice says so."""


class SourceSection(Section):
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


class InboxSection(Section):
    """``[inbox]``: what becomes of the files that people put there. See docs/inbox.md."""

    after: Literal["delete", "keep"] = "delete"
    """Once a file is read: it holds comments as people wrote them, so that nothing of it stays unless this says so."""


class RecipientSection(Section):
    """One of ``[digest] recipients``; an address alone stands for one without more."""

    email: Address
    language: Language | None = None
    """By default that of ``[digest]``."""
    team: str | None = None
    """Tell of this team's pairs alone."""


class SmtpSection(Section):
    """``[digest.smtp]``: the relay. Its password is ``FRICTION_SMTP_PASSWORD`` in the environment."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]+$", max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """By default 587, 465 or 25, as ``security`` has it."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None


class DigestSection(Section):
    """``[digest]``: the weekly e-mail."""

    language: Language = "en"
    sender: Annotated[Address | None, Field(alias="from")] = None
    recipients: tuple[Annotated[RecipientSection, BeforeValidator(_as_recipient)], ...] = ()
    smtp: SmtpSection | None = None


class ServiceSection(Section):
    """``[service]``: how the service is reached, and how it treats those who ask. See docs/access.md."""

    public_url: (
        Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?$")] | None
    ) = None
    """As people's browsers and mail clients know it; links in the digest begin with it."""
    max_upload: Annotated[int, Field(ge=1_000)] = 200_000_000
    """Bytes of the largest file that may be sent."""
    uploads: str | None = None
    """Folder in which uploads wait to be read; its path is taken from where ``friction.toml`` stands."""
    proxies: tuple[str, ...] = ()
    """Addresses of the proxies before it, which end TLS; nobody else is believed who asked through whom."""
    requests_per_minute: Annotated[int, Field(ge=1)] = 6000
    """Of one key."""
    failures_per_minute: Annotated[int, Field(ge=1)] = 30
    """Keys that do not hold, from one address."""
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12
    """Without a request, until the dashboard asks for a key again."""
    audit_days: Annotated[int, Field(ge=1)] = 400
    """For which the service can tell who asked for what."""


class GroupSection(Section):
    """``[oidc.people."VALUE"]``: what those may do whose claim has this value."""

    scopes: Annotated[tuple[Literal["read", "admin"], ...], Field(min_length=1)]
    team: str | None = None
    """Show them this team's pairs alone."""


class OidcSection(Section):
    """``[oidc]``: signing in to the dashboard through the organisation's OpenID provider. See docs/access.md.

    The client's secret is ``FRICTION_OIDC_SECRET`` in the environment.
    """

    issuer: str
    client_id: Annotated[str, StringConstraints(min_length=1)]
    claim: str
    """Of the ID token; what it says decides."""
    scope: str = "openid"
    """What the provider is asked for, so that the claim is in its ID token."""
    people: Annotated[dict[str, GroupSection], Field(min_length=1)]
    """By a value of the claim; the first that a person has is theirs."""


class RedactionSection(Section):
    """``[redaction]``: what this organisation masks beside what is masked everywhere. See docs/redaction.md."""

    names: str | None = None
    """A file of names, or of their salted hashes; its path is taken from where ``friction.toml`` stands."""
    employee_numbers: str | None = None
    """A regular expression."""


class NoticeSection(Section):
    """``[notice]``: what the transparency notice cannot know by itself."""

    contact: str | None = None
    """Whom staff may ask: a name, a room, an address."""


class StoreSection(Section):
    """``[store]``: addresses of the stores, without a password; by default files in ``friction-data/``.

    The path of a SQLite file is taken from where ``friction.toml`` stands.
    """

    scores: str | None = None
    releases: str | None = None
    operations: str | None = None


class ClusterSection(Section):
    """``[cluster]``: an existing Dask cluster, for ``--engine dask``; without it, processes of this machine.

    Paths of PEM files are taken from where ``friction.toml`` stands.
    """

    scheduler: Annotated[str, StringConstraints(pattern=r"^tls://")]
    """Like ``tls://host:8786``: without TLS comments would cross the network in the clear."""
    ca: str
    certificate: str
    key: str


class InterventionSection(Section):
    """``[[interventions]]``: something done about a pair; its effect is shown with the pair's trend."""

    from_team: str
    about_team: str
    week: str
    description: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST, pattern=DESCRIPTION)
    ]


class File(Section):
    """The whole file."""

    teams: Annotated[dict[Slug, TeamSection], Field(min_length=1)]
    privacy: PrivacySection = PrivacySection()
    sources: dict[Slug, SourceSection] = {}
    timezone: str = "UTC"
    inbox: InboxSection = InboxSection()
    redaction: RedactionSection = RedactionSection()
    digest: DigestSection = DigestSection()
    service: ServiceSection = ServiceSection()
    oidc: OidcSection | None = None
    notice: NoticeSection = NoticeSection()
    store: StoreSection = StoreSection()
    cluster: ClusterSection | None = None
    interventions: tuple[InterventionSection, ...] = ()
