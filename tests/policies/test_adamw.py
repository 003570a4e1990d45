"""Our AdamW against torch's, and its independence when copied."""

import pytest
import torch

from core.policies.adamw import AdamW


def parameters(seed: int = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(5, 7, generator=generator).requires_grad_(),
        torch.randn(3, generator=generator).requires_grad_(),
    ]


def gradient(tensors: list[torch.Tensor], step: int) -> None:
    generator = torch.Generator().manual_seed(step)
    for tensor in tensors:
        tensor.grad = torch.randn(tensor.shape, generator=generator) * 10.0 ** (step % 4 - 2)


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.8, 0.98)])
def test_equal_to_torch(weight_decay, betas):
    ours, theirs = parameters(), parameters()
    own = AdamW(ours, weight_decay, betas)
    reference = torch.optim.AdamW(theirs, lr=1.0, weight_decay=weight_decay, betas=betas)
    for step in range(30):
        lr = 0.01 * (1 + step % 3)
        gradient(ours, step)
        gradient(theirs, step)
        norm = own.clip_gradient(1.0)
        assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, 1.0).item(), rel=1e-6)
        own.step(lr)
        reference.param_groups[0]["lr"] = lr
        reference.step()
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


def test_parameters_without_gradient_stay():
    tensors = parameters()
    before = tensors[1].detach().clone()
    own = AdamW(tensors, weight_decay=0.1)
    tensors[0].grad = torch.ones_like(tensors[0])
    own.step(0.1)
    assert torch.equal(tensors[1], before)
    own.zero_grad()
    assert all(tensor.grad is None for tensor in tensors)
    assert own.clip_gradient(1.0) == 0.0


def test_copy_goes_its_own_way():
    first, second = parameters(), parameters()
    own = AdamW(first)
    gradient(first, 0)
    own.step(0.1)
    copy = own.for_parameters(second)
    assert copy.t == 1
    kept = copy.mean[0].clone()
    gradient(first, 1)
    own.step(0.1)
    assert torch.equal(copy.mean[0], kept)


def test_state_of_another_model_is_refused():
    with pytest.raises(ValueError, match="another model"):
        AdamW(parameters()[:1]).load_state_dict(AdamW(parameters()).state_dict())


def test_a_gradient_that_is_not_finite_is_reported():
    tensors = parameters()
    tensors[0].grad = torch.full_like(tensors[0], float("nan"))
    norm = AdamW(tensors).clip_gradient(1.0)
    assert norm != norm
