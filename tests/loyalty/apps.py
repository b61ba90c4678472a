from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "tests.loyalty"
    database = "read"
