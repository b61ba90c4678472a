from django.contrib import admin

from eventstore.admin import ReadOnly
from tests.loyalty.models import Balance


@admin.register(Balance)
class BalanceAdmin(ReadOnly):
    list_display = ("account_id", "owner", "points")
