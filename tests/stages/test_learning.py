"""What every stage is for: imitation imitates, scores follow preferences, and policies get better by their measure."""

import itertools
import math

import numpy as np
import pytest
import torch

from core.objectives.advantages import gae, whiten
from core.stages import best_of_n, dpo, grpo, judge, ppo, pretrain, reward_model, rloo, sft
from core.stages.ai_feedback import RevisionConfig, ai_rankings, revise
from core.stages.batches import answer_logps, minibatch, text_batch
from core.stages.data import LabelConfig, Ranking, collect_rankings, demonstrations, shown_pair
from core.stages.evaluate import evaluate, first_sentence
from tests.stages import toy
from tests.stages.test_runs import label, scorer

TASK = toy.task()


def last(records):
    for record in records:  # noqa: B007
        pass
    return record


def mean_gold(model) -> float:
    return evaluate("x", model, TASK).gold_train_items


# --- batches and data ---------------------------------------------------------------------------------------------


def test_only_the_answer_is_scored():
    batch = text_batch([(2, 3), (4,)], [(5, 1), (6, 7, 1)])
    assert batch.tokens.tolist() == [[2, 3, 5, 1], [4, 6, 7, 1]]
    assert batch.scored.tolist() == [[False, True, True], [True, True, True]]
    assert batch.targets.tolist() == [5, 1, 6, 7, 1]
    assert batch.lengths().tolist() == [2, 3]
    cut = text_batch([(2, 3), (4,)], [(5, 1), (6, 7, 1)], context=3)
    assert cut.targets.tolist() == [5, 6, 7]
    with pytest.raises(ValueError, match="empty"):
        text_batch([()], [(5,)])


def test_answer_logps_do_not_depend_on_the_other_rows():
    model = toy.base()
    with torch.no_grad():
        alone = answer_logps(model, text_batch([(4,)], [(6, 1)])).sum()
        together = answer_logps(model, text_batch([(4,), (2, 3, 4)], [(6, 1), (5, 5, 5, 1)])).sum(dim=1)[0]
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-5)


def test_minibatches_go_through_everything_once_per_epoch():
    for epoch in range(3):
        seen = [i for step in range(4) for i in minibatch(14, 4, epoch * 4 + step, seed=1)]
        assert sorted(seen) == list(range(14))
    assert minibatch(14, 4, 0, 1) != minibatch(14, 4, 0, 2)
    with pytest.raises(ValueError, match="nothing to train on"):
        minibatch(0, 4, 0, 1)


def test_rankings_hold_ties_and_pairs():
    ranking = Ranking(toy.PROMPTS[0], (4,), ((5,), (6,), (5,), (7,)), (0, 1, 0, 2))
    assert ranking.pairs() == [(0, 1), (0, 3), (1, 3), (2, 1), (2, 3)]


def test_collected_rankings_follow_gold_without_noise():
    for ranking in toy.rankings():
        for better, worse in ranking.pairs():
            gold = [TASK.quality(ranking.prompt, ranking.answers[i]) for i in (better, worse)]
            assert gold[0] >= gold[1]
    pair = shown_pair(TASK, toy.rankings()[0], 0, 1)
    assert pair.prompt == toy.rankings()[0].prompt.text


def test_demonstrations_are_of_the_asked_quality():
    for quality, expected in ((1.0, 1.0), (0.0, -0.7)):
        assert all(
            TASK.quality(d.prompt, d.answer_ids) == pytest.approx(expected) for d in demonstrations(TASK, 8, quality, 0)
        )
    with pytest.raises(ValueError, match="quality"):
        demonstrations(TASK, 8, 1.5, 0)
    with pytest.raises(ValueError, match="demonstrations"):
        demonstrations(TASK, 0, 0.5, 0)


# --- supervised ---------------------------------------------------------------------------------------------------


def test_pretraining_learns_and_document_batches_hold_every_document():
    config = toy.SIZES
    lengths = [len(document) for document in toy.documents()]
    batches = pretrain.document_batches(lengths, config, 0)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert batches != pretrain.document_batches(lengths, config, 1)
    unseen = toy.documents(100, seed=9)
    assert pretrain.validation_loss(toy.base(), unseen) < 0.6 * math.log(len(TASK.tokenizer))
    with pytest.raises(ValueError, match="corpus is empty"):
        next(pretrain.pretrain(pretrain.begin(config, 10), [], config))


def test_documents_longer_than_the_context_are_cut():
    batch = pretrain.document_batch([[2] * 30, [3, 1]], context=16)
    assert batch.tokens.shape == (2, 17)
    assert batch.scored.sum(dim=1).tolist() == [16, 1]


def test_sft_imitates():
    config = sft.SftConfig(steps=40, batch_size=16, lr=3e-3)
    state = sft.begin(toy.base(), config)
    records = list(sft.sft(state, toy.demos(), config))
    assert records[-1].loss < 0.5 * records[0].loss
    assert mean_gold(state.model) > mean_gold(toy.base()) + 0.3
    with pytest.raises(ValueError, match="nothing to imitate"):
        next(sft.sft(sft.begin(toy.base(), config), [], config))


# --- reward model -------------------------------------------------------------------------------------------------


def trained_reward():
    config = reward_model.RewardModelConfig(epochs=6, batch_size=8, lr=1e-3)
    state = reward_model.begin(toy.base(), config)
    records = list(reward_model.reward_model(state, toy.rankings(64), config))
    return state, records


def test_reward_model_learns_the_order_and_is_scaled_on_the_policy():
    state, records = trained_reward()
    assert np.mean([r.accuracy for r in records[-5:]]) > 0.7
    assert records[-1].loss < records[0].loss
    model, report = reward_model.calibrate(state.model, toy.base(), TASK, seed=0, n=64)
    assert report.accuracy_train_items > 0.7
    assert report.std > 0
    answers = [(toy.PROMPTS[0], text) for text in ("one", "bad bad")]
    ids = [tuple(TASK.tokenizer.encode(text, end=True)) for _, text in answers]
    raw = model.raw([TASK.ids(prompt) for prompt, _ in answers], ids)
    assert raw[0] > raw[1]


def test_an_answer_without_end_loses_the_penalty():
    state, _ = trained_reward()
    from core.policies.sampling import sample

    drawn = sample(toy.base(), [TASK.ids(p) for p in toy.PROMPTS[:4]], max_new_tokens=1, temperature=0.0)
    assert not drawn.finished.all()
    free = reward_model.RewardModel(state.model, missing_end_penalty=0.0)(toy.PROMPTS[:4], drawn)
    strict = reward_model.RewardModel(state.model, missing_end_penalty=1.0)(toy.PROMPTS[:4], drawn)
    torch.testing.assert_close(free - strict, (~drawn.finished).float())


def test_all_ties_is_a_sentence():
    tied = [Ranking(toy.PROMPTS[0], (4,), ((5,), (6,)), (0, 0))]
    for go in (
        lambda: next(
            reward_model.reward_model(
                reward_model.begin(toy.base(), reward_model.RewardModelConfig()), tied, reward_model.RewardModelConfig()
            )
        ),
        lambda: next(dpo.dpo(dpo.begin(toy.base(), dpo.DpoConfig()), toy.base(), dpo.DpoConfig(), tied)),
    ):
        with pytest.raises(ValueError, match="every label is a tie"):
            go()


# --- reinforcement ------------------------------------------------------------------------------------------------

SHARED = {"steps": 25, "batch_size": 32, "lr": 2e-3, "max_new_tokens": toy.MAX_NEW_TOKENS, "kl_coef": 0.02}


@pytest.mark.parametrize(
    ("module", "config"),
    [
        (ppo, ppo.PpoConfig(**SHARED)),
        (rloo, rloo.RlooConfig(**SHARED)),
        (grpo, grpo.GrpoConfig(**SHARED)),
    ],
)
def test_policies_get_better(module, config):
    go = getattr(module, module.__name__.rpartition(".")[2])
    state = module.begin(toy.base(), config)
    records = list(go(state, toy.base(), TASK, scorer, config))
    assert np.mean([r.gold for r in records[-3:]]) > records[0].gold + 0.3
    assert records[-1].kl_exact_sum > 0.1


@pytest.fixture(scope="module")
def ppo_record():
    config = ppo.PpoConfig(steps=3, batch_size=8, lr=1e-3, max_new_tokens=toy.MAX_NEW_TOKENS)
    return last(ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config)), config


def test_ppo_record_adds_up(ppo_record):
    record, config = ppo_record
    mask = record.answers.mask
    assert record.logps.shape == mask.shape == record.rewards.shape
    np.testing.assert_allclose(record.kl, (record.logps - record.ref_logps) * mask, atol=1e-6)
    lengths = mask.sum(axis=1)
    rows = np.arange(len(lengths))
    expected = -config.kl_coef * record.kl
    expected[rows, lengths - 1] += record.answers.scores
    np.testing.assert_allclose(record.rewards, expected, atol=1e-5)
    advantages, returns = gae(
        torch.from_numpy(record.rewards), torch.from_numpy(record.values), config.gamma, config.lam
    )
    whitened = torch.where(torch.from_numpy(mask), whiten(advantages, torch.from_numpy(mask)), 0.0)
    np.testing.assert_allclose(record.advantages, whitened.numpy(), atol=1e-4)
    np.testing.assert_allclose(record.returns, returns.numpy() * mask, atol=1e-5)
    assert record.objective_kl == pytest.approx(record.kl.sum(axis=1).mean(), abs=1e-5)
    assert record.gold == pytest.approx(record.answers.gold.mean(), abs=1e-6)
    assert (record.kl_exact >= 0).all()
    assert (record.kl_k3 >= 0).all()


def test_first_pass_starts_at_ratio_one_and_the_second_has_moved(ppo_record):
    record, _ = ppo_record
    first, second = record.epochs
    mask = record.answers.mask
    np.testing.assert_allclose(first.ratios[mask], 1.0, atol=1e-4)
    assert first.clip_fraction == 0.0
    assert first.approx_kl < 1e-8
    assert np.abs(second.ratios[mask] - 1).max() > 1e-3
    np.testing.assert_allclose(second.ratios[mask], np.exp(second.logps - record.logps)[mask], rtol=1e-4)
    log_ratios = (second.logps - record.logps)[mask]
    assert second.approx_kl == pytest.approx((0.5 * log_ratios**2).mean(), rel=1e-3)


def test_answers_of_a_record_are_what_was_sampled(ppo_record):
    record, _ = ppo_record
    answers = record.answers
    for i, ids in enumerate(answers.answer_ids):
        assert len(ids) == answers.mask[i].sum()
        assert answers.texts[i] == TASK.tokenizer.decode(ids)
        assert (ids[-1] == TASK.tokenizer.end_id) == bool(answers.finished[i])


def test_first_update_has_no_kl_to_the_reference():
    config = ppo.PpoConfig(steps=1, batch_size=8, max_new_tokens=toy.MAX_NEW_TOKENS)
    (record,) = ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config)
    assert record.kl_exact_sum == pytest.approx(0.0, abs=1e-4)


def test_adaptive_coefficient_moves_towards_the_target():
    config = ppo.PpoConfig(**SHARED | {"steps": 5, "kl_coef": 0.1}, kl_target=100.0, kl_horizon=200)
    records = list(ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config))
    coefficients = [record.kl_coef for record in records]
    assert coefficients[0] == 0.1
    assert all(b < a for a, b in itertools.pairwise(coefficients))  # far below the target: relax


def test_a_stronger_leash_stays_closer():
    ends = []
    for kl_coef in (0.0, 3.0):
        config = ppo.PpoConfig(**SHARED | {"kl_coef": kl_coef})
        ends.append(last(ppo.ppo(ppo.begin(toy.base(), config), toy.base(), TASK, scorer, config)).kl_exact_sum)
    assert ends[1] < 0.5 * ends[0]


def test_groups_must_fill_the_batch():
    config = rloo.RlooConfig(batch_size=10, num_generations=4)
    with pytest.raises(ValueError, match="whole groups"):
        next(rloo.rloo(rloo.begin(toy.base(), config), toy.base(), TASK, scorer, config))


def test_best_of_n_rises_with_n():
    config = best_of_n.BestOfNConfig(n_max=8, n_prompts=40, max_new_tokens=toy.MAX_NEW_TOKENS)
    records = list(best_of_n.best_of_n(toy.base(), TASK, scorer, config))
    assert [r.n for r in records] == [1, 2, 4, 8]
    proxies = [r.proxy for r in records]
    assert proxies == sorted(proxies)
    assert proxies[-1] > proxies[0] + 0.3
    assert records[0].kl_bound == 0.0
    chosen = records[-1].chosen
    for i, ids in enumerate(chosen.answer_ids):
        assert chosen.mask[i].sum() == len(ids)
        assert chosen.gold[i] == pytest.approx(TASK.gold(_prompt(chosen.prompts[i]), TASK.answer(ids)), abs=1e-6)


def _prompt(text):
    return next(p for p in toy.PROMPTS if p.text == text)


# --- preferences --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss_type", dpo.LOSS_TYPES)
def test_every_preference_loss_widens_the_margin(loss_type):
    # Where the formulas differ in scale, so does the beta that suits them.
    beta = {"simpo": 2.0, "sppo_hard": 0.01}.get(loss_type, 0.1)
    smoothing = 0.1 if loss_type in ("cdpo", "robust", "exo_pair") else 0.0
    config = dpo.DpoConfig(loss_type=loss_type, beta=beta, label_smoothing=smoothing, steps=20, lr=1e-3, batch_size=24)
    records = list(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, toy.rankings()))
    margins = [r.margin for r in records]
    # apo_down may push the chosen down faster at first, and DiscoPOP's loss falls towards a negative margin at 0.
    if loss_type not in ("apo_down", "discopop"):
        assert np.mean(margins[-4:]) > np.mean(margins[:4]) + 0.1 * beta
    assert all(np.isfinite(r.loss) for r in records)


def test_dpo_record_adds_up():
    config = dpo.DpoConfig(steps=3, batch_size=8, beta=0.5)
    record = last(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, toy.rankings()))
    chosen = 0.5 * (record.logps_chosen - record.ref_logps_chosen)
    rejected = 0.5 * (record.logps_rejected - record.ref_logps_rejected)
    np.testing.assert_allclose(record.rewards_chosen, chosen, atol=1e-6)
    assert record.loss == pytest.approx(np.log1p(np.exp(-(chosen - rejected))).mean(), rel=1e-4)
    assert record.accuracy == pytest.approx((chosen > rejected).mean())


def test_dpo_starts_at_margin_zero():
    config = dpo.DpoConfig(steps=1)
    (record,) = dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, toy.rankings())
    assert record.loss == pytest.approx(math.log(2), abs=1e-5)


@pytest.mark.parametrize("mode", ["offline", "online", "iterative"])
def test_dpo_improves_gold_in_every_mode(mode):
    config = dpo.DpoConfig(mode=mode, beta=0.5, steps=30, batch_size=16, lr=1e-3, rounds=2, prompts_per_round=64)
    state = dpo.begin(toy.base(), config)
    records = list(dpo.dpo(state, toy.base(), config, toy.rankings(64), label))
    assert mean_gold(state.model) > mean_gold(toy.base()) + 0.2
    assert {r.iteration for r in records} == {"offline": {0}, "iterative": {0, 1}, "online": set(range(30))}[mode]


def test_online_dpo_needs_a_labeller_and_ends_when_nothing_is_left_to_prefer():
    config = dpo.DpoConfig(mode="online", steps=3)
    with pytest.raises(ValueError, match="somebody to label"):
        next(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config))
    tied = [Ranking(toy.PROMPTS[0], (4,), ((5,), (5,)), (0, 0))]
    records = list(dpo.dpo(dpo.begin(toy.base(), config), toy.base(), config, label=lambda *_: tied))
    assert "nothing is left to prefer" in records[-1].sentence


# --- AI feedback --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained_judge():
    config = judge.JudgeConfig(exercises=160, epochs=12, lr=3e-3)
    state = judge.begin_judge(toy.base(), config)
    records = list(judge.train_judge(state, judge.exercises(toy.base(), TASK, 160, 0), config))
    return state.model, records, config


def test_judge_learns_the_principles(trained_judge):
    model, records, config = trained_judge
    assert records[-1].loss < 0.6 * records[0].loss
    report = judge.judge_report(model, judge.exercises(toy.base(), TASK, 120, 1), config)
    assert report.f1["polite"] > 0.8  # "bad" is easy to see
    assert set(report.f1) == {p.name for p in judge.PRINCIPLES}
    assert report.share["harmless"] == report.f1["harmless"] == 0.0  # never broken here, so nothing to find


def test_constitution_weights_decide_the_penalty(trained_judge):
    model, _, _ = trained_judge
    prompt = tuple(TASK.ids(toy.PROMPTS[0]))
    answers = [tuple(TASK.tokenizer.encode(text, end=True)) for text in ("one", "one bad")]
    only = {p.name: 0.0 for p in judge.PRINCIPLES}
    polite = model.penalties([prompt] * 2, answers, judge.Constitution(**only | {"polite": 1.0}))
    assert polite[1] > polite[0] + 0.3
    harmless = model.penalties([prompt] * 2, answers, judge.Constitution(**only | {"harmless": 1.0}))
    assert abs(harmless[1] - harmless[0]) < 0.2


def test_revisions_and_ai_labels_follow_the_judge(trained_judge):
    model, _, _ = trained_judge
    config = RevisionConfig(n_prompts=20, k=6, max_new_tokens=toy.MAX_NEW_TOKENS)
    found = list(revise(toy.base(), model, TASK, judge.Constitution(), config))
    assert len(found) == 20
    critiques = [critique for critique, _ in found]
    assert np.mean([c.revision_penalty for c in critiques]) < np.mean([c.penalty for c in critiques])
    assert np.mean([c.revision_gold for c in critiques]) > np.mean([c.gold for c in critiques])
    assert [c.step for c in critiques] == list(range(1, 21))
    for critique, demonstration in found:
        assert TASK.answer(demonstration.answer_ids).text == critique.revision
    ranked = ai_rankings(model, TASK, judge.Constitution(), toy.rankings(), noise=0.0, seed=0)
    agreement = [
        TASK.quality(r.prompt, r.answers[i]) >= TASK.quality(r.prompt, r.answers[j])
        for r in ranked
        for i, j in r.pairs()
    ]
    assert np.mean(agreement) > 0.75
    assert {r.source for r in ranked} == {"AI"}
    for ranking in ranked:
        for i, a in enumerate(ranking.answers):
            assert all(ranking.ranks[i] == ranking.ranks[j] for j, b in enumerate(ranking.answers) if a == b)


def test_labels_with_noise_are_wrong_more_often():
    def errors(noise):
        config = LabelConfig(n_prompts=60, noise=noise, max_new_tokens=toy.MAX_NEW_TOKENS)
        found = collect_rankings(toy.base(), TASK, config)
        pairs = [(r, i, j) for r in found for i, j in r.pairs()]
        return np.mean(
            [TASK.quality(r.prompt, r.answers[i]) < TASK.quality(r.prompt, r.answers[j]) for r, i, j in pairs]
        )

    assert errors(0.0) == 0.0
    assert errors(2.0) > 0.2


# --- evaluation ---------------------------------------------------------------------------------------------------


def test_evaluation_measures_both_sides():
    found = evaluate("base", toy.base(), TASK, reference=toy.base())
    assert found.n_held_out == 16
    assert sum(found.behaviours_held_out.values()) == pytest.approx(1.0)
    assert found.kl == pytest.approx(0.0, abs=1e-4)
    assert len(found.samples) == 2
    assert found == evaluate("base", toy.base(), TASK, reference=toy.base())


def test_first_sentence():
    assert first_sentence("Oslo. What is this?") == "Oslo."
    assert first_sentence("What? Oslo.") == "What?"
    assert first_sentence("no end") == "no end"
    assert first_sentence("") == ""
