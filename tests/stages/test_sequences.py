"""Whole responses and single tokens under the model: they agree with each other, and bad text is named."""

import math

import pytest
import torch

from core.policies.tokenizer import UnknownWordError
from core.stages.sequences import next_token, over_candidates, response_logps, temperature_for_share, token_rows
from tests.stages import toy

WORDS = toy.task().tokenizer


def test_a_response_is_the_sum_of_its_tokens():
    logps = response_logps(toy.base(), WORDS, "one ?", ["one", "two bad"])
    for logp, response in zip(logps.tolist(), ("one", "two bad"), strict=True):
        rows = token_rows(toy.base(), WORDS, "one ?", response)
        assert rows[-1].token == "<end>"
        assert sum(row.logp for row in rows) == pytest.approx(logp, abs=1e-4)
        assert all(row.probability == pytest.approx(math.exp(row.logp)) for row in rows)
    assert logps[0] > logps[1]


def test_next_token_agrees_with_the_token_table():
    found = next_token(toy.base(), WORDS, "one ?", n=len(WORDS))
    assert sum(p for _, p in found.most_probable) == pytest.approx(1.0, abs=1e-5)
    assert found.most_probable[0][0] == "one"
    first = token_rows(toy.base(), WORDS, "one ?", "one")[0]
    assert first.rank == 1
    assert first.probability == pytest.approx(found.most_probable[0][1], abs=1e-5)
    assert 0 < found.entropy < math.log(len(WORDS))


def test_shares_over_candidates():
    logps = torch.tensor([-1.0, -3.0, -9.0])
    assert over_candidates(logps).sum() == pytest.approx(1.0)
    temperature = temperature_for_share(logps, 0.05)
    assert over_candidates(logps, temperature).min() >= 0.05
    assert over_candidates(logps, temperature - 0.05).min() < 0.05
    assert temperature_for_share(torch.zeros(3), 0.1) == 1.0
    with pytest.raises(ValueError, match="least share"):
        temperature_for_share(logps, 0.5)
    with pytest.raises(ValueError, match="above 0"):
        over_candidates(logps, 0.0)


def test_bad_text_is_named():
    with pytest.raises(UnknownWordError, match="seven"):
        response_logps(toy.base(), WORDS, "seven ?", ["one"])
    for call in (lambda t: next_token(toy.base(), WORDS, t), lambda t: token_rows(toy.base(), WORDS, t, "one")):
        with pytest.raises(ValueError, match="empty"):
            call("")
        with pytest.raises(ValueError, match="the model can read 16"):
            call("one " * 30)
