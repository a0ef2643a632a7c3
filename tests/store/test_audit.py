"""The audit trail in its table, on both engines."""

from sqlalchemy import event

from friction.store import audit
from friction.store.audit import Asked
from friction.store.engine import Database
from tests.conftest import ENGINES

pytestmark = ENGINES
ROUTE = "GET /v1/pairs/{from_team}/{about_team}"
LATE = 60 * 40_000_000  # in the year 2046


def test_what_is_alike_is_one_row_with_its_count(operations: Database) -> None:
    odd = Asked(LATE, "00c0ffee", ROUTE, """l'équipe "A"/\\ {b}""", 404)
    one = Asked(LATE, "00c0ffee", ROUTE, "sales/it", 200)
    audit.note(operations, {one: 2, odd: 1})
    audit.note(operations, {one: 3, one._replace(status=304): 1})
    assert dict(audit.told(operations)) == {one: 5, odd: 1, one._replace(status=304): 1}


def test_a_crowd_is_noted_in_one_statement(operations: Database) -> None:
    """Many would keep the interpreter, and so whoever asks meanwhile, waiting."""
    crowd = {Asked(60, "00c0ffee", ROUTE, f"sales/team-{i}", 200): 1 for i in range(1000)}
    seen: list[str] = []
    event.listen(operations._engine, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))
    audit.note(operations, crowd)
    audit.note(operations, crowd)
    assert len([statement for statement in seen if " audit " in statement]) == 2
    assert dict(audit.told(operations)) == dict.fromkeys(crowd, 2)
