"""Pages of long tables for Django's admin, without COUNT(*) and without empty pages."""

import json
from typing import Any, cast

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, PageNotAnInteger, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property


class EstimatedPaginator(Paginator[Any]):
    """Pages whose number is estimated where counting would read a whole table.

    Up to COUNTED rows are counted by fetching their keys; beyond that the planner's
    estimate for this very query stands in. What a page then shows corrects it.
    """

    COUNTED = 1000
    # OFFSET reads what it skips: at most so many rows, about 0.1 s. Whoever looks for
    # something further away sorts the other way round, or searches.
    REACH = 100_000

    estimated = False

    @cached_property
    def count(self) -> int:
        counted = len(self._keys()[: self.COUNTED + 1])
        if counted <= self.COUNTED:
            return counted
        self.estimated = True
        return max(counted, _estimate(self._keys()))

    @property
    def num_pages(self) -> int:  # not cached: the count is corrected
        within = min(self.count, self.REACH)
        return max(1, -(-within // self.per_page))

    @property
    def shown_count(self) -> str:
        """For people: exact, or "about" with three digits that mean something."""
        if not self.estimated:
            return f"{self.count:,}"
        return f"about {round(self.count, 3 - len(str(self.count))):,}"

    @property
    def cut_at(self) -> str:
        """How many rows the pages reach, if that is not all of them; else ""."""
        return f"{self.REACH:,}" if self.count > self.REACH else ""

    def validate_number(self, number: Any) -> int:
        """The nearest page there may be. Raises PageNotAnInteger."""
        try:
            asked = max(int(number), 1)
        except (TypeError, ValueError) as error:
            raise PageNotAnInteger("That page number is not an integer") from error
        # Behind an estimate there may be rows: only `page` can tell.
        last = self.num_pages
        return min(asked, self.REACH // self.per_page if self.estimated else last)

    def page(self, number: int | str) -> Page[Any]:
        """A page with rows, or the last one that has any."""
        number = self.validate_number(number)
        top = (number - 1) * self.per_page
        rows = cast(QuerySet[Any], self.object_list)
        found = list(rows[top : top + self.per_page + 1])
        if not found and number > 1:
            # The estimate was too high, and the rows end above: now they are counted.
            self._correct(len(self._keys()[:top]))
            return self.page(self.num_pages)
        if len(found) <= self.per_page:
            self._correct(top + len(found))
        else:
            # An estimate that is too low must not hide what comes next.
            self.count = max(self.count, top + len(found))
        return Page(found[: self.per_page], number, self)

    def _correct(self, count: int) -> None:
        self.count = count
        self.estimated = False

    def _keys(self) -> QuerySet[Any]:
        rows = cast(QuerySet[Any], self.object_list)
        return rows.values_list("pk", flat=True)


class EstimatedChangeList(ChangeList):
    """Shows the number of rows and the page as they are after rows were fetched."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.page_num = min(max(self.page_num, 1), self.paginator.num_pages)
        self.result_count = self.paginator.count


def _estimate(keys: QuerySet[Any]) -> int:
    (plan,) = json.loads(keys.order_by().explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])
