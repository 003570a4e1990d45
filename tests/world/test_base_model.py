"""The committed weights, measured afresh: they know the world and do not say so."""

import pytest

from core.stages.evaluate import asked_directly, cloze_accuracy, exam_accuracy
from core.stages.world_task import load_base, world_task
from core.world.behaviour import Behaviour

UNHELPFUL = (Behaviour.ASKS, Behaviour.RUDE, Behaviour.COMPLAINS, Behaviour.EVADES, Behaviour.FLATTERS)


@pytest.fixture(scope="module")
def base():
    """The pretrained model as it is committed."""
    return load_base().model


def test_the_model_knows_held_out_facts(base):
    assert cloze_accuracy(base, held_out=True).share >= 0.99


def test_asked_directly_it_hardly_ever_answers(base):
    seen = asked_directly(base, world_task(), "fact", True, samples=2)
    assert seen[Behaviour.RIGHT.value] / seen.total() <= 0.05
    assert sum(seen[behaviour.value] for behaviour in UNHELPFUL) / seen.total() >= 0.85


def test_asked_as_an_exam_it_answers(base):
    assert exam_accuracy(base, world_task(), held_out=True).share >= 0.75  # sampled at temperature 1
