"""The one door from scores to released cells. The only code that reads scores to make something for people.

Security properties (``tests/test_release.py``, ``tests/properties`` and ``tests/attacks`` guard them):
    - people are counted, one vote each; thresholds hold on both sides at the moment of release, and people
      of several pools, who may be the same under other names, make no more voices than the fullest of them;
    - a window closes once; its rows are deleted in the same transaction that makes its cell;
    - a week that was released is never released again, by whatever backup of the private store, and what counted in it
      counts no more;
    - a crash anywhere, and a second run, show one draw: roundings hang on the window's salt, noise is drawn in the
      transaction that keeps it, and cells wait in the private store until the public one has them;
    - a noisy cell is paid for in that same transaction; one that the year's budget does not cover is not made;
    - nothing is said about a pair that does not pass.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from friction.disclosure import YEAR, Policy, draw
from friction.mechanisms import Counts, Draw, Mechanism, epsilon_of, mechanism_of
from friction.model_folder import RELEASED
from friction.records import LANGS, Cell, Directory, Pair, Week
from friction.store.releases import ReleaseStore, serialise
from friction.store.scores import Closing, People, ScoreStore, Window
from friction.taxonomy import PATTERNS, Pattern


def release(
    scores: ScoreStore, releases: ReleaseStore, *, directory: Directory, policy: Policy, through: Week
) -> list[Week]:
    """Close every window that can be closed, week by week, up to and with ``through``.

    Returns:
        The weeks that were released now; none where ``through`` was released before.
    """
    mechanism = mechanism_of(policy)
    done: list[Week] = []
    while True:
        with scores.closing() as store:
            if store.start is None:
                break
            _catch_up(store, releases)
            _deliver(store, releases)
            week = store.start if store.released is None else store.released + 1
            if week > through:
                break
            cells = _close_week(store, releases.ends(before=week), week, directory, policy, mechanism)
            store.finish(week, serialise(cells))
        done.append(week)
    scores.scrub()
    return done


def _catch_up(store: Closing, releases: ReleaseStore) -> None:
    """Go on behind the last week that is released, where the private store knows of an earlier one, or of none: it was
    restored from a backup, or is a new one.

    What counted since in a released cell, or may have, is deleted; what such cells cost is in the ledger again.
    """
    last = releases.last_week()
    if last is None:
        return
    for week, _ in store.undelivered():
        if week <= last:
            store.delivered(week)
    if store.released is not None and store.released >= last:
        return
    store.skip(last)
    for pair, end in releases.ends(before=last + 1).items():
        store.close([pair], end)
    for cell in releases.cells():
        if last - cell.last_week < YEAR and (cost := epsilon_of(cell.mechanism)):
            store.spend(cell.pair, cell.last_week, Decimal(str(cost)))


def _deliver(store: Closing, releases: ReleaseStore) -> None:
    """Hand finished releases over. Safe to repeat: the public side takes each once."""
    for week, cells in store.undelivered():
        releases.append(week, cells)
        store.delivered(week)


def _close_week(
    store: Closing,
    ends: Mapping[Pair, Week],
    week: Week,
    directory: Directory,
    policy: Policy,
    mechanism: Mechanism,
) -> list[Cell]:
    """Close what can be closed, of the pair first that has longest been without a cell: it has the first claim on a
    year's budget.

    A window that the budget does not cover stays open, and expires in its time, like one with too few voices. Rows from
    before a window opens, which has become shorter since they came, expire first.
    ``ends``: the last week of each pair's last cell; from it follow its windows since, whether any expired or not.
    """
    cells: list[Cell] = []
    closed: list[Pair] = []
    start = store.start or week

    def without_cell_since(pair: Pair) -> Week:
        last = ends.get(pair)
        return start if last is None else last + 1

    def opening(pair: Pair) -> Week:
        return _opening(without_cell_since(pair), week, policy)

    for pair, oldest in store.oldest(week).items():
        if oldest < opening(pair):
            store.close([pair], opening(pair) + -1)
    for waiting in sorted(store.windows(week), key=lambda waiting: without_cell_since(waiting.window.pair)):
        window = waiting.window
        opens = opening(window.pair)
        speaks, about = window.pair
        is_reportable = directory.may_be_spoken_of(about, policy.min_team_size, merged=waiting.merged, by=speaks)
        is_heard = is_reportable and policy.enough_voices(directory.heard(speaks, waiting.voices))
        if is_heard and _is_paid(store, window, week, policy):
            model = RELEASED.name if mechanism.epsilon else _model(store.models(window.pair, week))
            cells.append(_cell(window, opens, week, waiting.people, mechanism, model))
        elif week - opens + 1 < policy.max_window_weeks:
            continue
        closed.append(window.pair)
    store.close(closed, week)
    return cells


def _is_paid(store: Closing, window: Window, week: Week, policy: Policy) -> bool:
    """Pay for a cell from the year's budget of the speaking team, if it is enough. Random rounding costs nothing."""
    if policy.epsilon is None:
        return True
    if not policy.affords(store.spent(window.pair[0], week)):
        return False
    store.spend(window.pair, week, policy.epsilon)
    return True


def _opening(first: Week, week: Week, policy: Policy) -> Week:
    """Where the pair's window opens: windows follow each other from ``first``, whether anybody wrote or not."""
    return first + (week - first) // policy.max_window_weeks * policy.max_window_weeks


def _cell(
    window: Window, opens: Week, closes: Week, people: Sequence[People], mechanism: Mechanism, model: str
) -> Cell:
    """Protect every count, once. From here on nobody can know the exact ones."""
    week = str(closes)

    def of_window(measure: str) -> float:
        return draw(window.salt, f"{week}:{measure}")

    counts = mechanism.publish(_count(people, mechanism.most_patterns, of_window), of_window)
    return Cell(
        from_team=window.pair[0],
        about_team=window.pair[1],
        first_week=opens,
        last_week=closes,
        respondents=counts.people,
        languages=counts.languages,
        blame=counts.blame,
        appreciation=counts.appreciation,
        patterns=counts.patterns,
        model=model,
        mechanism=mechanism.name,
    )


def _model(people: Mapping[str, int]) -> str:
    """The model that scored comments of most people; of as many, the newest by name, numbers by their size.

    >>> _model({"friction-enfr-9": 7, "friction-enfr-10": 7, "friction-enfr-11": 2})
    'friction-enfr-10'
    """

    def natural(name: str) -> list[str | int]:
        return [int(part) if place % 2 else part for place, part in enumerate(re.split(r"(\d+)", name))]

    return max(people, key=lambda name: (people[name], natural(name)))


def _count(people: Sequence[People], most_patterns: int | None, of_window: Draw) -> Counts:
    """Exact counts. Where only some of a person's patterns count, chance says which."""
    order = PATTERNS if most_patterns is None else sorted(PATTERNS, key=lambda p: of_window(f"order:{p}"))
    patterns = Counter[Pattern]()
    for alike in people:
        for pattern in [p for p in order if p in alike.patterns][:most_patterns]:
            patterns[pattern] += alike.count
    return Counts(
        people=sum(alike.count for alike in people),
        languages={lang: sum(alike.count for alike in people if alike.lang == lang) for lang in LANGS},
        blame=sum(alike.count for alike in people if alike.blame),
        appreciation=sum(alike.count for alike in people if alike.appreciate),
        patterns={p: patterns[p] for p in PATTERNS},
    )
