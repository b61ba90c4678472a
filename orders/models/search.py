"""The read tables of the search for orders."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from orders.search_words import Lexemes


class OrderSearch(models.Model):
    """One row an order: its words, by what matters most.

    A column each and not one with weights: a weight is not in the index, so that each
    order that has the word anywhere would be looked at.
    """

    order_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    identifiers = SearchVectorField()
    names = SearchVectorField()
    notes = SearchVectorField()
    folded = models.JSONField()
    # While a batch works on the row: what it has of words, so far.
    lexemes: Lexemes | None = None

    class Meta:
        db_table = "orders_order_search"
        default_permissions = ("view",)
        verbose_name = "order to search"
        verbose_name_plural = "orders to search"
        indexes = [
            GinIndex(fields=["identifiers"], name="order_search_ids", fastupdate=False),
            GinIndex(fields=["names"], name="order_search_names", fastupdate=False),
            GinIndex(fields=["notes"], name="order_search_notes", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id} v{self.version}"


class SearchWord(models.Model):
    """A word that misspelt ones are corrected to, and how many orders have it.

    "C": the index then finds words by how they begin.
    """

    word = models.TextField(primary_key=True, db_collation="C")
    orders = models.BigIntegerField()

    class Meta:
        db_table = "orders_search_word"
        default_permissions = ("view",)
        indexes = [
            GinIndex(
                fields=["word"],
                name="search_word_trigrams",
                opclasses=["gin_trgm_ops"],
                fastupdate=False,
            ),
        ]

    def __str__(self) -> str:
        return self.word
