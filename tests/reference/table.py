"""`python -m tests.reference.table`: which function follows which equation, and whose numbers it was held against.

Prints Markdown for README's section between the two markers below. Declared here: functions, equations, algorithms.
The projects and the number of cases are read from the cases themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from core.objectives import (
    advantages,
    best_of_n,
    bradley_terry,
    dpo,
    grpo,
    kl,
    kto,
    logprobs,
    optimum,
    orpo,
    ppo,
    rewards,
    rloo,
    sft,
    simpo,
)
from core.statistics import agreement

CASES = Path(__file__).parent / "cases"
BEGIN, END = "<!-- maths table -->", "<!-- /maths table -->"

PEERS = {
    "trl ": "TRL",
    "OpenRLHF/OpenRLHF": "OpenRLHF",
    "volcengine/verl": "verl",
    "vwxyzjn/cleanrl": "CleanRL",
    "vwxyzjn/lm-human-preference-details": "OpenAI 2019 (details repo)",
    "eric-mitchell/direct-preference-optimization": "DPO authors",
    "choix ": "choix",
    "scikit-learn ": "scikit-learn",
    "statsmodels ": "statsmodels",
    "krippendorff ": "krippendorff",
    "brute force": "full enumeration",
    "DPO paper": "closed form, 60 digits",
}


class Row(NamedTuple):
    functions: tuple[Callable, ...]
    equation: str
    algorithms: tuple[str, ...]


ROWS = (
    Row(
        (logprobs.token_logps, logprobs.sequence_logps, logprobs.entropy),
        "log softmax, its sum over a sequence, −Σ p log p",
        ("token_logp_entropy", "sequence_logps"),
    ),
    Row((sft.sft_loss,), "−Σ log π / tokens; DFT: Wu et al. 2025", ("sft_ce", "e2e_sft")),
    Row((bradley_terry.pairwise_loss,), "Ouyang et al. 2022, eq. 1", ("reward_bt", "e2e_reward")),
    Row((bradley_terry.fit_item_strengths,), "Bradley and Terry 1952; prior: l2 on strengths", ("bt_mle",)),
    Row((kl.k1, kl.k2, kl.k3, kl.exact_kl), "Schulman 2020; Σ π log(π / π_ref)", ("kl_estimators",)),
    Row((kl.update_kl_controller,), "Ziegler et al. 2019, §2.2", ("adaptive_kl",)),
    Row(
        (rewards.kl_penalised_rewards, rewards.last_token_rewards),
        "Ziegler et al. 2019, eq. 2",
        ("ppo_rewards", "ppo_rewards_last_token"),
    ),
    Row((advantages.gae, advantages.gae_with_dones), "Schulman et al. 2015, eq. 16", ("gae", "gae_dones")),
    Row((advantages.whiten,), "(x − mean) / std, five conventions by name", ("whiten",)),
    Row(
        (ppo.policy_loss, ppo.value_loss, ppo.ppo_loss),
        "Schulman et al. 2017, eqs. 7 and 9; dual clip: Ye et al. 2020, eq. 5",
        ("ppo_loss", "ppo_loss_dual_clip", "ppo_loss_cleanrl"),
    ),
    Row((grpo.grpo_advantages, grpo.grpo_loss), "Shao et al. 2024, eqs. 3 and 4", ("grpo_advantages", "grpo_loss")),
    Row((rloo.rloo_advantages, rloo.rloo_loss), "Ahmadian et al. 2024", ("rloo_advantages", "rloo_loss")),
    Row((grpo.grpo_loss, rloo.rloo_loss), "the two above, end to end on a bigram policy", ("e2e_grpo_rloo",)),
    Row((dpo.dpo_loss, dpo.sigmoid_losses), "Rafailov et al. 2023, eq. 7", ("dpo_sigmoid",)),
    Row((dpo.cdpo_losses,), "conservative DPO, Mitchell 2023", ("cdpo",)),
    Row((dpo.robust_losses,), "robust DPO, Chowdhury et al. 2024", ("dpo_robust",)),
    Row((dpo.ipo_losses,), "Azar et al. 2023, eq. 17: per token, summed", ("dpo_ipo", "dpo_ipo_sum")),
    Row((dpo.hinge_losses,), "Zhao et al. 2023 on log-ratios (Liu et al. 2023)", ("dpo_hinge",)),
    Row(
        (dpo.dpo_loss,),
        "length-normalised DPO; APO, NCA, BCO, SPPO, EXO, DiscoPOP",
        ("dpo_sigmoid_norm", "dpo_other"),
    ),
    Row((dpo.dpo_token_loss,), "the same from token log-probabilities and a mask", ("dpo_tokens", "e2e_dpo")),
    Row((kto.kto_loss, kto.kto_reference_kl), "Ethayarajh et al. 2024, eq. 7", ("kto", "e2e_kto")),
    Row((orpo.orpo_loss,), "Hong et al. 2024, eqs. 4 and 7", ("orpo",)),
    Row((simpo.simpo_loss,), "Meng et al. 2024", ("simpo",)),
    Row(
        (orpo.orpo_loss, simpo.simpo_loss, simpo.cpo_loss),
        "those two and CPO (Xu et al. 2024, eq. 3), end to end",
        ("e2e_reference_free",),
    ),
    Row((optimum.kl_optimal_policy,), "π* ∝ π_ref e^(r/β): Rafailov et al. 2023, eq. 4", ("kl_optimal_policy",)),
    Row((best_of_n.best_of_n,), "exact distribution; bound log n − (n−1)/n, Beirami et al. 2024", ("best_of_n",)),
    Row((agreement.cohen_kappa,), "Cohen 1960, 1968", ("cohen_kappa",)),
    Row((agreement.fleiss_kappa,), "Fleiss 1971; Randolph 2005", ("fleiss_kappa",)),
    Row((agreement.krippendorff_alpha,), "Krippendorff 2011", ("krippendorff_alpha",)),
)


def cases_by_algorithm(folder: Path = CASES) -> dict[str, list[tuple[str, ...]]]:
    """Of each algorithm, the peers that every case came from (one entry per case)."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for path in sorted(folder.glob("*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(case["algorithm"], []).append(_peers(case["source"]))
    return found


def _peers(source: str) -> tuple[str, ...]:
    parts = source.split("; ")  # several projects, or several places in one project
    named = [name for part in parts for beginning, name in PEERS.items() if part.startswith(beginning)]
    if not named or not source.startswith(tuple(PEERS)):
        raise ValueError(f"The table does not know the project of the source {source!r}.")
    return tuple(dict.fromkeys(named))


def markdown(folder: Path = CASES) -> str:
    """The table, with a last line that adds the cases up."""
    cases, total = cases_by_algorithm(folder), 0
    lines = ["| function | follows | held against | cases |", "|---|---|---|---:|"]
    for row in ROWS:
        held = [peers for algorithm in row.algorithms for peers in cases.get(algorithm, [])]
        names = ", ".join(f"`{_dotted(function)}`" for function in row.functions)
        against = ", ".join(dict.fromkeys(name for peers in held for name in peers))
        lines.append(f"| {names} | {row.equation} | {against} | {len(held)} |")
        total += len(held)
    lines.append(f"| | | **all** | **{total}** |")
    return "\n".join(lines)


def _dotted(function: Callable) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


if __name__ == "__main__":
    print(markdown())
