"""Sampling: equal to sampling without a cache, seeded, stops at <end>, and cuts the distribution as it says."""

import pytest
import torch

from core.policies.sampling import filter_logits, left_pad, response_hidden, right_pad, sample
from core.policies.tokenizer import END_ID as END
from core.policies.tokenizer import PAD_ID as PAD
from core.policies.transformer import TinyLM, TransformerConfig

SMALL = TransformerConfig(vocab=12, width=32, layers=2, heads=4, context=20)
PROMPTS = [[5, 6, 7], [3], [4, 8, 9, 10, 11]]


@pytest.fixture(scope="module")
def lm() -> TinyLM:
    model = TinyLM(SMALL, seed=1)
    with torch.no_grad():  # sharper than at the start, so that the cuts and the seeds show
        model.embedding.weight.mul_(10)
    return model


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def naive(model: TinyLM, prompts: list[list[int]], seed: int, steps: int, temperature: float) -> list[list[int]]:
    """Sampling by whole forward passes over unpadded rows, drawing from the generator in the same order."""
    generator = seeded(seed)
    rows, done = [list(p) for p in prompts], [False] * len(prompts)
    for _ in range(steps):
        with torch.no_grad():
            logits = torch.stack([model(torch.tensor([row]))[0, -1] for row in rows])
        drawn = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator).squeeze(1).tolist()
        for i, token in enumerate(drawn):
            if not done[i]:
                rows[i].append(token)
                done[i] = token == END
        if all(done):
            break
    return [row[len(p) :] for row, p in zip(rows, prompts, strict=True)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_equal_to_sampling_without_cache_and_without_padding(lm, seed, temperature):
    got = sample(lm, PROMPTS, generator=seeded(seed), max_new_tokens=10, temperature=temperature)
    rows = [ids + [END] * end for ids, end in zip(got.response_ids(), got.finished.tolist(), strict=True)]
    assert rows == naive(lm, PROMPTS, seed, 10, temperature)


def test_same_seed_same_answers(lm):
    first, second = (sample(lm, PROMPTS, generator=seeded(3)) for _ in range(2))
    assert torch.equal(first.responses, second.responses)
    assert torch.equal(first.logps, second.logps)


def test_logps_are_those_of_a_full_pass(lm):
    drawn = sample(lm, PROMPTS, generator=seeded(), max_new_tokens=8, keep=True)
    R = drawn.responses.shape[1]
    with torch.no_grad():
        hidden = response_hidden(lm, drawn.tokens, drawn.attends, R)
        all_logps = lm.logits(hidden).log_softmax(-1)
    logps = all_logps.gather(-1, drawn.responses[..., None]).squeeze(-1) * drawn.mask
    torch.testing.assert_close(drawn.logps, logps, rtol=0, atol=1e-5)
    torch.testing.assert_close(drawn.all_logps[drawn.mask], all_logps[drawn.mask], rtol=0, atol=1e-5)
    torch.testing.assert_close(drawn.hidden[drawn.mask], hidden[drawn.mask], rtol=0, atol=1e-5)


def test_result_can_be_trained_on(lm):
    drawn = sample(lm, PROMPTS, generator=seeded(), max_new_tokens=4)
    lm.logits(response_hidden(lm, drawn.tokens, drawn.attends, drawn.responses.shape[1])).sum().backward()
    lm.zero_grad()


def test_nothing_after_end(lm):
    drawn = sample(lm, PROMPTS * 20, generator=seeded(), max_new_tokens=15)
    assert drawn.finished.any()
    for row, mask, finished in zip(drawn.responses.tolist(), drawn.mask.tolist(), drawn.finished.tolist(), strict=True):
        length = sum(mask)
        assert mask == [True] * length + [False] * (len(mask) - length)
        assert (row[length - 1] == END) == finished
        assert END not in row[: length - 1]
        assert all(token == PAD for token in row[length:])


def test_temperature_zero_is_greedy(lm):
    drawn = sample(lm, PROMPTS, temperature=0.0, max_new_tokens=6, keep=True)
    assert torch.equal(drawn.all_logps.argmax(-1)[drawn.mask], drawn.responses[drawn.mask])


def test_top_k_and_top_p_keep_what_they_say():
    logits = torch.tensor([0.5, 0.25, 0.15, 0.1]).log()
    kept = lambda **cut: torch.isfinite(filter_logits(logits, **cut)).tolist()  # noqa: E731
    assert kept(top_k=2, top_p=None) == [True, True, False, False]
    assert kept(top_k=None, top_p=0.5) == [True, False, False, False]
    assert kept(top_k=None, top_p=0.51) == [True, True, False, False]
    assert kept(top_k=None, top_p=1e-9) == [True, False, False, False]
    assert kept(top_k=9, top_p=1.0) == [True] * 4
    shuffled = filter_logits(logits[[2, 0, 3, 1]], None, 0.7)
    assert torch.isfinite(shuffled).tolist() == [False, True, False, True]


def test_top_k_one_is_greedy(lm):
    greedy = sample(lm, PROMPTS, temperature=0.0)
    cut = sample(lm, PROMPTS, generator=seeded(8), top_k=1)
    assert torch.equal(greedy.responses, cut.responses)


def test_frequencies_follow_the_distribution(lm):
    drawn = sample(lm, [[5, 6]] * 4000, generator=seeded(), max_new_tokens=1, keep=True)
    expected = drawn.all_logps[0, 0].exp()
    seen = torch.bincount(drawn.responses[:, 0], minlength=SMALL.vocab) / 4000
    assert (seen - expected).abs().max() < 4 * (0.25 / 4000) ** 0.5


def test_length_is_cut_at_the_context(lm):
    drawn = sample(lm, [[4] * 18], generator=seeded(), max_new_tokens=10)
    assert drawn.tokens.shape[1] <= SMALL.context


@pytest.mark.parametrize(
    ("prompts", "settings", "sentence"),
    [
        ([[]], {}, "empty"),
        ([], {}, "no text"),
        ([[4] * 20], {}, "has 20 tokens"),
        ([[4]], {"temperature": -1.0}, "temperature"),
        ([[4]], {"temperature": float("nan")}, "temperature"),
        ([[4]], {"top_k": 0}, "top_k"),
        ([[4]], {"top_p": 0.0}, "top_p"),
        ([[4]], {"max_new_tokens": 0}, "new token"),
    ],
)
def test_bad_input_is_a_plain_sentence(lm, prompts, settings, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        sample(lm, prompts, **settings)
    assert str(caught.value).endswith(".")


def test_padding_sides():
    ids, mask = left_pad([[5], [6, 7]])
    assert ids.tolist() == [[PAD, 5], [6, 7]]
    assert mask.tolist() == [[False, True], [True, True]]
    ids, mask = right_pad([[5], [6, 7]])
    assert ids.tolist() == [[5, PAD], [6, 7]]
    assert mask.tolist() == [[True, False], [True, True]]
