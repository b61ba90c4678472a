"""A breaker lets one try again while the others do without."""

from eventstore.breaker import Breaker


def test_it_lets_nobody_try_after_a_failure():
    breaker = Breaker(rest_s=60, trial_s=60)
    assert breaker.may_try()
    breaker.failed()
    assert not breaker.may_try()


def test_it_lets_one_try_after_the_rest():
    breaker = Breaker(rest_s=0, trial_s=60)
    breaker.failed()
    assert breaker.may_try()
    assert not breaker.may_try()


def test_it_lets_another_one_try_when_the_trial_takes_too_long():
    breaker = Breaker(rest_s=0, trial_s=0)
    breaker.failed()
    assert breaker.may_try()
    assert breaker.may_try()


def test_it_lets_everybody_try_once_it_worked():
    breaker = Breaker(rest_s=0, trial_s=60)
    breaker.failed()
    assert breaker.may_try()
    breaker.worked()
    assert breaker.may_try()
    assert breaker.may_try()
