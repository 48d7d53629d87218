"""What the tests share."""

import freezegun
import pytest

pytest.register_assert_rewrite("vectors")


@pytest.fixture
def freezer_at_noon():
    """A clock that stands at a noon, so that a scenario's waits stay within its day."""
    with freezegun.freeze_time("2026-03-04T12:00:00Z", ignore=["hypothesis"]) as clock:
        yield clock
