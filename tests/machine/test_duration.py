import pytest

from refield.machine.duration import duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 seconds"),
        (50, "50 seconds"),
        (89, "89 seconds"),
        (100, "2 minutes"),
        (7200, "2 hours"),
        (2.6e6, "30 days"),
    ],
)
def test_durations_have_no_more_digits_than_an_estimate(seconds, words):
    assert duration(seconds) == words
