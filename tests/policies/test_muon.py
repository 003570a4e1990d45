"""Muon: the step is orthogonal, AdamW keeps the rest, and a copy goes the same way."""

import pytest
import torch

from core.policies.adamw import AdamW
from core.policies.muon import Muon, orthogonalised
from core.policies.transformer import TinyLM, TransformerConfig

SMALL = TransformerConfig(vocab=11, width=16, layers=2, heads=2, context=8)


def loss(model: TinyLM, seed: int = 0) -> torch.Tensor:
    tokens = torch.randint(0, 11, (4, 8), generator=torch.Generator().manual_seed(seed))
    return -torch.log_softmax(model(tokens[:, :-1]), -1).gather(-1, tokens[:, 1:, None]).mean()


@pytest.mark.parametrize("shape", [(8, 8), (6, 20), (20, 6)])
def test_singular_values_come_near_one_and_directions_stay(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    found = orthogonalised(matrix)
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.5
    assert values.max() < 1.3
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    aligned = torch.diagonal(u.T @ found @ v.T)
    torch.testing.assert_close(aligned.sort().values, values.sort().values, rtol=0.02, atol=0.02)


def test_scale_of_the_gradient_does_not_matter():
    matrix = torch.randn(8, 12, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(orthogonalised(matrix), orthogonalised(matrix * 1000), rtol=1e-3, atol=1e-4)


def test_matrices_of_the_blocks_take_muon_steps_and_the_rest_adam_steps():
    first, second = TinyLM(SMALL), TinyLM(SMALL)
    muon, adam = Muon(first, 0.02, 1e-3), AdamW(second.parameters())
    for model, optimiser in ((first, muon), (second, adam)):
        loss(model).backward()
        optimiser.step(1e-3)
    assert torch.equal(first.embedding.weight, second.embedding.weight)
    assert torch.equal(first.blocks[0].mlp_norm.gain, second.blocks[0].mlp_norm.gain)
    start = TinyLM(SMALL)
    for name in ("qkv", "attention_out", "mlp_up", "mlp_down"):
        moved = getattr(first.blocks[1], name).weight - getattr(start.blocks[1], name).weight
        pieces = moved.chunk(3) if name == "qkv" else (moved,)
        for piece in pieces:
            values = torch.linalg.svdvals(piece) / 0.02 / max(1.0, piece.shape[0] / piece.shape[1]) ** 0.5
            assert values.max() < 1.3
            assert values.median() > 0.5


def test_half_the_learning_rate_is_half_the_step():
    steps = []
    for lr in (1e-3, 5e-4):
        model = TinyLM(SMALL)
        before = model.blocks[0].mlp_up.weight.detach().clone()
        optimiser = Muon(model, 0.02, 1e-3)
        loss(model).backward()
        optimiser.step(lr)
        steps.append((model.blocks[0].mlp_up.weight.detach() - before).norm().item())
    assert steps[1] / steps[0] == pytest.approx(0.5, rel=1e-3)


def test_copy_goes_the_same_way_on_its_own():
    model = TinyLM(SMALL)
    optimiser = Muon(model, 0.02, 1e-3)
    for step in range(3):
        optimiser.zero_grad()
        loss(model, step).backward()
        optimiser.step(1e-3)
    other = model.clone()
    copied = optimiser.for_parameters(other.parameters())
    for lm, opt in ((model, optimiser), (other, copied)):
        opt.zero_grad()
        loss(lm, 7).backward()
        opt.step(1e-3)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
