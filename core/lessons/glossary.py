"""Each symbol and term, defined once; shown where it is used and all together in the overlay."""

from __future__ import annotations

SYMBOLS: tuple[tuple[str, str], ...] = (
    (r"\pi", "the policy: a probability for every answer"),
    (r"\pi_{\text{ref}}", "the frozen reference policy"),
    (r"\pi_{\text{old}}", "the policy before this update"),
    (r"\pi^*", "the best policy for this KL coefficient"),
    ("r", "score of a whole answer"),
    (r"\text{kl\_coef}", "price of one nat of distance from the reference (also called β)"),
    (r"\beta", "the same price in DPO"),
    ("A", "advantage: better or worse than the batch's mean"),
    ("b", "baseline: mean reward of the batch"),
    ("V_t", "the value head's guess, before word t, of the reward still to come"),
    (r"\lambda", "how far a word's advantage looks ahead, from 0 to 1"),
    (r"\rho", "ratio of new to old probability"),
    (r"\varepsilon", "half-width of the clip range"),
    (r"\eta", "learning rate"),
    ("z", "logit: the number that softmax turns into a probability"),
    ("L", "loss: the number that training makes small"),
    (r"L_{\text{val}}", "loss on prompts that are never trained on"),
    ("g", "gold: true quality of an answer, known in this world"),
    ("k", "estimate of the KL divergence, in nats"),
    (r"\Delta", "difference of two scores"),
    (r"\sigma", "logistic function: turns a difference into a probability"),
    (r"\sigma_0", "width of the prior on each weight"),
    ("w, l", "winner and loser of a vote"),
    ("s", "rating that a person writes down"),
    ("u", "true utility of an item, known in a simulation"),
    ("a_r, b_r", "offset and scale of one rater"),
    ("u, v", "log-ratio log π/π_ref of the first answer of a pair, of the second"),
    ("q", "share of the votes for the first answer of a pair"),
    (r"\hat r", "implicit reward of DPO: β log π/π_ref, moved to mean 0"),
    ("Z", "what makes the probabilities sum to 1"),
    ("c", "a constant that no comparison can see"),
    (r"-\partial L/\partial\Delta", "gradient weight: how hard a pair is pulled apart"),
    ("P", "probability, of a token or of an answer"),
    ("p_t", "probability of one token, given those before it"),
    ("T", "sampling temperature"),
    ("x", "the prompt"),
    ("y", "the answer, token by token; in SFT the demonstration"),
    ("e^L", "perplexity: among how many equally likely tokens a guess would be as unsure"),
    ("V", "size of the vocabulary"),
    ("d", "width of a model: channels of its hidden state"),
)

TERMS: tuple[tuple[str, str], ...] = (
    ("nat", "unit of log-probability with the natural logarithm"),
    ("policy", "the model that answers; training moves its probabilities"),
    ("reference", "the model before RL training, kept frozen"),
    ("reward model", "a model that gives a whole answer a score, fitted to votes"),
    ("KL", "Kullback–Leibler divergence, here always of the policy from the reference"),
    ("clip fraction", "share of the batch for which the clip took the gradient away"),
    ("entropy", "how spread out the policy is: 0 if one answer has all probability"),
    ("TV to π*", "total-variation distance to the best policy, from 0 to 1"),
    ("whitening", "dividing advantages by their spread"),
)


def meaning(symbol: str) -> str:
    """What a symbol stands for. Raises KeyError for one that is not in the glossary."""
    return dict(SYMBOLS)[symbol]
