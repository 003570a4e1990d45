"""The home page's loop in words: what votes rewarded, what training did, and how the world's own truth sees it."""

from __future__ import annotations

from core.lessons.home_votes import UPDATES, HomeVotes
from core.lessons.text import number, percent, plural, signed
from core.stages.my_votes import MyVotesConfig, Shown
from core.stages.my_votes_features import FEATURES, Feature
from core.stages.my_votes_recorded import PAIRS_ASKED, PRIOR_SD, Run
from core.statistics.difference import Z95, beyond_chance, difference

LEGEND = (
    "A bar is how probable the model finds that answer, against the other seven: outline after SFT, blue after PPO on your reward, "
    "diamond where PPO would come to rest."
)


def rewarded(config: MyVotesConfig) -> str:
    """The weights of a run in words, the largest first."""
    by_size = sorted(zip(FEATURES, config.weights), key=lambda item: -abs(item[1]))
    named = [f"{_called(feature, weight)} ({signed(weight)})" for feature, weight in by_size if weight]
    return _listed(named) if named else "nothing: every weight rounds to 0"


def _called(feature: Feature, weight: float) -> str:
    return feature.more if weight > 0 else feature.less


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def standing(now: HomeVotes) -> str:
    """One line under the pair: how many votes there are, and what they say so far."""
    if not now.n_votes:
        return (
            f"No votes yet. Before any vote each weight is thought to lie within about ±{number(PRIOR_SD, 0)} of zero."
        )
    said = "say nothing clear yet" if now.flat else f"reward **{rewarded(now.config)}**"
    return f"{plural(now.n_votes, 'vote')} {'says' if now.n_votes == 1 and now.flat else said}."


def uncertain(now: HomeVotes) -> str:
    """How sure the fit is: weights whose 95 % interval (± 1.96 posterior standard deviations) leaves out zero."""
    sure = [f.name for f, w, sd in zip(FEATURES, now.fit.weights, now.weight_sd) if abs(w) > Z95 * sd]
    head = f"Lines: where each weight may lie (95 %), given your votes and the prior N(0, {number(PRIOR_SD, 0)}²)."
    if not now.n_votes:
        return head
    return f"{head} Clearly not zero: {_listed(sure) if sure else 'none yet'}."


def missing(now: HomeVotes) -> str:
    """What is needed before a policy can be trained; empty where nothing is."""
    if now.shown is None and not now.n_votes:
        return "Every pair was skipped. Undo some and vote, and your policy can be trained."
    if now.missing:
        return f"{plural(now.missing, 'more vote')}, and the tiny language model can be trained on your reward."
    if now.flat:
        return (
            "Your votes cancel out: every weight rounds to 0, so there is nothing to train on. Undo some, or vote on."
        )
    return ""


def board(now: HomeVotes) -> str:
    """The whiteboard in one sentence: which response gained and which lost most."""
    names, start, end = now.candidates.names, now.candidates.ref_probs, now.board_probs
    gains = [after - before for before, after in zip(start, end)]
    if max(map(abs, gains)) < 5e-4:
        still = f"All scores are equal, so {UPDATES} PPO updates leave the policy where it is."
        return still if now.n_votes else f"{still} {LEGEND}"
    up, down = gains.index(max(gains)), gains.index(min(gains))
    return (
        f"After {UPDATES} PPO updates on your reward: “{names[up]}” {percent(start[up], 0)} → {percent(end[up], 0)}, "
        f"“{names[down]}” {percent(start[down], 0)} → {percent(end[down], 0)}."
    )


def progress(record: object) -> str:
    """How a run stands after its latest record."""
    if not isinstance(record, Shown):
        return "Measuring the policy …"
    reward = "" if record.reward is None else f" · reward {signed(record.reward)}"
    return f"Step {record.step} of {record.steps}{reward}"


def gold(run: Run) -> str:
    """How the truth of the world sees the two policies, with n and what chance could do."""
    gap, half = _gap(run, "gold")
    return (
        f"Gold, the world's own scorer, which nobody's votes touched: {signed(run.before.gold)} → **{signed(run.after.gold)}** "
        f"(difference {signed(gap)} ± {number(half)}, n = {run.after.n} held-out prompts)."
    )


def reward(run: Run) -> str:
    """The reward itself before and after."""
    gap, half = _gap(run, "reward")
    return f"Your reward: {signed(run.before.reward)} → **{signed(run.after.reward)}** (difference {signed(gap)} ± {number(half)})."


def verdict(run: Run) -> str:
    """Whether the votes taught something good, something silly, or nothing that can be told from chance."""
    paid, true = _moved(run, "reward"), _moved(run, "gold")
    most, share = run.after.behaviours[0]
    before = dict(run.before.behaviours).get(most, 0.0)
    now = f"Most often it now “{most}”: {percent(share, 0)} of answers, before {percent(before, 0)}."
    if paid <= 0:
        head = f"{run.config.ppo.steps} steps did not raise the reward beyond chance."
        tail = {1: " Gold rose all the same.", -1: " Gold fell.", 0: ""}[true]
        return f"{head}{tail} {now}"
    head = {
        -1: "**The votes taught something silly**: by the reward the answers became better, by the world's truth worse.",
        0: "The reward rose, and gold shows no clear difference: what was rewarded did neither clear good nor clear harm.",
        1: "The reward rose, and gold with it: what was rewarded goes together with good answers here.",
    }[true]
    return f"{head} {now}"


def rows(run: Run) -> tuple[tuple[str, str, str, str], ...]:
    """Per feature: its name, its weight, and its mean over the answers before and after."""
    return tuple(
        (feature.name, signed(weight), number(before), number(after))
        for feature, weight, before, after in zip(
            FEATURES, run.config.weights, run.before.features, run.after.features, strict=True
        )
    )


def hero(run: Run) -> str:
    """The recorded run at the top of the page in figures."""
    return (
        f"On {run.after.n} held-out prompts: reward {signed(run.before.reward)} → {signed(run.after.reward)}, gold (true quality) "
        f"{signed(run.before.gold)} → {signed(run.after.gold)}."
    )


def how_made(run: Run) -> str:
    """Settings and seed of a run in one line."""
    ppo = run.config.ppo
    return (
        f"PPO on the tiny language model, {ppo.steps} updates of {ppo.batch_size} answers, kl_coef {ppo.kl_coef:g}, "
        f"lr {ppo.lr:g}, seed {ppo.seed}, from the stored SFT model."
    )


def asked() -> str:
    """What the page asks for first."""
    return f"Vote on {PAIRS_ASKED} pairs"


def _gap(run: Run, what: str) -> tuple[float, float]:
    after, before = run.after, run.before
    return difference(
        getattr(after, what), getattr(after, f"{what}_se"), getattr(before, what), getattr(before, f"{what}_se")
    )


def _moved(run: Run, what: str) -> int:
    gap, half = _gap(run, what)
    return (1 if gap > 0 else -1) if beyond_chance(gap, half) else 0
