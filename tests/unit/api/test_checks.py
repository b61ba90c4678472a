from rest_framework.views import APIView

from api import checks


class Undeclared(APIView):
    def get(self, request): ...


class Misspelt(APIView):
    required_scopes = {"GET": ("orders:reed",), "POST": ("orders:write",)}

    def get(self, request): ...

    def post(self, request): ...


def test_it_finds_a_view_without_scopes():
    assert list(checks.faults(Undeclared)) == ["required_scopes says nothing about GET"]


def test_it_finds_a_scope_that_does_not_exist():
    (fault,) = checks.faults(Misspelt)
    assert fault == "GET needs ['orders:reed'], which API_SCOPES lacks"


def test_every_view_of_the_site_declares_its_scopes():
    assert checks.check_scopes(None) == []
