"""The codes of what any endpoint may answer."""

from api.codes import Code, FaultCode, register

SAME_BODY = "Do not send the same again."
LATER = "Wait as long as `Retry-After` says and send the request again."

register(
    Code(
        name="bad-request",
        status=400,
        when="The request is malformed, so that no endpoint could look at it.",
        then=SAME_BODY,
    ),
    Code(
        name="malformed-json",
        status=400,
        when="The body is not strict JSON in UTF-8; the detail says where.",
        then="Mend what writes the body. A member that stands twice, NaN and half of a "
        "surrogate pair are no JSON either.",
    ),
    Code(
        name="unreadable-body",
        status=400,
        when="The connection ended before the body did.",
        then="Send the request again.",
    ),
    Code(
        name="bad-cursor",
        status=400,
        when="The `cursor` is none of this query: its filters or its ordering differ.",
        then="Start again without a cursor; follow `next` as it is.",
    ),
    Code(
        name="bad-idempotency-key",
        status=400,
        when="`Idempotency-Key` is empty, too long, or not of printable ASCII.",
        then="Take a UUID.",
    ),
    Code(
        name="not-authenticated",
        status=401,
        when="There is neither a key nor a session.",
        then="Send `Authorization: Bearer <key>`.",
    ),
    Code(
        name="bad-credentials",
        status=401,
        when="The API key is unknown, expired or revoked.",
        then="Ask for a new key.",
    ),
    Code(
        name="wrong-scope",
        status=403,
        when="The key is good and lacks the scope that the detail names.",
        then="Ask for a key with that scope.",
    ),
    Code(
        name="forbidden",
        status=403,
        when="A session's request has no CSRF token, or the endpoint is closed.",
        then="Send the token in `X-CSRFToken`, or use a key.",
    ),
    Code(
        name="not-found",
        status=404,
        when="There is no such URL.",
        then="Compare it with the list of operations. It ends without a slash.",
    ),
    Code(
        name="method-not-allowed",
        status=405,
        when="The URL is there and knows other methods; `Allow` names them.",
        then="Use one of them.",
    ),
    Code(
        name="not-acceptable",
        status=406,
        when="`Accept` allows nothing that the endpoint can answer with.",
        then="Accept `application/json`.",
    ),
    Code(
        name="idempotency-in-progress",
        status=409,
        when="The first request with this `Idempotency-Key` is still running.",
        then="Send the request again in a moment, under the same key.",
    ),
    Code(
        name="too-large",
        status=413,
        when="The body has more than `max_bytes`.",
        then="Send less at once.",
    ),
    Code(
        name="unsupported-media-type",
        status=415,
        when="The body is not `application/json` in UTF-8.",
        then="Send `Content-Type: application/json`.",
    ),
    Code(
        name="invalid",
        status=422,
        when="Members of the body, or query parameters, are not as they have to be. "
        "`errors` has every fault, with a JSON pointer to it.",
        then="Mend all of them.",
    ),
    Code(
        name="idempotency-key-reused",
        status=422,
        when="The `Idempotency-Key` was used for another body or another URL.",
        then="Take a new key for a new request.",
    ),
    Code(
        name="rate-limited",
        status=429,
        when="The key has made more requests than it may; `RateLimit-Policy` says how "
        "many those are.",
        then=LATER,
    ),
    Code(
        name="internal-error",
        status=500,
        when="Something unexpected happened. It is in the log under `request_id`.",
        then="Report the `request_id`. Send a command again only with its "
        "`Idempotency-Key`.",
    ),
    Code(
        name="database-unavailable",
        status=503,
        when="The database cannot be reached, or took too long.",
        then=f"{LATER} A command may have taken effect: its `Idempotency-Key` tells.",
    ),
    faults=[
        FaultCode(name="required", when="The member is missing."),
        FaultCode(name="null", when="The member is null; leave it out instead."),
        FaultCode(name="invalid-type", when="The JSON value is of another kind."),
        FaultCode(name="unknown-field", when="The object has no such member."),
        FaultCode(name="blank", when="The text or the parameter has nothing in it."),
        FaultCode(name="too-short", when="The text has too few characters."),
        FaultCode(name="too-long", when="The text has too many characters."),
        FaultCode(
            name="control-character",
            when="The text has a control character; line feeds are allowed in notes.",
        ),
        FaultCode(name="too-small", when="The number is below the least one."),
        FaultCode(
            name="too-large",
            when="The number is above the greatest one, or the amount has too many "
            "digits before the point.",
        ),
        FaultCode(name="is-number", when="Amounts are strings: numbers lose digits."),
        FaultCode(name="not-decimal", when="The text is no plain decimal."),
        FaultCode(
            name="too-precise", when="The amount has too many digits after the point."
        ),
        FaultCode(name="negative", when="The amount is below 0."),
        FaultCode(name="zero", when="The amount has to be above 0."),
        FaultCode(name="unknown-choice", when="The text is none of the words."),
        FaultCode(name="unknown-currency", when="The text is no ISO 4217 code."),
        FaultCode(name="not-uuid", when="The text is no UUID in canonical form."),
        FaultCode(name="not-time", when="The text is no RFC 3339 time with an offset."),
        FaultCode(name="too-few-items", when="The array has too few items."),
        FaultCode(name="too-many-items", when="The array has too many items."),
        FaultCode(name="unknown-parameter", when="The query has no such parameter."),
        FaultCode(name="repeated-parameter", when="The parameter may be given once."),
        FaultCode(name="out-of-range", when="The value is outside of its bounds."),
        FaultCode(name="excluded", when="Another parameter excludes this one."),
        FaultCode(name="invalid", when="The value is not as the detail says."),
    ],
)
