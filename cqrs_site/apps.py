from django.apps import AppConfig


class CqrsSiteConfig(AppConfig):
    name = "cqrs_site"
