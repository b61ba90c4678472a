"""The endpoints for operators, below /api/v1/ops/."""

from django.urls import path

from projections.web import audit, dead_letters, operations, projections, schema
from projections.web.actions import ACTIONS

urlpatterns = [
    path("projections", projections.ProjectionList.as_view(), name="ops-projections"),
    path(
        "projections/<slug:name>",
        projections.ProjectionDetail.as_view(),
        name="ops-projection",
    ),
    *(
        path(
            f"projections/<slug:name>/{action.word}",
            schema.describe(action, projections.ActionView).as_view(),
            name=f"ops-{action.word}",
        )
        for action in ACTIONS
    ),
    path(
        "dead-letters", dead_letters.DeadLetterList.as_view(), name="ops-dead-letters"
    ),
    path("dead-letters/retry", dead_letters.RetryAll.as_view(), name="ops-retry-all"),
    path(
        "dead-letters/<int:id>",
        dead_letters.DeadLetterDetail.as_view(),
        name="ops-dead-letter",
    ),
    path(
        "dead-letters/<int:id>/retry",
        dead_letters.DeadLetterRetry.as_view(),
        name="ops-retry",
    ),
    path(
        "dead-letters/<int:id>/skip",
        dead_letters.DeadLetterSkip.as_view(),
        name="ops-skip",
    ),
    path("operations", operations.OperationList.as_view(), name="ops-operations"),
    path(
        "operations/<int:id>",
        operations.OperationDetail.as_view(),
        name="ops-operation",
    ),
    path(
        "operations/<int:id>/cancel",
        operations.OperationCancel.as_view(),
        name="ops-cancel-operation",
    ),
    path("audit", audit.AuditList.as_view(), name="ops-audit"),
]
