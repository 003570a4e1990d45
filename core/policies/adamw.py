"""AdamW, written out, because asking torch for its own costs a first-time import of a second and 70 MB.

`torch.optim` loads the whole compiler when its first optimiser is made; on a small server that is the wait between the
click and the first visible step. The arithmetic is that of `torch.optim.AdamW` (a test compares them).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).

    Args:
        parameters: what is trained; those without a gradient are skipped.
        weight_decay: share of lr by which every weight shrinks per step.
        betas: decay of the means of gradient and squared gradient.
        eps: added to the root.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.parameters = list(parameters)
        self.weight_decay, self.betas, self.eps = weight_decay, betas, eps
        self.t = 0
        self.mean = [torch.zeros_like(p) for p in self.parameters]
        self.square = [torch.zeros_like(p) for p in self.parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def clip_gradient(self, largest: float) -> float:
        """Scale the whole gradient down to this norm if it is longer. Returns the norm before; it may be not finite."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        if not gradients:
            return 0.0
        norm = torch.stack([g.norm() for g in gradients]).norm().item()
        if norm > largest:
            for gradient in gradients:
                gradient.mul_(largest / (norm + 1e-6))
        return norm

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update with the gradients that are there."""
        self.t += 1
        beta1, beta2 = self.betas
        size = lr / (1 - beta1**self.t)
        root = math.sqrt(1 - beta2**self.t)
        for parameter, mean, square in zip(self.parameters, self.mean, self.square, strict=True):
            gradient = parameter.grad
            if gradient is None:
                continue
            if self.weight_decay:
                parameter.mul_(1 - lr * self.weight_decay)
            mean.lerp_(gradient, 1 - beta1)
            square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
            parameter.addcdiv_(mean, (square.sqrt() / root).add_(self.eps), value=-size)

    def for_parameters(self, parameters: Iterable[Tensor]) -> AdamW:
        """An independent copy in the same state, working on other tensors of the same shapes."""
        other = AdamW(parameters, self.weight_decay, self.betas, self.eps)
        other.load_state_dict(self.state_dict())
        return other

    def state_dict(self) -> dict[str, object]:
        """Everything but the parameters, for saving."""
        return {
            "t": self.t,
            "mean": list(self.mean),
            "square": list(self.square),
            "weight_decay": self.weight_decay,
            "betas": list(self.betas),
            "eps": self.eps,
        }

    def load_state_dict(self, state: dict) -> None:
        """Take over what `state_dict` gave; tensors are copied.

        Raises:
            ValueError: the state is of other parameters.
        """
        shapes = [p.shape for p in self.parameters]
        if [m.shape for m in state["mean"]] != shapes or [s.shape for s in state["square"]] != shapes:
            raise ValueError("The optimiser's state belongs to another model.")
        self.t, self.weight_decay, self.eps = state["t"], state["weight_decay"], state["eps"]
        self.betas = (state["betas"][0], state["betas"][1])
        self.mean = [m.clone() for m in state["mean"]]
        self.square = [s.clone() for s in state["square"]]
