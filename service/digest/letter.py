"""A digest in words: the same sentences for the HTML part, the text part and the subject.

A quiet week, in which there is no news of any pair, makes a short letter: under 15 lines of text, however many
pairs there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from friction.interventions import Effect
from friction.records import Directory, Pair, TeamId
from friction.trends import Rate, Trend
from friction.verdicts import EARLIER_WEEKS, FALSE_DISCOVERIES, RECENT_WEEKS, STEADY_WITHIN
from friction.wording import Language

from ..charts import series
from ..charts.calendar import numbered
from ..words import words
from .content import Content, News
from .names import LONGEST_DESCRIPTION, plain

MOST_NAMED: Final = 6
"""Pairs that a sentence names; the others are counted."""
MOST_LEVELS: Final = 3
"""Pairs that a sentence names with their share, so that a quiet week's letter stays short."""
MOST_EFFECTS: Final = 5
_SHORT_DESCRIPTION: Final = 60
WIDTH: Final = 552.0
"""Pixels of a picture: the mail's 600 less its margins."""
PICTURE_SCALE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Item:
    """A change, in words.

    Attributes:
        pair: whose change it is, to find its picture by.
        facts: sentences, the verdict's first.
        picture: PNG; None where there is none.
        alternative: what the picture says, for who cannot see it.
        captions: what is marked in it.
    """

    pair: Pair
    heading: str
    facts: tuple[str, ...]
    practice: str
    practice_how: str
    source: str
    picture: bytes | None = field(repr=False)
    alternative: str
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and the sentences under it."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """The whole digest in one language."""

    language: Language
    subject: str
    title: str
    lead: tuple[str, ...]
    items: tuple[Item, ...]
    parts: tuple[Part, ...]
    how: str
    link: str
    worth_trying: str
    colon: str
    unsubscribe: str


def write(content: Content, directory: Directory, language: Language, *, link: str, pictures: bool) -> Letter:
    """Put a digest's content into words.

    Args:
        content: what is told.
        directory: for the teams' names.
        language: of the reader.
        link: where the reader finds more.
        pictures: draw them.
    """
    return _Writer(content, directory, language, pictures=pictures).letter(link)


class _Writer:
    def __init__(self, content: Content, directory: Directory, language: Language, *, pictures: bool) -> None:
        self._pictures = pictures
        self._content = content
        self._directory = directory
        self._names = directory.names
        self._say = words(language)

    def letter(self, link: str) -> Letter:
        content, say = self._content, self._say
        how = "digest.how" if content.news else "digest.how_first" if content.is_first else "digest.how_quiet"
        lead = [self._lead()]
        if content.team is not None:
            lead.append(say("digest.only", team=self._name(content.team)))
        if more := content.new + content.standing - len(content.news):
            lead.append(say("digest.more", count=more))
        wrong = round(100 * FALSE_DISCOVERIES)
        return Letter(
            language=say.language,
            subject=self._subject(),
            title=say("digest.title", week=content.week, dates=say.days(content.week)),
            lead=tuple(lead),
            items=tuple(map(self._item, content.news)),
            parts=self._parts() if content.news else self._short_parts(),
            how=say(how, wrong=wrong, recent=RECENT_WEEKS, earlier=EARLIER_WEEKS),
            link=link,
            worth_trying=say("digest.worth_trying"),
            colon=say("digest.colon"),
            unsubscribe=say("digest.unsubscribe"),
        )  # fmt: skip

    def _subject(self) -> str:
        content, say, week = self._content, self._say, self._content.week
        if content.is_first:
            return say("digest.subject_first", week=week)
        if not content.news:
            return say("digest.subject_quiet", week=week)
        if not content.new:
            return say("digest.subject_standing", week=week, count=content.standing)
        first = content.news[0].trend
        pair, verdict, others = self._pair(first), self._news(first), content.new - 1
        if not others:
            return say("digest.subject_one", week=week, pair=pair, verdict=verdict)
        return say("digest.subject_many", week=week, pair=pair, verdict=verdict, others=others)

    def _lead(self) -> str:
        content = self._content
        if content.is_first:
            return self._say("digest.lead_first")
        if not content.news:
            return self._say("digest.lead_quiet")
        if not content.new:
            return self._say("digest.lead_standing")
        return self._say("digest.lead", count=content.new)

    def _item(self, news: News) -> Item:
        trend, say = news.trend, self._say
        ends = {"speaks": self._name(trend.from_team), "about": self._name(trend.about_team)}
        verdict = self._news(trend) if news.is_new else say("digest.as_before", verdict=self._news(trend))
        return Item(
            pair=trend.pair,
            heading=f"{self._pair(trend)}{say('digest.colon')} {verdict}",
            facts=tuple(self._facts(news, ends)),
            practice=news.practice.title[say.language],
            practice_how=news.practice.how[say.language],
            source=say("digest.source", source=news.practice.source),
            picture=self._picture(trend),
            alternative=self._alternative(trend, ends),
            captions=tuple(
                say("digest.mark", number=number, week=done.week, description=done.description)
                for number, done in numbered(trend)
            ),
        )  # fmt: skip

    def _facts(self, news: News, ends: Mapping[str, str]) -> Iterator[str]:
        """What changed, and how blame stands."""
        trend, say = news.trend, self._say
        last = trend.points[-1]
        latest = {"week": last.cell.last_week, **self._rate(last.blame)}
        if trend.has_moved:
            change = say.change(trend.change or 0.0, trend.low or 0.0, trend.high or 0.0)
            more_or_less = "digest.more_blame" if trend.verdict == "rising" else "digest.less_blame"
            yield say(more_or_less, **ends, change=change)
        if trend.relationship_conflict is not None:
            yield say.disrespect(trend.relationship_conflict)
        if trend.has_moved:
            yield say("digest.latest", **latest)
        else:
            yield say("digest.latest_blame", verdict=self._verdict(trend), **latest)
        if news.pattern is None:
            yield say("digest.no_pattern")
        else:
            yield say("digest.pattern", pattern=say.patterns[news.pattern])
        if trend.has_moved:
            yield self._reciprocity(news)

    def _picture(self, trend: Trend) -> bytes | None:
        if not self._pictures:
            return None
        return series(trend, self._directory, self._say.language, WIDTH).png(scale=PICTURE_SCALE)

    def _alternative(self, trend: Trend, ends: Mapping[str, str]) -> str:
        """What the chart of a pair says, since another model or mechanism counts where one does."""
        last = trend.points[-1]
        first = next(p for p in trend.points if p.cell.maker == last.cell.maker)
        return self._say(
            "digest.picture", **ends, **self._rate(last.blame), first=self._say.percent(first.blame.value),
            first_week=first.cell.last_week, last_week=last.cell.last_week,
        )  # fmt: skip

    def _reciprocity(self, news: News) -> str:
        """Whether the other team has come to blame likewise: mutual, one-way, or not to be told."""
        back = f"{self._name(news.trend.about_team)} → {self._name(news.trend.from_team)}"
        if news.back is None:
            return self._say("digest.hidden_back", back=back)
        rate, verdict = self._rate(news.back.points[-1].blame), self._verdict(news.back)
        if news.back.verdict == "cannot tell":
            return self._say("digest.perhaps_mutual", back=back, **rate)
        if news.back.verdict == news.trend.verdict:
            return self._say("digest.mutual", back=back, verdict=verdict, **rate)
        return self._say("digest.one_way", back=back, verdict=verdict, **rate)

    def _parts(self) -> tuple[Part, ...]:
        content, say = self._content, self._say
        unseen = []
        if content.maybe_chance:
            named = [self._needed(t) for t in content.maybe_chance]
            unseen.append(say("digest.maybe_chance", count=len(named), pairs=self._some(named)))
        if content.unmatched:
            named = [self._unmatched(t) for t in content.unmatched]
            unseen.append(say("digest.unmatched", count=len(named), pairs=self._some(named)))
        if content.lapsed:
            named = [self._pair(t) for t in content.lapsed]
            unseen.append(say("digest.lapsed", count=len(named), pairs=self._some(named), recent=RECENT_WEEKS))
        if content.silent:
            unseen.append(say("digest.silent", count=content.silent))
        if content.steady:
            named, within = [self._pair(t) for t in content.steady], round(100 * STEADY_WITHIN)
            unseen.append(say("digest.steady", count=len(named), pairs=self._some(named), within=within))
        done = self._effects(MOST_EFFECTS, LONGEST_DESCRIPTION)
        parts = (Part(say("digest.unseen"), tuple(unseen)), Part(say("digest.done"), done))
        return tuple(part for part in parts if part.lines)

    def _short_parts(self) -> tuple[Part, ...]:
        content, pairs = self._content, self._content.shown + self._content.silent
        if content.is_first:
            ordered = sorted(content.unmatched, key=lambda t: -t.points[-1].blame.low)
            named = self._some([self._level(t) for t in ordered], MOST_LEVELS)
            seen = self._say("digest.first_numbers", shown=content.shown, pairs=pairs, named=named)
            return (Part("", (seen,)),)
        if content.shown:
            seen = self._say(
                "digest.quiet_count", shown=content.shown, pairs=pairs, steady=len(content.steady),
                maybe_chance=len(content.maybe_chance), unmatched=len(content.unmatched),
                lapsed=len(content.lapsed), recent=RECENT_WEEKS,
            )  # fmt: skip
        else:
            seen = self._say("digest.quiet_count_none", pairs=pairs)
        return (Part("", (seen, *self._effects(1, _SHORT_DESCRIPTION))),)

    def _effects(self, most: int, longest: int) -> tuple[str, ...]:
        return tuple(self._effect(effect, longest) for effect in self._content.effects[:most])

    def _effect(self, effect: Effect, longest: int) -> str:
        done = effect.intervention
        return self._say(
            "digest.effect",
            pair=f"{self._name(done.from_team)} → {self._name(done.about_team)}",
            description=plain(done.description, longest),
            week=done.week,
            finding=self._finding(effect),
        )

    def _finding(self, effect: Effect) -> str:
        say, step = self._say, effect.step
        if step is None or effect.finding == "cannot tell":
            return say("digest.too_early")
        change = say.change(step.value, step.low, step.high)
        if effect.finding == "fell":
            return say("digest.fell", change=change)
        if effect.finding == "rose":
            return say("digest.rose", change=change)
        if effect.finding == "moved before":
            return say("digest.moved_before", change=change)
        return say("digest.no_effect", change=change)

    def _needed(self, trend: Trend) -> str:
        if trend.smallest_visible_change is None:
            return self._say("digest.needed_none", pair=self._pair(trend))
        points = round(100 * trend.smallest_visible_change)
        return self._say("digest.needed", pair=self._pair(trend), count=points)

    def _level(self, trend: Trend) -> str:
        return self._say("digest.level", pair=self._pair(trend), **self._rate(trend.points[-1].blame))

    def _unmatched(self, trend: Trend) -> str:
        if not trend.breaks:
            return self._pair(trend)
        return self._say("digest.since_break", pair=self._pair(trend), week=trend.breaks[-1].week)

    def _some(self, named: Sequence[str], most: int = MOST_NAMED) -> str:
        if len(named) <= most + 1:  # "and 1 more" would be as long as its name
            return ", ".join(named)
        return self._say("digest.and_more", pairs=", ".join(named[:most]), more=len(named) - most)

    def _rate(self, rate: Rate) -> dict[str, str]:
        percent = self._say.percent
        return {"value": percent(rate.value), "low": percent(rate.low), "high": percent(rate.high)}

    def _pair(self, trend: Trend) -> str:
        return f"{self._name(trend.from_team)} → {self._name(trend.about_team)}"

    def _name(self, team: TeamId) -> str:
        """A team's name; its id where it has left the directory."""
        return self._names.get(team, team)

    def _news(self, trend: Trend) -> str:
        """What is news of a pair, in few words."""
        if trend.relationship_conflict is None:
            return self._verdict(trend)
        if not trend.has_moved:
            return self._say("common.disrespect_short")
        return self._say("digest.and_disrespect", verdict=self._verdict(trend))

    def _verdict(self, trend: Trend) -> str:
        return self._say.verdict(trend.verdict)
