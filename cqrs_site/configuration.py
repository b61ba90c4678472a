"""The validated content of cqrs.yaml, with overrides from the environment.

`settings.CQRS` is what `load` returns: attributes named as the keys of the file.
What each key allows, with its unit, stands beside it.
"""

import os
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cqrs_site import configuration_faults, configuration_file
from cqrs_site.configuration_file import WrongConfiguration

__all__ = ["UNSET_SECRET", "Configuration", "WrongConfiguration", "load"]

# Stands in for a secret that nobody set, so that --help and the linters run; the
# system check cqrs_site.E001 refuses to serve with it.
UNSET_SECRET = "unset-secret-not-for-serving"


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value  # a heading with nothing below it


def _whole(default: int, lowest: int, highest: int, unit: str) -> Any:
    allowed = f"a whole number of {unit} from {lowest} to {highest}"
    return Field(default=default, ge=lowest, le=highest, description=allowed)


def _switch(default: bool) -> Any:
    return Field(default=default, description="true or false")


def _amount(value: Any) -> Any:
    # YAML reads an unquoted 10.00 as a float; it and "10.00" mean the same.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("no amount")
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError("no amount") from None


def _currencies(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    named = {key if key == "default" else str(key).upper(): value[key] for key in value}
    return {"default": "10.00", **named}


def _update_mode(value: Any) -> Any:
    return "off" if value is False else value  # YAML 1.1 reads a bare `off` as false


Amount = Annotated[
    Decimal, BeforeValidator(_amount), Field(ge=0, max_digits=18, decimal_places=4)
]
Currency = Annotated[str, Field(pattern=r"^([A-Z]{3}|default)$")]


class EventStore(Section):
    connection_pool_size: StrictInt = _whole(20, 1, 500, "connections (per process)")
    batch_size: StrictInt = _whole(100, 1, 10_000, "events (per read of the log)")
    retention_days: StrictInt = _whole(2555, 1, 36_500, "days")


class Snapshot(Section):
    enabled: StrictBool = _switch(True)
    frequency: StrictInt = _whole(100, 1, 100_000, "events (of one stream)")


class Validation(Section):
    timeout_ms: StrictInt = _whole(5000, 10, 300_000, "milliseconds")
    retry_attempts: StrictInt = _whole(3, 0, 100, "decisions after a conflict")
    minimum_order_amount: Annotated[
        dict[Currency, Amount], BeforeValidator(_currencies)
    ] = Field(
        default={"default": Decimal("10.00")},
        description="default or an ISO 4217 code, each with an amount from 0"
        ' with at most 14 digits before the point and 4 after it, such as "10.00"',
    )


class Idempotency(Section):
    retention_hours: StrictInt = _whole(24, 1, 8760, "hours")


class CommandSide(Section):
    event_store: EventStore = EventStore()
    snapshot: Snapshot = Snapshot()
    validation: Validation = Validation()
    idempotency: Idempotency = Idempotency()


class ProjectionSettings(Section):
    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="a name of lower-case letters, digits and _, at most 63 of them",
    )
    update_mode: Annotated[Literal["async", "off"], BeforeValidator(_update_mode)] = (
        Field(default="async", description="async or off")
    )
    batch_size: StrictInt = _whole(1000, 1, 100_000, "events (per transaction)")
    partitions: StrictInt = _whole(1, 1, 256, "partitions")
    max_attempts: StrictInt = _whole(5, 1, 100, "tries (then the order is parked)")
    retry_first_delay_s: StrictInt = _whole(1, 1, 3600, "seconds")
    retry_longest_delay_s: StrictInt = Field(
        default=60,
        ge=1,
        le=86_400,
        validate_default=True,
        description="a whole number of seconds from retry_first_delay_s to 86400",
    )
    max_dead_letters: StrictInt = _whole(
        1000, 1, 1_000_000, "held orders (then the projection is faulted)"
    )

    @field_validator("retry_longest_delay_s")
    @classmethod
    def _not_below_the_first(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("retry_first_delay_s", 0):
            raise ValueError("shorter than the first delay")
        return value


class Rebuild(Section):
    at_once: StrictInt = _whole(2, 1, 100, "rebuilds (at work at once)")
    compare_timeout_s: StrictInt = _whole(600, 1, 86_400, "seconds (per table)")


class Consistency(Section):
    default_timeout_ms: StrictInt = _whole(5000, 0, 30_000, "milliseconds")
    polling_interval_ms: StrictInt = _whole(100, 1, 10_000, "milliseconds")
    max_waiting: StrictInt = _whole(10, 1, 500, "waiting requests (per process)")


class ConsistencyCheck(Section):
    every_s: StrictInt = _whole(60, 0, 86_400, "seconds (0: never)")
    sample: StrictInt = _whole(50, 1, 10_000, "orders (of each projection)")


class Caching(Section):
    enabled: StrictBool = _switch(True)
    ttl_seconds: StrictInt = _whole(300, 1, 86_400, "seconds")
    size_mb: StrictInt = _whole(1024, 1, 1_048_576, "MiB")


class QuerySide(Section):
    projections: tuple[ProjectionSettings, ...] = ()
    rebuild: Rebuild = Rebuild()
    consistency: Consistency = Consistency()
    consistency_check: ConsistencyCheck = ConsistencyCheck()
    caching: Caching = Caching()
    statement_timeout_ms: StrictInt = _whole(5000, 10, 300_000, "milliseconds")
    replica_max_lag_s: StrictInt = _whole(5, 0, 3600, "seconds")

    def projection(self, name: str) -> ProjectionSettings:
        """The settings of projection `name`: the defaults where it is not listed."""
        for listed in self.projections:
            if listed.name == name:
                return listed
        return ProjectionSettings(name=name)


class Alerting(Section):
    projection_lag_threshold_s: StrictInt = _whole(10, 1, 86_400, "seconds")
    error_rate_threshold: StrictFloat = Field(
        default=0.01, ge=0, le=1, description="a share from 0 to 1"
    )


class Monitoring(Section):
    metrics_interval_s: StrictInt = _whole(10, 1, 3600, "seconds")
    samples_retention_hours: StrictInt = _whole(24, 1, 720, "hours")
    health_check_interval_s: StrictInt = _whole(30, 1, 3600, "seconds")
    alerting: Alerting = Alerting()


class ReactorSettings(Section):
    enabled: StrictBool = _switch(True)


class ExpireUnpaidOrders(ReactorSettings):
    after_hours: StrictFloat = Field(
        default=48.0,
        ge=0.001,
        le=8760,
        allow_inf_nan=False,
        description="a number of hours from 0.001 to 8760",
    )


class Reactors(Section):
    expire_unpaid_orders: ExpireUnpaidOrders = ExpireUnpaidOrders()
    refund_cancelled_orders: ReactorSettings = ReactorSettings()

    def is_on(self, name: str) -> bool:
        """Whether the reactor `name` runs: it does where it has no settings."""
        own: ReactorSettings = getattr(self, name, ReactorSettings())
        return own.enabled


class RateLimit(Section):
    requests: StrictInt = _whole(
        30_000, 0, 1_000_000, "requests (of a key in the window; 0: no limit)"
    )
    window_s: StrictInt = _whole(60, 1, 86_400, "seconds")


class Api(Section):
    rate_limit: RateLimit = RateLimit()


class Configuration(Section):
    command_side: CommandSide = CommandSide()
    query_side: QuerySide = QuerySide()
    reactors: Reactors = Reactors()
    api: Api = Api()
    monitoring: Monitoring = Monitoring()


def load(path: str, *, environ: Mapping[str, str] | None = None) -> Configuration:
    """Reads the YAML file at `path`, overlaid by the CQRS__… of `environ` (os.environ).

    Raises WrongConfiguration, which lists every fault: its key, value, what is allowed.
    """
    environ = os.environ if environ is None else environ
    values, sources = configuration_file.read(path, environ)
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        faults = configuration_faults.lines(error, Configuration, values, sources)
        raise WrongConfiguration(path, faults) from None
