"""``[digest]``: mistakes are named, no mail leaves in the clear, and the password stays in the environment."""

from pathlib import Path

import pytest

from friction.errors import UsageError
from friction.settings import load

TEAM = '[teams.sales]\nname = "Sales"\nheadcount = 30\n'
FROM = TEAM + '[digest]\nfrom = "friction@example.org"\n'
SMTP = '[digest.smtp]\nhost = "smtp.example.org"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEAM + "[digest]\nform = 'a@example.org'\n", "unknown key digest.form; did you mean from?"),
        (TEAM + "[digest]\nrecipients = ['alice']\n", "digest.recipients.0.email"),
        (TEAM + "[digest]\nrecipients = ['Alice <alice@example.org>']\n", "digest.recipients.0.email"),
        (TEAM + '[digest]\nrecipients = ["a@example.org\\r\\nBcc: b@example.org"]\n', "digest.recipients.0.email"),
        (TEAM + '[digest]\nfrom = "a@example.org\\n"\n', "digest.from"),
        (TEAM + "[digest]\nrecipients = [{email = 'a@example.org', lang = 'fr'}]\n", "did you mean language?"),
        (TEAM + "[digest]\nrecipients = [{email = 'a@example.org', team = 'sale'}]\n", "did you mean sales?"),
        (TEAM + "[digest]\nrecipients = ['a@example.org', 'A@example.org']\n", "recipients.1.email stands there twice"),
        (TEAM + SMTP, "[digest] needs from"),
        (FROM + SMTP + "security = 'ssl'\n", "digest.smtp.security"),
        (FROM + SMTP + "security = 'none'\n", "for a relay on this machine only"),
        (FROM + SMTP.replace("smtp.example.org", "10.0.0.1") + "security = 'none'\n", "on this machine only"),
        (FROM + SMTP.replace("smtp.example.org", "127.0.0.1") + "security = 'none'\nuser = 'x'\n", "in the clear"),
        (FROM + SMTP + "password = 'x'\n", "unknown key digest.smtp.password"),
        (FROM + SMTP + "port = 0\n", "digest.smtp.port"),
        (FROM + SMTP.replace("smtp.example.org", "a b"), "digest.smtp.host"),
        (TEAM + "[service]\npublic_url = 'ftp://x'\n", "service.public_url"),
        (TEAM + "[service]\npublic_url = 'https://x?a=b'\n", "service.public_url"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as found:
        load(path)
    assert message in str(found.value)
    assert "Bcc" not in str(found.value)


def test_a_recipient_is_an_address_or_a_table(tmp_path: Path) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(
        FROM + "recipients = ['a@example.org', {email = 'b@example.org', language = 'fr', team = 'sales'}]\n" + SMTP
    )
    settings = load(path)
    assert settings.digest.sender == "friction@example.org"
    assert [(r.email, r.language, r.team) for r in settings.digest.recipients] == [
        ("a@example.org", None, None),
        ("b@example.org", "fr", "sales"),
    ]
    assert settings.digest.smtp is not None
    assert settings.digest.smtp.security == "starttls"


def test_the_password_is_the_environment_s_and_the_web_process_forgets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "friction.toml"
    path.write_text(FROM + SMTP + "user = 'friction'\n")
    with pytest.raises(UsageError, match="set FRICTION_SMTP_PASSWORD"):
        load(path).smtp_password  # noqa: B018
    monkeypatch.setenv("FRICTION_SMTP_PASSWORD", "hunter2-mail")
    assert load(path).smtp_password == "hunter2-mail"
    served = load(path, private=False)
    with pytest.raises(UsageError, match="set FRICTION_SMTP_PASSWORD"):
        served.smtp_password  # noqa: B018
    monkeypatch.setenv("FRICTION_SMTP_PASSWORD", "")
    assert "hunter2-mail" not in str(vars(served))
