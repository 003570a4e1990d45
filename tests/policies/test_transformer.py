"""The transformer: shapes, causality, padding, cache, seeds and heads."""

import pytest
import torch

from core.policies.transformer import RMSNorm, TinyLM, TransformerConfig

SMALL = TransformerConfig(vocab=20, width=32, layers=2, heads=4, context=16)


def model(seed: int = 0) -> TinyLM:
    return TinyLM(SMALL, seed)


def random_tokens(batch: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(2, SMALL.vocab, (batch, length), generator=torch.Generator().manual_seed(seed))


def test_default_size_is_the_one_of_the_project():
    count = TinyLM(TransformerConfig(vocab=900)).n_parameters()
    assert count == 900 * 96 + 3 * (12 * 96 * 96 + 2 * 96) + 96 + 2 * 97


def test_same_seed_same_weights_and_other_seed_other_weights():
    a, b, c = model(1), model(1), model(2)
    assert all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))
    assert not torch.equal(a.embedding.weight, c.embedding.weight)


def test_logits_do_not_see_the_future():
    tokens = random_tokens(3, 10)
    changed = tokens.clone()
    changed[:, 6:] = random_tokens(3, 4, seed=9)
    before, after = model()(tokens), model()(changed)
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_order_of_the_past_matters():
    tokens = random_tokens(1, 8)
    swapped = tokens[:, [1, 0, 2, 3, 4, 5, 6, 7]]
    assert not torch.allclose(model()(tokens)[:, -1], model()(swapped)[:, -1])


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_nothing(side):
    lm = model().double()
    tokens = random_tokens(2, 7)
    fill = torch.zeros(2, 4, dtype=torch.long)
    real, empty = torch.ones(2, 7, dtype=torch.bool), torch.zeros(2, 4, dtype=torch.bool)
    if side == "left":
        padded, attends, place = torch.cat([fill, tokens], 1), torch.cat([empty, real], 1), slice(4, None)
    else:
        padded, attends, place = torch.cat([tokens, fill], 1), torch.cat([real, empty], 1), slice(0, 7)
    out = lm(padded, attends)
    assert torch.isfinite(out).all()
    # The rotation table is single precision, so shifted positions agree to about 1e-7 and not to the last bit.
    torch.testing.assert_close(out[:, place], lm(tokens), rtol=0, atol=1e-6)


def test_cache_gives_the_same_hidden_states_as_one_pass():
    lm = model()
    tokens = random_tokens(3, 9)
    with torch.no_grad():
        whole = lm.hidden(tokens)
        cache = lm.new_cache(3)
        parts = [lm.hidden(tokens[:, :4], None, cache)] + [
            lm.hidden(tokens[:, t : t + 1], None, cache) for t in range(4, 9)
        ]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=2e-6)
    assert cache.length == 9


def test_too_long_is_a_plain_sentence():
    with pytest.raises(ValueError, match="17 tokens do not fit into a context of 16"):
        model()(random_tokens(1, 17))


@pytest.mark.parametrize("change", [{"vocab": 0}, {"layers": 0}, {"width": 30}, {"heads": 5}])
def test_impossible_sizes_are_refused(change):
    with pytest.raises(ValueError, match=r"\."):
        TransformerConfig(**{"vocab": 20, "width": 32, "layers": 2, "heads": 4, **change})


def test_embeddings_are_tied():
    lm = model()
    lm(random_tokens(2, 5)).sum().backward()
    names = [name for name, _ in lm.named_parameters()]
    assert sum("embedding" in name for name in names) == 1
    # Through the output product every row gets a gradient, also tokens that are not in the input.
    assert (lm.embedding.weight.grad.abs().sum(1) > 0).all()


def test_heads_start_at_zero_and_reward_reads_the_last_real_token():
    lm = model()
    left = torch.tensor([[0, 0, 5, 6], [2, 3, 4, 5]])
    attends = torch.tensor([[False, False, True, True], [True] * 4])
    assert torch.equal(lm.rewards(left, attends), torch.zeros(2))
    assert torch.equal(lm.values(lm.hidden(left, attends)), torch.zeros(2, 4))
    torch.nn.init.normal_(lm.reward_head.weight)
    right = torch.tensor([[5, 6, 0, 0], [2, 3, 4, 5]])
    right_attends = torch.tensor([[True, True, False, False], [True] * 4])
    torch.testing.assert_close(lm.rewards(left, attends), lm.rewards(right, right_attends), rtol=0, atol=1e-5)
    assert lm.rewards(left, torch.zeros_like(attends))[0] == 0


def test_gradients_match_finite_differences():
    lm = TinyLM(TransformerConfig(vocab=7, width=8, layers=2, heads=2, context=6), seed=3).double()
    tokens = torch.tensor([[2, 3, 4, 5], [0, 6, 5, 2]])
    attends = torch.tensor([[True] * 4, [False, True, True, True]])
    weight = lm.blocks[0].qkv.weight

    def loss() -> torch.Tensor:
        return torch.log_softmax(lm(tokens, attends), -1)[:, 2].pow(2).mean()

    loss().backward()
    for index in [(0, 0), (9, 3), (20, 7)]:
        with torch.no_grad():
            weight[index] += 1e-6
            up = loss().item()
            weight[index] -= 2e-6
            down = loss().item()
            weight[index] += 1e-6
        assert weight.grad[index].item() == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-9)


def test_clone_is_independent():
    lm = model()
    other = lm.clone()
    with torch.no_grad():
        other.embedding.weight.add_(1)
    assert not torch.equal(lm.embedding.weight, other.embedding.weight)


def test_rms_norm_has_unit_root_mean_square():
    x = torch.randn(4, 32, generator=torch.Generator().manual_seed(0)) * 7
    torch.testing.assert_close(RMSNorm(32)(x).pow(2).mean(-1), torch.ones(4), rtol=1e-4, atol=0)
