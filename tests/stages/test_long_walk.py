"""The longer walks: recorded with these weights, and a short one made again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.stages import long_walk
from core.stages.long_walk import AT, N_VALIDATION, SEEDS, LongConfig, curves, gold, load, usual, validation, walk


def test_the_recording_holds_every_run_and_its_beginning_is_walked_again():
    found = load()
    assert found is not None
    assert tuple(found) == usual()
    config = usual()[0]
    again = list(itertools.islice(walk(config), 2))
    for now, then in zip(again, found[config], strict=False):
        assert now.loss == pytest.approx(then.loss, rel=5e-3)
        same = sum(a == b for a, b in zip(now.answers, then.answers, strict=True))
        assert same >= 0.9 * N_VALIDATION  # a rounding may tip a token over


def test_curves_are_one_row_a_seed():
    kept = curves(32, 1.0)
    assert kept.loss.shape == kept.gold.shape == (SEEDS, len(AT))
    assert np.isfinite(kept.train_loss[:, 1:]).all()
    assert kept.gold[0, 3] == gold(load()[LongConfig()][3])
    assert curves(31, 1.0) is None


def test_validation_prompts_are_held_out_and_different():
    rows = validation()
    assert len({row.prompt.item_id for row in rows}) == len(rows) == N_VALIDATION
    assert all(row.prompt.held_out for row in rows)


def test_a_file_that_cannot_be_read_is_no_recording(tmp_path):
    path = tmp_path / "long.npz"
    assert load(path) is None
    path.write_bytes(long_walk.RECORDED.read_bytes()[:300])
    load.cache_clear()
    assert load(path) is None
