import pytest

from cqrs_site import checks, configuration

DATA_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def production(settings):
    settings.DEBUG = False
    settings.EMBEDDED_POSTGRES = False
    settings.EMBEDDED_REDIS = False
    settings.SECRET_KEY = "a secret"
    settings.DATA_KEY = settings.SEAL_KEY = DATA_KEY
    settings.SEAL_PUBLIC_KEYS = []
    return settings


def _ids() -> list[str]:
    return [found.id for found in checks.check_secrets()]


def test_it_is_content_with_secrets_that_are_set(production):
    assert _ids() == []


@pytest.mark.parametrize("name", [*checks.NAMES, "SEAL_KEY"])
def test_it_refuses_production_without_a_secret(production, name):
    setattr(production, name, configuration.UNSET_SECRET)
    (found,) = checks.check_secrets()
    assert found.id == "cqrs_site.E001"
    assert found.is_serious()
    assert name in found.msg


def test_it_asks_for_no_secret_where_both_servers_are_embedded(production):
    production.EMBEDDED_POSTGRES = production.EMBEDDED_REDIS = True
    production.SECRET_KEY = production.DATA_KEY = configuration.UNSET_SECRET
    production.SEAL_KEY = configuration.UNSET_SECRET
    assert _ids() == []


@pytest.mark.parametrize("wrong", ["short", "c2hvcnQ=", "ä", DATA_KEY + "!"])
def test_it_refuses_a_data_key_that_is_not_32_bytes(production, wrong):
    production.DATA_KEY = wrong
    assert _ids() == ["cqrs_site.E002"]


def test_it_needs_no_seal_key_where_seals_are_only_verified(production):
    production.SEAL_KEY = configuration.UNSET_SECRET
    production.SEAL_PUBLIC_KEYS = [DATA_KEY]
    assert _ids() == []


@pytest.mark.parametrize("wrong", ["short", "c2hvcnQ="])
def test_it_refuses_seal_keys_that_are_not_32_bytes(production, wrong):
    production.SEAL_KEY = wrong
    production.SEAL_PUBLIC_KEYS = [DATA_KEY, wrong]
    assert _ids() == ["cqrs_site.E003", "cqrs_site.E003"]
