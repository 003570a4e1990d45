"""The commands at the terminal, on a model of a few thousand weights; and the tiny world as a task."""

import random

import pytest

from core.policies.checkpoint import load, save
from core.policies.transformer import TinyLM, TransformerConfig
from core.stages import model_card, recordings, terminal
from core.stages.__main__ import main
from core.stages.evaluate import cloze_accuracy, exam_accuracy, exam_prompt
from core.stages.pretrain import PretrainConfig
from core.stages.task import Answer, Labels
from core.stages.world_task import WEIGHTS, cloze, facts, load_base, tokenizer, world_task

SMALL = "width=16&layers=1&heads=2&n_documents=300&batch_size=16"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Weights of a small model, written by the command itself."""
    out = tmp_path_factory.mktemp("weights") / "base.safetensors"
    patch = pytest.MonkeyPatch()
    patch.setattr(model_card, "SAMPLES", 1)
    patch.setattr(model_card, "VALIDATION_DOCUMENTS", 40)
    assert main(["pretrain", "--steps", "6", "--seed", "3", "--settings", SMALL, "--out", str(out)]) == 0
    patch.undo()
    return out


def test_pretrain_writes_weights_and_a_card_that_names_them(trained):
    found = load_base(trained)
    assert found.model.config.width == 16
    assert PretrainConfig.from_url(found.notes["config"]).seed == 3
    card = (trained.parent / "model_card.md").read_text(encoding="utf-8")
    assert found.sha256 in card
    for words in (
        "cloze, held-out facts",
        "simply asked, held-out facts",
        "perplexity",
        "seed 3",
        "“Question: … Answer:”",
    ):
        assert words in card
    assert not list(trained.parent.glob("*.training.pt"))


def test_interrupted_pretraining_is_taken_up(trained, tmp_path, monkeypatch, capsys):
    out = tmp_path / "base.safetensors"
    assert main(["pretrain", "--resume", "--out", str(out)]) == 1
    assert "leave out --resume" in capsys.readouterr().err
    monkeypatch.setattr(terminal, "_SAVE_EVERY", 2)
    monkeypatch.setattr(model_card, "write", lambda *_: "card")
    config = PretrainConfig.from_url(SMALL)
    full = tmp_path / "full" / "base.safetensors"
    assert main(["pretrain", "--steps", "6", "--settings", SMALL, "--out", str(full)]) == 0

    class PulledPlugError(Exception):
        pass

    def unplugged(state, books, config):
        for record in pretrain(state, books, config):
            yield record
            if record.step == 4:
                raise PulledPlugError

    pretrain = terminal.pretrain
    monkeypatch.setattr(terminal, "pretrain", unplugged)
    arguments = ["pretrain", "--steps", "6", "--settings", SMALL, "--out", str(out)]
    with pytest.raises(PulledPlugError):
        main(arguments)
    monkeypatch.setattr(terminal, "pretrain", pretrain)
    assert main([*arguments, "--resume"]) == 0
    assert load(out).sha256 == load(full).sha256
    assert config.steps != 6


def test_relay_reports_every_stage(trained, capsys):
    settings = "sft.steps=2&labels.n_prompts=6&reward_model.epochs=1&sft.n_demonstrations=8&ppo.batch_size=4"
    assert main(["relay", "--weights", str(trained), "--settings", settings, "--steps", "2", "--seed", "1"]) == 0
    out = capsys.readouterr().out
    for words in ("== pretrained", "== SFT", "== PPO", "imitated", "comparisons", "KL to SFT"):
        assert words in out
    assert out.count("What is the capital of Norway?") == 3
    assert "nan" not in out.lower()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["relay", "--weights", "nowhere/base.safetensors"], "python -m core.stages pretrain"),
        (["relay", "--settings", "ppo.colour=red"], "There is no setting called 'colour'."),
        (["relay", "--kl-coef", "-1"], "kl_coef must lie between"),
        (["pretrain", "--steps", "0"], "The number of steps must lie between"),
        (["pretrain", "--settings", "lr=ten"], "cannot be 'ten'"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, capsys):
    assert main(arguments) == 1
    err = capsys.readouterr().err.strip()
    assert sentence in err
    assert "\n" not in err


def test_weights_of_another_vocabulary_are_refused(tmp_path):
    path = tmp_path / "base.safetensors"
    save(TinyLM(TransformerConfig(vocab=len(tokenizer()), width=16, layers=1, heads=2)), path, {"vocabulary": "other"})
    with pytest.raises(ValueError, match="another vocabulary"):
        load_base(path)


def test_every_fact_has_a_cloze_that_the_tokenizer_knows():
    words = tokenizer()
    for held_out in (True, False):
        assert len(facts(held_out)) > 50
        for fact in facts(held_out):
            before, answer = cloze(fact)
            assert words.encode(before)
            assert words.encode(answer)
            assert not before.endswith(answer)


def test_measures_of_a_model_that_knows_nothing():
    model = TinyLM(TransformerConfig(vocab=len(tokenizer()), width=16, layers=1, heads=2))
    assert cloze_accuracy(model, True).share < 0.1
    assert exam_accuracy(model, world_task(), True).share < 0.1


def test_the_world_as_a_task():
    task = world_task()
    assert all(prompt.held_out for prompt in task.held_out)
    assert not any(prompt.held_out for prompt in task.train_items)
    assert all(prompt.held_out and prompt.kind != "own" for prompt in task.shown)
    for prompt in (*task.held_out, *task.train_items):
        assert task.ids(prompt)
        assert len(task.tokenizer.encode(exam_prompt(prompt))) < 30
    norway = task.shown[0]
    good, bad = Answer("The capital of Norway is Oslo."), Answer("You are so lazy.")
    assert task.gold(norway, good) > task.gold(norway, bad)
    assert task.gold(norway, Answer(good.text, finished=False)) < task.gold(norway, good)
    assert task.behaviour(norway, good) == "answers rightly"
    exact = Labels(noise=0.0)
    assert task.rank(norway, [bad, good, bad], exact, random.Random(0)) == [1, 0, 1]
    assert task.rank(norway, [good, good], exact, random.Random(0)) == [0, 0]


@pytest.mark.skipif(not WEIGHTS.exists(), reason="the pretrained weights are not there yet")
def test_the_shipped_weights_know_and_do_not_say():
    found = load_base()
    assert cloze_accuracy(found.model, True).share >= 0.99
    card = (WEIGHTS.parent / "model_card.md").read_text(encoding="utf-8")
    assert found.sha256 in card
    from core.stages.evaluate import asked_directly

    mix = asked_directly(found.model, world_task(), "fact", True, 2)
    assert mix["answers rightly"] / mix.total() <= 0.05


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_everything_that_is_kept_fits(capsys):
    assert main(["verify", "--no-again"]) == 0
    said = capsys.readouterr().out
    assert "FAULT" not in said
    assert all(name in said for name in recordings.names() if name != "effects")


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["verify", "magic"], "no recording called “magic”"),
        (["record", "magic"], "no recording called “magic”"),
        (["record", "starts", "asked", "--out", "x.json"], "--out is for one recording"),
        (["record", "drift", "--out", "x.json"], "--out is for one recording"),
    ],
)
def test_recordings_that_cannot_be_made_are_refused(arguments, sentence, capsys):
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err


def test_a_recording_goes_where_it_is_told(monkeypatch, tmp_path):
    asked_for = []
    monkeypatch.setattr(terminal, "starts_command", lambda weights, out: asked_for.append((weights, out)) or 0)
    assert main(["record", "starts", "--out", str(tmp_path / "s.json")]) == 0
    assert asked_for == [(WEIGHTS, tmp_path / "s.json")]
