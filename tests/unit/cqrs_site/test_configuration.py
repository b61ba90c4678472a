from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from cqrs_site import configuration
from cqrs_site.configuration import Configuration, WrongConfiguration

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def load(tmp_path):
    """Loads YAML text, with the overrides given."""

    def load_text(text: str = "", **environ: str) -> Configuration:
        path = tmp_path / "cqrs.yaml"
        path.write_text(text)
        return configuration.load(str(path), environ=environ)

    return load_text


@pytest.fixture
def faults(load):
    """What it says about YAML text, line by line and without the path."""

    def faults_of(text: str = "", **environ: str) -> list[str]:
        with pytest.raises(WrongConfiguration) as refused:
            load(text, **environ)
        lines = str(refused.value).splitlines()
        assert [line.partition(": ")[2] for line in lines] == refused.value.faults
        return refused.value.faults

    return faults_of


def test_it_needs_no_key_at_all(load):
    assert (
        load("") == load("cqrs:") == load("cqrs:\n  query_side:\n") == Configuration()
    )


def test_it_ships_a_file_that_holds_every_key_with_its_default():
    shipped = yaml.safe_load((ROOT / "cqrs.yaml").read_text())["cqrs"]
    known = Configuration().model_dump(mode="json")
    # The list of projections shows one; it says the same as no entry.
    (projection,) = shipped["query_side"].pop("projections")
    known["query_side"].pop("projections")
    assert projection["name"] == "order_summary"
    assert set(projection) == set(configuration.ProjectionSettings.model_fields)
    assert shipped == known
    loaded = configuration.load(str(ROOT / "cqrs.yaml"), environ={})
    assert loaded.query_side.projection("order_summary") == (
        Configuration().query_side.projection("order_summary")
    )


def test_it_documents_what_every_key_allows():
    def leaves(model, place=""):
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, configuration.Section):
                yield from leaves(inner, f"{place}{name}.")
            elif name != "projections":
                yield place + name, field.description

    models = (Configuration, configuration.ProjectionSettings)
    found = {key: text for model in models for key, text in leaves(model)}
    assert len(found) == 39
    assert [key for key, text in found.items() if not text] == []


def test_it_gives_projections_that_are_not_listed_the_defaults(load):
    loaded = load(
        "cqrs: {query_side: {projections: [{name: order_detail, batch_size: 5}]}}"
    )
    listed = loaded.query_side.projection("order_detail")
    other = loaded.query_side.projection("order_summary")
    assert (listed.batch_size, listed.partitions) == (5, 1)
    assert (other.name, other.batch_size, other.update_mode) == (
        "order_summary",
        1000,
        "async",
    )


def test_it_takes_overrides_from_the_environment(load):
    loaded = load(
        "cqrs: {query_side: {consistency: {default_timeout_ms: 1}}}",
        CQRS__QUERY_SIDE__CONSISTENCY__DEFAULT_TIMEOUT_MS="2000",
        CQRS__QUERY_SIDE__CACHING__ENABLED="false",
        CQRS__MONITORING__ALERTING__ERROR_RATE_THRESHOLD="0.5",
        PATH="/bin",
    )
    assert loaded.query_side.consistency.default_timeout_ms == 2000
    assert loaded.query_side.caching.enabled is False
    assert loaded.monitoring.alerting.error_rate_threshold == 0.5


def test_it_overrides_projections_by_name_listed_or_not(load):
    loaded = load(
        "cqrs: {query_side: {projections: [{name: order_summary, partitions: 2}]}}",
        CQRS__QUERY_SIDE__PROJECTIONS__ORDER_SUMMARY__BATCH_SIZE="500",
        CQRS__QUERY_SIDE__PROJECTIONS__ORDER_DETAIL__UPDATE_MODE="off",
    )
    summary = loaded.query_side.projection("order_summary")
    assert (summary.partitions, summary.batch_size) == (2, 500)
    assert loaded.query_side.projection("order_detail").update_mode == "off"


@pytest.mark.parametrize(
    ("delays", "shown"),
    [
        ("retry_first_delay_s: 61", 60),  # the default of the other
        ("retry_first_delay_s: 9, retry_longest_delay_s: 8", 8),
    ],
)
def test_it_refuses_a_longest_delay_that_is_shorter_than_the_first(
    faults, delays, shown
):
    entry = f"{{name: order_summary, {delays}}}"
    assert faults(f"cqrs: {{query_side: {{projections: [{entry}]}}}}") == [
        f"cqrs.query_side.projections.order_summary.retry_longest_delay_s = {shown}: "
        "allowed is a whole number of seconds from retry_first_delay_s to 86400"
    ]


@pytest.mark.parametrize("spelled", ["off", "'off'", "false"])
def test_it_understands_off_as_yaml_reads_it(load, spelled):
    entry = f"{{name: order_summary, update_mode: {spelled}}}"
    loaded = load(f"cqrs: {{query_side: {{projections: [{entry}]}}}}")
    assert loaded.query_side.projection("order_summary").update_mode == "off"


def test_it_takes_minimum_amounts_by_currency_and_keeps_the_default(load):
    loaded = load(
        "cqrs: {command_side: {validation: {minimum_order_amount: {usd: 12.5}}}}",
        CQRS__COMMAND_SIDE__VALIDATION__MINIMUM_ORDER_AMOUNT__EUR="5.00",
    )
    assert loaded.command_side.validation.minimum_order_amount == {
        "default": Decimal("10.00"),
        "USD": Decimal("12.5"),
        "EUR": Decimal("5.00"),
    }


def test_it_takes_hours_whole_or_not_and_switches_for_reactors(load):
    loaded = load(
        "cqrs: {reactors: {expire_unpaid_orders: {after_hours: 12}}}",
        CQRS__REACTORS__REFUND_CANCELLED_ORDERS__ENABLED="false",
    ).reactors
    assert loaded.expire_unpaid_orders.after_hours == 12
    names = ("expire_unpaid_orders", "refund_cancelled_orders", "of_another_app")
    assert [loaded.is_on(name) for name in names] == [True, False, True]
    loaded = load("", CQRS__REACTORS__EXPIRE_UNPAID_ORDERS__AFTER_HOURS="0.01").reactors
    assert loaded.expire_unpaid_orders.after_hours == 0.01


AMOUNT = (
    "default or an ISO 4217 code, each with an amount from 0 with at most 14 digits"
    ' before the point and 4 after it, such as "10.00"'
)


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        (
            "monitoring: {metrics_interval_s: 0}",
            "cqrs.monitoring.metrics_interval_s = 0: "
            "allowed is a whole number of seconds from 1 to 3600",
        ),
        (
            'monitoring: {metrics_interval_s: "10"}',
            'cqrs.monitoring.metrics_interval_s = "10": '
            "allowed is a whole number of seconds from 1 to 3600",
        ),
        (
            "monitoring: {metrics_interval_s: true}",
            "cqrs.monitoring.metrics_interval_s = true: "
            "allowed is a whole number of seconds from 1 to 3600",
        ),
        (
            "monitoring: {metrics_interval_s: }",
            "cqrs.monitoring.metrics_interval_s = null: "
            "allowed is a whole number of seconds from 1 to 3600",
        ),
        (
            "monitoring: {alerting: {error_rate_threshold: .nan}}",
            "cqrs.monitoring.alerting.error_rate_threshold = NaN: "
            "allowed is a share from 0 to 1",
        ),
        (
            "monitoring: 7",
            "cqrs.monitoring = 7: allowed is a section with metrics_interval_s, "
            "samples_retention_hours, health_check_interval_s, alerting",
        ),
        (
            "reactors: {expire_unpaid_orders: {after_hours: 0}}",
            "cqrs.reactors.expire_unpaid_orders.after_hours = 0: "
            "allowed is a number of hours from 0.001 to 8760",
        ),
        (
            "reactors: {expire_unpaid_orders: {after_hours: .inf}}",
            "cqrs.reactors.expire_unpaid_orders.after_hours = Infinity: "
            "allowed is a number of hours from 0.001 to 8760",
        ),
        (
            "reactors: {expire_unpaid: {}}",
            "cqrs.reactors.expire_unpaid: unknown key; "
            "allowed here: expire_unpaid_orders, refund_cancelled_orders",
        ),
        (
            "query_side: {caching: {enabled: 1}}",
            "cqrs.query_side.caching.enabled = 1: allowed is true or false",
        ),
        (
            "query_side: {cache: {}}",
            "cqrs.query_side.cache: unknown key; "
            "allowed here: projections, rebuild, consistency, consistency_check, "
            "caching, statement_timeout_ms, replica_max_lag_s",
        ),
        (
            "query_side: {projections: [{name: order_summary, mode: sync}]}",
            "cqrs.query_side.projections.order_summary.mode: unknown key; allowed "
            "here: name, update_mode, batch_size, partitions, max_attempts, "
            "retry_first_delay_s, retry_longest_delay_s, max_dead_letters",
        ),
        (
            "query_side: {projections: [{name: order_summary, update_mode: sync}]}",
            'cqrs.query_side.projections.order_summary.update_mode = "sync": '
            "allowed is async or off",
        ),
        (
            "query_side: {projections: [{name: Orders}]}",
            'cqrs.query_side.projections.Orders.name = "Orders": allowed is a name of '
            "lower-case letters, digits and _, at most 63 of them",
        ),
        (
            "query_side: {projections: [{batch_size: 1}]}",
            "cqrs.query_side.projections: every entry needs a name",
        ),
        (
            "query_side: {projections: [{name: a}, {name: a}]}",
            "cqrs.query_side.projections: a stands twice",
        ),
        (
            "query_side: {projections: {name: a}}",
            "cqrs.query_side.projections: allowed is a list of projections",
        ),
        (
            "command_side: {validation: {minimum_order_amount: {EUR: -1}}}",
            "cqrs.command_side.validation.minimum_order_amount.EUR = -1: "
            f"allowed is {AMOUNT}",
        ),
        (
            "command_side: {validation: {minimum_order_amount: {EURO: 1}}}",
            'cqrs.command_side.validation.minimum_order_amount.EURO = "EURO": '
            f"allowed is {AMOUNT}",
        ),
        (
            "command_side: {validation: {minimum_order_amount: {EUR: .inf}}}",
            'cqrs.command_side.validation.minimum_order_amount.EUR = "Infinity": '
            f"allowed is {AMOUNT}",
        ),
    ],
)
def test_it_names_key_value_and_what_is_allowed(faults, section, fault):
    assert faults(f"cqrs:\n  {section}\n") == [fault]


def test_it_lists_every_fault_at_once(faults):
    found = faults(
        "cqrs: {commands: 1, monitoring: {metrics_interval_s: 0}}",
        CQRS__QUERY_SIDE__CACHING__SIZE_MB="0",
    )
    assert [fault.partition(" ")[0] for fault in found] == [
        "cqrs.query_side.caching.size_mb",
        "cqrs.monitoring.metrics_interval_s",
        "cqrs.commands:",
    ]


def test_it_names_the_variable_that_set_a_wrong_value(faults):
    variable = "CQRS__QUERY_SIDE__PROJECTIONS__ORDER_SUMMARY__BATCH_SIZE"
    assert faults("", **{variable: "many"}) == [
        "cqrs.query_side.projections.order_summary.batch_size = "
        f'"many" (set by {variable}): '
        "allowed is a whole number of events (per transaction) from 1 to 100000"
    ]
    assert faults("", CQRS__QUERY_SIDE__SPEED="1") == [
        "cqrs.query_side.speed: unknown key (set by CQRS__QUERY_SIDE__SPEED); "
        "allowed here: projections, rebuild, consistency, consistency_check, caching, "
        "statement_timeout_ms, replica_max_lag_s"
    ]


def test_it_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WrongConfiguration, match="cannot be read: No such file"):
        configuration.load(str(tmp_path / "none.yaml"), environ={})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("cqrs: {a: 1, a: 2}", "is not valid YAML: key 'a' stands twice (from line 1)"),
        ("orders: {}", "allowed at the top is one key, cqrs:"),
        ("- cqrs", "allowed at the top is one key, cqrs:"),
        ("cqrs: 5", "cqrs: must hold sections"),
    ],
)
def test_it_refuses_a_file_of_another_shape(faults, text, fault):
    assert faults(text) == [fault]


def test_it_says_in_one_line_that_the_file_is_no_yaml(faults):
    (fault,) = faults("cqrs: [")
    assert fault.startswith("is not valid YAML: while parsing")


def test_it_cannot_be_changed_once_loaded(load):
    with pytest.raises(ValueError, match="frozen"):
        load("").monitoring.metrics_interval_s = 3
