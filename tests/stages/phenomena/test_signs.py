"""Every effect run again at one seed and reduced length: its sign is there, and it is what was kept."""

from __future__ import annotations

import pytest

from core.lessons import effects
from core.stages.phenomena import recording, runner
from core.stages.phenomena.catalogue import EFFECTS, effect

pytestmark = pytest.mark.xdist_group("signs")  # one process runs them all, because they share their runs


@pytest.fixture(scope="module")
def again():
    """All quick checks. In one go, because the effects share their runs."""
    return runner.run_quick([found.key for found in EFFECTS])


@pytest.mark.parametrize("key", [found.key for found in EFFECTS])
def test_the_sign_shows_at_reduced_length(key, again):
    found, run = effect(key), again[key]
    contrast = found.contrasts[found.quick]
    assert run.broke == ""
    difference = contrast.difference(run.values())
    # An effect that is not robust over the seeds (README says so) owes no sign at one of them.
    assert difference * contrast.expected > 0 or contrast.expected == 0
    assert contrast.expected != 0 or not effects.recorded_sizes(key)[0].interval.separable


@pytest.mark.parametrize("key", [found.key for found in EFFECTS])
def test_it_is_the_quick_check_that_was_kept(key, again):
    kept = recording.load(key).quick
    note, fault = runner.compare(effect(key), kept, again[key])
    assert fault == "", note
