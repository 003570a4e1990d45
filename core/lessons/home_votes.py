"""The home page's votes: what was voted, the weights that were fitted, the whiteboard under them, and the run they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from core.lessons.param import Param
from core.objectives.bradley_terry_fit import LinearFit, fit_feature_weights
from core.stages import my_votes_recorded, starting_points
from core.stages.my_votes import MyVotesConfig, rounded
from core.stages.my_votes_features import FEATURES
from core.stages.my_votes_pairs import OfferedPair, fingerprint
from core.stages.my_votes_recorded import PAIRS_ASKED, PRIOR_SD, HomeRecording
from core.stages.whiteboard import WhiteboardConfig, optimum, trajectory
from core.world.candidates import NORWAY, CandidateSet

UPDATES = 24
SHARES: dict[str, float | None] = {"l": 1.0, "r": 0.0, "t": 0.5, "s": None}
"""One letter a vote, in the order of the pairs: left, right, tie, skipped."""


def decode(text: str) -> str:
    """The letters of the votes that `encode` wrote.

    Raises:
        ValueError: it is not one of its texts, or the votes were given on other pairs than those that are kept now.
    """
    recording = my_votes_recorded.load()
    if not text:
        return ""
    if recording is None:
        raise ValueError("There are no pairs to vote on.")
    tag = fingerprint(recording.pairs)
    letters = text[len(tag) :]
    if not text.startswith(tag) or len(letters) > len(recording.pairs) or set(letters) - set(SHARES):
        raise ValueError("These votes were damaged on the way, or were given on other pairs.")
    return letters


def encode(letters: str) -> str:
    """The link's text: three characters that name the pairs, then one letter a vote. No votes give an empty text."""
    recording = my_votes_recorded.load()
    return fingerprint(recording.pairs) + letters if letters and recording else ""


def _readable(text: str) -> bool:
    try:
        decode(text)
    except ValueError:
        return False
    return True


HV = Param(
    "hv",
    "Your votes on this page",
    "text",
    "",
    widget="panel",
    max_characters=40,
    accepts=_readable,
    help="Your votes on the home page's pairs, carried in the link.",
)


@dataclass(frozen=True)
class HomeVotes:
    """The state of the loop after some votes. `config` is the run that they ask for, its weights rounded."""

    recording: HomeRecording
    letters: str
    fit: LinearFit
    config: MyVotesConfig

    @property
    def pairs(self) -> tuple[OfferedPair, ...]:
        """Every pair that can be asked about."""
        return self.recording.pairs

    @property
    def shown(self) -> OfferedPair | None:
        """The pair that is asked about now; None behind the last one."""
        return self.pairs[len(self.letters)] if len(self.letters) < len(self.pairs) else None

    @property
    def n_votes(self) -> int:
        """Votes that count: ties do, skipped pairs do not."""
        return sum(SHARES[letter] is not None for letter in self.letters)

    @property
    def missing(self) -> int:
        """How many votes are missing until a policy can be trained; none behind the last pair if any vote counts."""
        return 0 if self.shown is None and self.n_votes else max(PAIRS_ASKED - self.n_votes, 0)

    @property
    def flat(self) -> bool:
        """Whether every rounded weight is 0, so that there is nothing to train on."""
        return not any(self.config.weights)

    @property
    def weight_sd(self) -> np.ndarray:
        """Posterior standard deviation of each weight (Laplace), (F,)."""
        return np.sqrt(np.maximum(np.diag(self.fit.covariance), 0.0))

    @property
    def candidates(self) -> CandidateSet:
        """The eight responses of the whiteboard, and where its policy starts: the tiny LM's own probabilities."""
        return starting_points.candidate_set(NORWAY.key, "sft", True) or NORWAY

    @cached_property
    def board(self) -> WhiteboardConfig:
        """The whiteboard's run under the rounded weights."""
        scores = np.asarray(self.recording.response_features) @ self.config.weights
        return WhiteboardConfig(
            ref_logps=self.candidates.ref_logps(),
            scores=tuple(float(round(score, 6)) for score in scores - scores.mean()),
            batch_size=0,
        )

    @cached_property
    def board_probs(self) -> tuple[float, ...]:
        """The whiteboard's policy after UPDATES exact PPO updates."""
        return tuple(float(p) for p in np.exp(trajectory(self.board).upto(UPDATES)[-1].logps))

    @cached_property
    def board_optimum(self) -> tuple[float, ...]:
        """π* of the whiteboard under the same reward."""
        return tuple(optimum(self.board).logps.exp().tolist())


@lru_cache(maxsize=128)
def compute(text: str) -> HomeVotes | None:
    """The loop after the votes in the link's text (unreadable ones count as none); None without a recording."""
    recording = my_votes_recorded.load()
    if recording is None:
        return None
    letters = decode(text) if _readable(text) else ""
    counted = [(pair, SHARES[letter]) for pair, letter in zip(recording.pairs, letters) if SHARES[letter] is not None]
    differences = np.array([pair.difference for pair, _ in counted]).reshape(-1, len(FEATURES))
    fit = fit_feature_weights(differences, [share for _, share in counted], PRIOR_SD)
    return HomeVotes(recording, letters, fit, rounded(fit.weights))
