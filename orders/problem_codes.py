"""The codes of what commands to orders, and queries about them, may answer."""

from api.codes import Code, register
from api.problem_codes import LATER

_READ = "Read the order, and decide again."
_LESS = "Ask for less: the members of the problem say what there is."

register(
    Code(
        name="bad-if-match",
        status=400,
        when='`If-Match` is not the ETag of one version, such as `"3"`; or the request '
        "is about many orders.",
        then="Send the `ETag` of the order as it is, with its quotes.",
    ),
    Code(
        name="unknown-order",
        status=404,
        when="There is no order with this id.",
        then="Look at the id.",
    ),
    Code(
        name="unknown-product",
        status=404,
        when="No order has a product with this SKU.",
        then="Look at the SKU; `Parked-Orders` says whether orders are missing.",
    ),
    Code(
        name="unknown-customer",
        status=404,
        when="There is no order of this customer.",
        then="Look at the id; `Parked-Orders` says whether orders are missing.",
    ),
    Code(
        name="unknown-version",
        status=404,
        when="The order never had this version; `newest` is the one it has.",
        then="Ask for a version up to that.",
    ),
    Code(
        name="not-placed-yet",
        status=404,
        when="The order was not placed by that time.",
        then="Ask for a later time.",
    ),
    Code(
        name="order-exists",
        status=409,
        when="An order with this `order_id` was placed before.",
        then="If it was you, it is placed. Else take another id, or none.",
    ),
    Code(
        name="not-allowed-in-status",
        status=409,
        when="The order's status does not allow this.",
        then=_READ,
    ),
    Code(
        name="already-shipped",
        status=409,
        when="Units have been shipped, which this does not allow.",
        then=_READ,
    ),
    Code(
        name="already-delivered",
        status=409,
        when="The shipment has been delivered.",
        then=_READ,
    ),
    Code(
        name="duplicate-payment",
        status=409,
        when="A payment with this reference was captured before.",
        then="Nothing: it counts once.",
    ),
    Code(
        name="version-conflict",
        status=409,
        when="Others changed the order during each of `attempts` attempts.",
        then="Send the command again.",
    ),
    Code(
        name="version-mismatch",
        status=412,
        when="`If-Match` names another version than the order has; nothing was done.",
        then=_READ,
    ),
    Code(
        name="unknown-line",
        status=422,
        when="The order has no line with this number.",
        then=_READ,
    ),
    Code(
        name="unknown-shipment",
        status=422,
        when="The order has no shipment with this number.",
        then=_READ,
    ),
    Code(
        name="no-lines",
        status=422,
        when="There is not one line.",
        then="Send at least one.",
    ),
    Code(
        name="too-many-lines",
        status=422,
        when="An order cannot have so many lines.",
        then="Place several orders.",
    ),
    Code(
        name="last-line",
        status=422,
        when="The last line cannot be removed.",
        then="Cancel the order instead.",
    ),
    Code(
        name="minimum-order-amount",
        status=422,
        when="The total is, or would be, below the least one of its currency.",
        then="Add to the order.",
    ),
    Code(
        name="total-too-large",
        status=422,
        when="The total has more digits than one may have.",
        then="Place several orders.",
    ),
    Code(
        name="below-captured",
        status=422,
        when="The total would fall below what is captured.",
        then="Refund first.",
    ),
    Code(
        name="over-capture",
        status=422,
        when="More would be captured than the total.",
        then=_LESS,
    ),
    Code(
        name="over-refund",
        status=422,
        when="More would be refunded than can be.",
        then=_LESS,
    ),
    Code(
        name="nothing-to-ship",
        status=422,
        when="Nothing is left to ship.",
        then=_READ,
    ),
    Code(
        name="over-shipment",
        status=422,
        when="More units would be shipped than are left.",
        then=_LESS,
    ),
    Code(
        name="over-cancellation",
        status=422,
        when="More units would be cancelled than are not shipped.",
        then=_LESS,
    ),
    Code(
        name="over-return",
        status=422,
        when="More units would come back than were shipped.",
        then=_LESS,
    ),
    Code(
        name="read-model-unavailable",
        status=503,
        when="The read model in Redis cannot be read: Redis is away, or it is being "
        "filled again.",
        then=f"{LATER} Nothing is lost.",
    ),
)
