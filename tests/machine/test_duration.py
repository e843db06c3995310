import pytest

from refield.machine.duration import bounds, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.02, "0.1 seconds"),
        (0.2, "0.2 seconds"),
        (1, "1 second"),
        (50, "50 seconds"),
        (89, "89 seconds"),
        (100, "1.7 minutes"),
        (7200, "2 hours"),
        (9200, "2.6 hours"),
        (2.6e6, "30 days"),
        (9e8, "10,417 days"),
    ],
)
def test_durations_have_no_more_digits_than_an_estimate(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((3000, 3600, 4200), "50 to 70"),
        ((9000, 10_000, 12_000), "2.5 to 3.3"),
        ((50, 80, 150), "50 seconds to 2.5 minutes"),
    ],
)
def test_bounds_have_the_unit_of_what_they_bound_or_their_own(numbers, words):
    assert bounds(*numbers) == words
