"""From the bytes of ``friction.toml`` to its sections, or to an error that says what, where and what to do next."""

import difflib
import ipaddress
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError

from friction.errors import UsageError
from friction.records import MISDATED, Week, misdated
from friction.settings.sections import File, OidcSection, Section, ServiceSection

SCORES_VARIABLE: Final = "FRICTION_STORE_SCORES"
RELEASES_VARIABLE: Final = "FRICTION_STORE_RELEASES"
OPERATIONS_VARIABLE: Final = "FRICTION_STORE_OPERATIONS"
"""Addresses of the stores from the environment; they come before those of ``[store]``, and may hold a password."""
_ADDRESSES: Final = {"scores": SCORES_VARIABLE, "releases": RELEASES_VARIABLE, "operations": OPERATIONS_VARIABLE}
SMTP_PASSWORD_VARIABLE: Final = "FRICTION_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
OIDC_SECRET_VARIABLE: Final = "FRICTION_OIDC_SECRET"  # noqa: S105 - the name of a variable
_ENDS: Final = ("from_team", "about_team")
_FORMS: Final[Mapping[int | str, str]] = {
    "description": "must be one line, without characters that are not seen.",
    "[key]": "is no id: an id takes lower-case letters, digits, - and _ only.",
    "email": "must be an address alone, like ada@example.org.",
    "from": "must be an address alone, like ada@example.org.",
    "host": "must be the name or the address of a server, like smtp.example.org.",
    "public_url": "must be like https://friction.example.org, with nothing after its path.",
    "scheduler": "must be like tls://host:8786: without TLS comments would cross the network in the clear.",
}
"""What a key says, by its last part, where it has a form of its own."""
_KINDS: Final = {
    "tuple_type": 'must be a list, like ["one", "two"]',
    "dict_type": "must be a section in [ ], or a table in { }",
    "model_type": "must be a section in [ ], or a table in { }",
}
"""What TOML calls that which Python calls otherwise."""


def read(path: Path) -> File:
    """Read and check a configuration file.

    Raises:
        UsageError: as ``friction.settings.load`` says.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"No configuration at {path}. Write one with: friction init") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder. Give the friction.toml in it.") from None
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path} line {line} is not UTF-8. Save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from None
    try:
        file = File.model_validate(raw)
    except ValidationError as error:
        raise UsageError("\n".join(f"{path}: {_explain(e)}" for e in error.errors(include_input=False))) from None
    if (file.privacy.mechanism == "laplace") != (file.privacy.epsilon is not None):
        raise UsageError(
            f'{path}: privacy.mechanism = "laplace" needs epsilon and epsilon_per_year, and they need it: '
            "say what a cell may cost one person, and what a year may."
        )
    for key, team in file.teams.items():
        if team.parent is not None and (team.parent not in file.teams or team.parent == key):
            hint = _nearest(team.parent, [other for other in file.teams if other != key])
            raise UsageError(f"{path}: teams.{key}.parent must be the id of another team{hint}")
    _check_sources(path, file)
    _check_interventions(path, file)
    _check_digest(path, file)
    _check_service(path, file.service)
    if file.oidc is not None:
        _check_oidc(path, file.oidc, file.teams)
    for key, variable in _ADDRESSES.items():
        if _has_password(getattr(file.store, key)):
            raise UsageError(
                f"{path}: store.{key} holds a password. Take it out and set {variable} in the environment, or use "
                "a password file (~/.pgpass)."
            )
    return file


def _check_interventions(path: Path, file: File) -> None:
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
        if (wrong := misdated(week, date.today())) is not None:
            raise UsageError(f"{where}.week is {MISDATED[wrong]}; write the week in which it began")
        key = (intervention.from_team, intervention.about_team, week)
        if key in seen:
            raise UsageError(f"{where}: this pair has one in that week already; tell both in one description")
        seen.add(key)


def _check_digest(path: Path, file: File) -> None:
    """Every team is one, nobody is named twice, and no mail leaves this machine in the clear."""
    seen = set()
    for place, recipient in enumerate(file.digest.recipients):
        where = f"{path}: digest.recipients.{place}"
        if recipient.team is not None and recipient.team not in file.teams:
            raise UsageError(f"{where}.team must be the id of a team{_nearest(recipient.team, file.teams)}")
        if recipient.email.lower() in seen:
            raise UsageError(f"{where}.email stands there twice; one person gets one digest")
        seen.add(recipient.email.lower())
    smtp = file.digest.smtp
    if smtp is not None and file.digest.sender is None:
        raise UsageError(f"{path}: [digest] needs from: the address that the digest comes from")
    if smtp is not None and smtp.security == "none" and not is_loopback(smtp.host):
        raise UsageError(
            f'{path}: digest.smtp.security = "none" is for a relay on this machine only; use "starttls" or "tls"'
        )
    if smtp is not None and smtp.security == "none" and smtp.user is not None:
        raise UsageError(f"{path}: digest.smtp.user would send its password in the clear; set security")


def is_loopback(host: str) -> bool:
    """Whether a name or an address is of this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_service(path: Path, service: ServiceSection) -> None:
    """Every proxy is an address or a network."""
    for proxy in service.proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            raise UsageError(f"{path}: service.proxies takes addresses like 10.0.0.5 or 10.0.0.0/24") from None


def _check_oidc(path: Path, oidc: OidcSection, teams: Collection[str]) -> None:
    """The provider proves its name, is asked for an ID token, and every team that binds somebody is one."""
    issuer = urlsplit(oidc.issuer)
    if issuer.scheme != "https" and not (issuer.scheme == "http" and is_loopback(issuer.hostname or "")):
        raise UsageError(f"{path}: oidc.issuer must begin with https://, as the provider writes it")
    if "openid" not in oidc.scope.split():
        raise UsageError(f'{path}: oidc.scope must have openid in it, like "openid groups"')
    for value, group in oidc.people.items():
        if group.team is not None and group.team not in teams:
            where = f"{path}: oidc.people.{value}.team"
            raise UsageError(f"{where} must be the id of a team{_nearest(group.team, teams)}")


def _check_sources(path: Path, file: File) -> None:
    """Every team that a source names is one, and every time zone is known."""
    named = [(f"{key}.timezone", source.timezone) for key, source in file.sources.items() if source.timezone]
    for where, zone in [("timezone", file.timezone), *((f"sources.{key}", zone) for key, zone in named)]:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            hint = _nearest(zone, available_timezones()) or "; write one like Europe/Paris"
            raise UsageError(f"{path}: {where}: {zone!r} is no time zone{hint}") from None
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
        hint = _nearest(str(error["loc"][-1]), known) or "."
        return f"unknown key {where}{hint} Known here: {', '.join(known)}."
    if error["type"] == "greater_than_equal" and error["loc"][0] == "privacy":
        return f"{where} is under its floor of {error['ctx']['ge']}. Raise it: the wall cannot be lowered."
    if error["type"] == "less_than_equal" and error["loc"] == ("privacy", "epsilon"):
        return f"{where} is over its ceiling of {error['ctx']['le']}. Take a smaller one: the wall cannot be lowered."
    if error["type"] == "missing" and error["loc"] == ("teams",):
        return "no team. Add at least one section like [teams.sales] with name, headcount and aliases."
    if error["type"] == "string_pattern_mismatch":
        return f"{where} {_FORMS[error['loc'][-1]]}"
    said = _KINDS.get(error["type"], error["msg"])
    return f"{where}: {said[0].lower()}{said[1:]}"


def _known_keys(where: tuple[int | str, ...]) -> list[str]:
    section: type[Section] = File
    for part in where:
        if isinstance(part, str) and part in section.model_fields:
            section = _section_in(section.model_fields[part].annotation) or section
    return [field.alias or name for name, field in section.model_fields.items()]


def _section_in(annotation: Any) -> type[Section] | None:
    """The section that a field holds, be it in a table or a list."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_section_in, get_args(annotation))), None)


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""
