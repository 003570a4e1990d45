"""Muon for the matrices inside the blocks, AdamW for everything else: what the model is pretrained with.

A matrix moves along the orthogonal matrix nearest to its momentum, so that every direction gets a step of the same
size (K. Jordan 2024, "Muon: an optimizer for hidden layers in neural networks").
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from core.policies.adamw import AdamW
from core.policies.transformer import TinyLM

# Jordan's quintic: five rounds bring every singular value between about 0.7 and 1.2, which is near enough.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


def orthogonalised(matrix: Tensor) -> Tensor:
    """Roughly U Vᵀ of the matrix's singular value decomposition U S Vᵀ, by Newton–Schulz rounds: (m, n) -> (m, n)."""
    a, b, c = _QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(AdamW):
    """AdamW whose block matrices take orthogonalised momentum steps instead.

    Args:
        model: what is trained.
        matrix_lr: learning rate of the matrices where AdamW's is `base_lr`; both follow the same schedule.
        base_lr: the undecayed learning rate that `step` gets.
        momentum: of the matrices' gradients (Nesterov).
        weight_decay, betas, eps: as in AdamW.
    """

    def __init__(
        self,
        model: TinyLM,
        matrix_lr: float,
        base_lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        super().__init__(model.parameters(), weight_decay, betas)
        self.matrix_lr, self.base_lr, self.momentum = matrix_lr, base_lr, momentum
        matrices = {id(p) for block in model.blocks for p in block.parameters() if p.dim() == 2}
        # Queries, keys and values are three matrices in one tensor.
        fused = {id(block.qkv.weight) for block in model.blocks}
        self.pieces = [(3 if id(p) in fused else 1) if id(p) in matrices else 0 for p in self.parameters]

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """One update with the gradients that are there."""
        share = lr / self.base_lr if self.base_lr else 0.0
        for index, pieces in enumerate(self.pieces):
            parameter = self.parameters[index]
            if pieces and parameter.grad is not None:
                self._step_matrix(parameter, self.mean[index], pieces, share * self.matrix_lr)
                parameter.grad = None  # AdamW leaves it alone
        super().step(lr)

    def _step_matrix(self, parameter: Tensor, mean: Tensor, pieces: int, lr: float) -> None:
        mean.mul_(self.momentum).add_(parameter.grad)
        ahead = parameter.grad + self.momentum * mean
        steps = [orthogonalised(part) * max(1.0, part.shape[0] / part.shape[1]) ** 0.5 for part in ahead.chunk(pieces)]
        parameter.mul_(1 - lr * self.weight_decay).add_(torch.cat(steps), alpha=-lr)

    def for_parameters(self, parameters: Iterable[Tensor]) -> Muon:
        """An independent copy in the same state, working on other tensors of the same shapes."""
        other = object.__new__(Muon)
        AdamW.__init__(other, parameters, self.weight_decay, self.betas, self.eps)
        other.matrix_lr, other.base_lr, other.momentum = self.matrix_lr, self.base_lr, self.momentum
        other.pieces = self.pieces
        other.load_state_dict(self.state_dict())
        return other
