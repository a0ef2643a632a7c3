"""The history of each store's tables: an old store is recognised, brought up with its rows, and refused to readers."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from friction.errors import UsageError
from friction.settings import Settings
from friction.store import migrations, operations, releases, scores
from friction.store.engine import connect
from friction.store.releases import ReleaseStore
from friction.store.schema import Schema
from friction.store.scores import ScoreStore
from tests.conftest import ENGINES, Ask

pytestmark = ENGINES
SCHEMAS = {"scores": scores.SCHEMA, "releases": releases.SCHEMA, "operations": operations.SCHEMA}
BEFORE_VERSIONS = """
create table releases (week integer not null, previous varchar not null, hash varchar not null, primary key (week));
create table cells (from_team varchar not null, about_team varchar not null, last_week integer not null,
    first_week integer not null, respondents integer not null, blame integer not null, appreciation integer not null,
    patterns json not null, model varchar not null, mechanism varchar not null,
    primary key (from_team, about_team, last_week));
insert into releases values
    (2922, '0000000000000000000000000000000000000000000000000000000000000000',
     'f1f6d1f6c610fb41462d9dad34816bf905436f32fff16c832c48624a998ada06'),
    (2923, 'f1f6d1f6c610fb41462d9dad34816bf905436f32fff16c832c48624a998ada06',
     '37cb7e7f94939a85df768e87c2c7f6e114bdf644b1c605412bba86cf7a14feb4'),
    (2924, '37cb7e7f94939a85df768e87c2c7f6e114bdf644b1c605412bba86cf7a14feb4',
     '32849a90aeb699b94d82999ad13b1535e1796c175db4acc7aa3a91afd01dad8a');
insert into cells values
    ('sales', 'marketing', 2922, 2922, 9, 3, 3, '{"mistakes": 3}', 'm', 'rounding-3'),
    ('sales', 'marketing', 2923, 2923, 9, 6, 3, '{"mistakes": 3}', 'm', 'rounding-3')
"""
"""What the version before Alembic made and wrote, hashes included."""
PRIVATE_BEFORE_VERSIONS = """
create table secrets (name varchar not null, value {bytes}, primary key (name));
create table clock (name varchar not null, week integer not null, primary key (name));
create table batches (key {bytes} not null, primary key (key));
create table seen (key {bytes} not null, week integer not null, primary key (key));
create index ix_seen_week on seen (week);
create table windows (from_team varchar not null, about_team varchar not null, opens integer, salt {bytes},
    primary key (from_team, about_team));
create table scores (id {serial} not null, from_team varchar not null, about_team varchar not null,
    week integer not null, respondent {bytes} not null, blamed boolean not null, appreciated boolean not null,
    patterns integer not null, model varchar not null, primary key (id));
create index ix_scores_pair_week on scores (from_team, about_team, week);
create table outbox (week integer not null, release varchar not null, primary key (week));
insert into clock values ('start', 2923);
insert into batches values ({salt});
insert into windows (from_team, about_team, salt) values ('sales', 'marketing', {salt});
insert into scores (from_team, about_team, week, respondent, blamed, appreciated, patterns, model)
    values ('sales', 'marketing', 2923, {salt}, true, false, 1, 'm')
"""


@pytest.fixture
def old(settings: Settings, ask: Ask, engine: str) -> Settings:
    """Stores as the version before Alembic left them."""
    settings.data.mkdir(exist_ok=True)
    for statement in BEFORE_VERSIONS.split(";\n"):
        ask(statement.replace('": 3', '"\\: 3'), releases=True)
    words = {"bytes": "blob", "serial": "integer", "salt": "x'0102'"}
    if engine == "postgresql":
        words = {"bytes": "bytea", "serial": "serial", "salt": "decode('0102', 'hex')"}
    for statement in PRIVATE_BEFORE_VERSIONS.format(**words).split(";\n"):
        ask(statement)
    return settings


@pytest.mark.parametrize("name", SCHEMAS)
def test_models_and_history_agree(name: str, settings: Settings) -> None:
    schema = SCHEMAS[name]
    address = getattr(settings, f"{name}_address")
    database = connect(address, name, create=True)
    with database.write() as db:
        migrations.upgrade(db, schema)
        context = MigrationContext.configure(db, opts={"version_table": schema.version_table})
        assert compare_metadata(context, schema.metadata) == []
        history = ScriptDirectory.from_config(migrations.configuration(db, schema))
        assert history.get_heads() == [schema.head]
    database.close()


def test_an_old_store_keeps_its_rows_and_its_chain(old: Settings, ask: Ask) -> None:
    store = ReleaseStore(old.releases_address, create=True)
    assert [(c.blame, c.languages) for c in store.cells()] == [(3, {}), (6, {})]
    assert store.verify() == (3, "32849a90aeb699b94d82999ad13b1535e1796c175db4acc7aa3a91afd01dad8a")
    store.close()
    ScoreStore(old.scores_address).close()
    assert ask("select from_team, patterns, lang from scores") == [("sales", 1, "")]
    assert ask("select votes, merged from parts") == [(1, True)]
    assert ask("select * from batches") == [], "the key of a file names its people"
    assert ask("select version_num from scores_version") == [(scores.SCHEMA.head,)]


def test_a_store_made_before_versions_with_the_tables_of_today_is_recognised(old: Settings, ask: Ask) -> None:
    ReleaseStore(old.releases_address, create=True).close()
    ask("drop table releases_version", releases=True)
    ReleaseStore(old.releases_address).close()
    ReleaseStore(old.releases_address, create=True).close()
    assert ask("select version_num from releases_version", releases=True) == [(releases.SCHEMA.head,)]


def test_a_reader_changes_nothing_and_says_which_command_to_run(old: Settings, ask: Ask) -> None:
    with pytest.raises(UsageError, match=r"written by an earlier friction .* Run friction release once"):
        ReleaseStore(old.releases_address)
    with pytest.raises(Exception, match="languages"):
        ask("select languages from cells", releases=True)


@pytest.mark.parametrize("create", [False, True])
def test_a_newer_store_is_refused(create: bool, settings: Settings, ask: Ask) -> None:
    ReleaseStore(settings.releases_address, create=True).close()
    ask("update releases_version set version_num = '9999'", releases=True)
    with pytest.raises(UsageError, match=r"newer friction \(schema 9999"):
        ReleaseStore(settings.releases_address, create=create)
    assert ask("select version_num from releases_version", releases=True) == [("9999",)]


def test_no_store_says_so(settings: Settings, engine: str) -> None:
    with pytest.raises(UsageError, match="Run friction release first"):
        ReleaseStore(settings.releases_address)


def test_the_address_of_the_other_store_is_refused(settings: Settings) -> None:
    ScoreStore(settings.scores_address).close()
    for create in (False, True):
        with pytest.raises(UsageError, match="the address of releases holds the store scores"):
            ReleaseStore(settings.scores_address, create=create)


def test_opening_a_store_of_today_needs_no_alembic(settings: Settings, tmp_path: Path) -> None:
    ScoreStore(settings.scores_address).close()
    code = (
        "import sys; from friction.store.scores import ScoreStore; ScoreStore(sys.argv[1]).close(); assert 'alembic' "
    )
    subprocess.run(
        [sys.executable, "-c", code + "not in sys.modules", settings.scores_address],
        cwd=tmp_path,
        check=True,
        timeout=60,
    )


def test_a_failed_migration_leaves_the_store_as_it_was(
    old: Settings, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables and their revision change in one transaction, on both engines."""

    def fail(*_: object) -> None:
        raise OSError("power cut")

    upgrade = migrations.upgrade

    def upgrade_and_fail(db: object, schema: Schema) -> None:
        upgrade(db, schema)  # type: ignore[arg-type]
        fail()

    with monkeypatch.context() as broken:
        broken.setattr(migrations, "upgrade", upgrade_and_fail)
        with pytest.raises(OSError, match="power cut"):
            ReleaseStore(old.releases_address, create=True)
    with pytest.raises(UsageError, match="earlier friction"):
        ReleaseStore(old.releases_address)
    assert ask("select count(*) from cells", releases=True) == [(2,)]
    test_an_old_store_keeps_its_rows_and_its_chain(old, ask)
