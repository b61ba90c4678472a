import pytest

from cqrs_site import environment
from cqrs_site.embedded import record
from cqrs_site.environment import WrongEnvironment


@pytest.fixture(autouse=True)
def local(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "LOCAL_DIR", tmp_path)
    for name in ("DEBUG", "DEBUG_FILE", "SECRET_KEY", "SECRET_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_it_reads_a_variable_from_the_file_it_names(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert environment.text("SECRET_KEY") == "from a file"
    assert environment.secret("SECRET_KEY") == "from a file"


def test_it_refuses_a_variable_given_both_ways(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "one")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(WrongEnvironment) as refused:
        environment.text("SECRET_KEY")
    assert str(refused.value) == (
        "SECRET_KEY and SECRET_KEY_FILE are both set: allowed is one"
    )


def test_it_names_a_file_that_cannot_be_read(monkeypatch):
    monkeypatch.setenv("SECRET_KEY_FILE", "/none")
    with pytest.raises(WrongEnvironment) as refused:
        environment.text("SECRET_KEY")
    assert str(refused.value) == "SECRET_KEY_FILE=/none: No such file or directory"


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        ("1", True),
        ("TRUE", True),
        ("on", True),
        ("0", False),
        ("no", False),
        ("", False),
    ],
)
def test_it_reads_flags(monkeypatch, value, flag):
    monkeypatch.setenv("DEBUG", value)
    assert environment.flag("DEBUG") is flag


def test_it_refuses_a_flag_that_is_neither(monkeypatch):
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(WrongEnvironment) as refused:
        environment.flag("DEBUG")
    assert str(refused.value) == "DEBUG='maybe': allowed are true and false"


def test_it_prefers_the_environment_to_the_secret_in_local(monkeypatch, local):
    assert environment.secret("SECRET_KEY") == ""
    (local / "secrets").mkdir()
    (local / "secrets" / "SECRET_KEY").write_text("made once\n")
    assert environment.secret("SECRET_KEY") == "made once"
    monkeypatch.setenv("SECRET_KEY", "given")
    assert environment.secret("SECRET_KEY") == "given"


def test_it_finds_the_recorded_embedded_servers(local):
    assert environment.embedded("redis") == ""
    record.write(local, redis="redis://one")
    record.write(local, postgres="postgres://two")
    assert environment.embedded("redis") == "redis://one"
    assert environment.embedded("postgres") == "postgres://two"
    assert (local / record.NAME).stat().st_mode & 0o777 == 0o600


def test_it_takes_a_database_url_apart():
    url = "postgresql://us%40er:p%2Fw@[::1]:6000/or%20ders?sslmode=require"
    found = environment.database(url, name="DATABASE_URL")
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "or ders",
        "USER": "us@er",
        "PASSWORD": "p/w",
        "HOST": "::1",
        "PORT": "6000",
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        (
            "mysql://root:geheim@db/orders",
            "DATABASE_URL: allowed is postgres://USER:PASSWORD@HOST:PORT/DATABASE, "
            "not the scheme 'mysql'",
        ),
        (
            "postgres://root:geheim@db",
            "DATABASE_URL: names no database (postgres://…/DATABASE)",
        ),
        (
            "postgres://root:geheim@db:port/orders",
            "DATABASE_URL: the host or port is none (a port is 0 to 65535)",
        ),
        (
            "postgres://root:geheim@[db/orders",
            "DATABASE_URL: the host or port is none (a port is 0 to 65535)",
        ),
    ],
)
def test_it_refuses_a_wrong_database_url_without_showing_the_password(url, fault):
    with pytest.raises(WrongEnvironment) as refused:
        environment.database(url, name="DATABASE_URL")
    assert str(refused.value) == fault


ORIGINS = "https://shop.example,http://localhost:8080, https://[::1]:8443"


def test_it_reads_origins_from_the_variable_or_a_file(monkeypatch, tmp_path):
    expected = ["https://shop.example", "http://localhost:8080", "https://[::1]:8443"]
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", ORIGINS)
    assert environment.origins("CORS_ALLOWED_ORIGINS") == expected
    monkeypatch.delenv("CORS_ALLOWED_ORIGINS")
    assert environment.origins("CORS_ALLOWED_ORIGINS") == []
    (tmp_path / "origins").write_text(f"{ORIGINS}\n")
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS_FILE", str(tmp_path / "origins"))
    assert environment.origins("CORS_ALLOWED_ORIGINS") == expected


@pytest.mark.parametrize(
    "wrong",
    [
        *("*", "null", "shop.example", "https://shop.example/", "ftp://shop.example"),
        *("https://Shop.example", "https://*.example", "https://a@shop.example"),
    ],
)
def test_it_refuses_what_is_no_origin(monkeypatch, wrong):
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", f"https://good.example,{wrong}")
    with pytest.raises(environment.WrongEnvironment) as refused:
        environment.origins("CORS_ALLOWED_ORIGINS")
    assert f"CORS_ALLOWED_ORIGINS: {wrong!r} is no origin" in str(refused.value)
