"""Settings come from the environment, typed and checked."""

from pathlib import Path

import pytest

from beliefgrid.settings import Settings, SettingsError


def test_defaults_need_nothing() -> None:
    """Without any variable the service listens on this machine only, on a SQLite file."""
    settings = Settings.from_environment({})

    assert settings == Settings()
    assert settings.database_url.startswith("sqlite:///")
    assert not settings.token_required


def test_a_variable_sets_a_field() -> None:
    """The variable's name is the field's, in capitals behind the prefix."""
    settings = Settings.from_environment(
        {"BELIEFGRID_PORT": "9000", "BELIEFGRID_ALLOWED_HOSTS": "a.example, B.example"}
    )

    assert settings.port == 9000
    assert settings.hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "x"),
        ("SWEEP_SECONDS", "nan"),
        ("SWEEP_SECONDS", "0"),
        ("ROOT_PATH", "no-slash"),
        ("AUTH", "off"),
        ("LOG_LEVEL", "loud"),
        ("HOST", ""),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    """The message has the variable's name and what was expected."""
    with pytest.raises(SettingsError, match=f"BELIEFGRID_{name}: expected"):
        Settings.from_environment({f"BELIEFGRID_{name}": value})


def test_a_secret_is_never_shown() -> None:
    """A database's password is in no message and no representation."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"BELIEFGRID_DATABASE_URL": ""})
    shown = repr(Settings(database_url="postgresql://u:hunter2@h/d"))

    assert "not shown" in str(refused.value)
    assert "hunter2" not in shown


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """NAME_FILE names a file that holds the value, as container secrets do."""
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:p@h/d\n")

    settings = Settings.from_environment({"BELIEFGRID_DATABASE_URL_FILE": str(secret)})

    assert settings.database_url == "postgresql://u:p@h/d"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message names the variable and the file."""
    with pytest.raises(SettingsError, match="BELIEFGRID_DATABASE_URL_FILE"):
        Settings.from_environment({"BELIEFGRID_DATABASE_URL_FILE": str(tmp_path / "gone")})


@pytest.mark.parametrize(
    ("host", "required"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("::1", False),
        ("0.0.0.0", True),
        ("::", True),
        ("10.0.0.5", True),
        ("example.org", True),
    ],
)
def test_a_token_is_mandatory_beyond_this_machine(host: str, *, required: bool) -> None:
    """Who can be reached from elsewhere asks for a token."""
    assert Settings(host=host).token_required is required


def test_a_token_can_be_asked_for_on_this_machine_too() -> None:
    """With auth on, a loopback address needs a token as well."""
    assert Settings(auth="on").token_required
