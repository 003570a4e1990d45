"""Settings: stable cache keys, short URLs that come back, and plain sentences for what is impossible."""

import inspect
import subprocess
import sys
from dataclasses import dataclass, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stages import config as config_module
from core.stages.ai_feedback import RevisionConfig
from core.stages.best_of_n import BestOfNConfig
from core.stages.data import LabelConfig
from core.stages.dpo import DpoConfig
from core.stages.grpo import GrpoConfig
from core.stages.judge import Constitution, JudgeConfig
from core.stages.ppo import PpoConfig
from core.stages.pretrain import PretrainConfig
from core.stages.relay import RelayConfig
from core.stages.reward_model import RewardModelConfig
from core.stages.rloo import RlooConfig
from core.stages.sft import SftConfig

ALL = (
    BestOfNConfig,
    Constitution,
    DpoConfig,
    GrpoConfig,
    JudgeConfig,
    LabelConfig,
    PpoConfig,
    PretrainConfig,
    RelayConfig,
    RevisionConfig,
    RewardModelConfig,
    RlooConfig,
    SftConfig,
)


@pytest.mark.parametrize("kind", ALL)
def test_defaults_have_an_empty_url_and_come_back(kind):
    assert kind().to_url() == ""
    assert kind.from_url("") == kind()


@pytest.mark.parametrize("kind", ALL)
def test_every_setting_changes_the_key(kind):
    keys = {kind().cache_key()}
    changed = 0
    for field in fields(kind):
        value = getattr(kind(), field.name)
        if isinstance(value, bool):
            other = not value
        elif isinstance(value, int):
            other = value + 1 if field.name not in ("heads", "width", "num_generations") else value * 2
        elif isinstance(value, float):
            other = value + 0.25 if value <= 0.5 else value * 0.75
        else:
            continue
        keys.add(kind(**{field.name: other}).cache_key())
        changed += 1
    assert len(keys) == changed + 1


def test_nested_settings_travel():
    config = RelayConfig(seed=3, use_sft=False, ppo=PpoConfig(kl_coef=0.0, kl_target=4.0, cliprange_value=None))
    url = config.to_url()
    assert "use_sft=0" in url
    assert "ppo.kl_coef=0.0" in url
    assert "ppo.cliprange_value=none" in url
    assert RelayConfig.from_url(url) == config
    assert RelayConfig.from_url(url).cache_key() == config.cache_key()


def test_the_seed_of_a_relay_goes_to_every_stage():
    config = RelayConfig(seed=5)
    assert {config.sft.seed, config.labels.seed, config.reward_model.seed, config.ppo.seed} == {5}


@given(
    kl_coef=st.floats(0, 1000, allow_nan=False),
    lr=st.floats(0, 1000),
    steps=st.integers(1, 100_000),
    whiten=st.booleans(),
    target=st.none() | st.floats(1e-6, 1e6),
    estimator=st.sampled_from(["k1", "k2", "k3"]),
)
def test_round_trip_is_exact(kl_coef, lr, steps, whiten, target, estimator):
    config = PpoConfig(kl_coef=kl_coef, lr=lr, steps=steps, whiten=whiten, kl_target=target, kl_estimator=estimator)
    assert PpoConfig.from_url(config.to_url()) == config


@dataclass(frozen=True)
class Small(config_module.StageConfig):
    """Settings without torch behind them, so that another process starts quickly."""

    lr: float = 0.1
    names: tuple[str, ...] = ("b", "a")
    limit: float | None = None


def test_key_is_the_same_in_another_process():
    imports = "from dataclasses import dataclass\nfrom core.stages import config as config_module"
    source = f"{imports}\n{inspect.getsource(Small)}"
    code = f"{source}\nprint(Small(lr=0.03, limit=1e-7).cache_key('w'))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert out == Small(lr=0.03, limit=1e-7).cache_key("w")


def test_words_travel_too():
    config = Small(names=("x", "y"), limit=0.5)
    assert Small.from_url(config.to_url()) == config
    assert Small.from_url(Small(names=()).to_url()) == Small(names=())


def test_key_depends_on_kind_inputs_and_code(monkeypatch):
    config = PpoConfig()
    assert len({config.cache_key(), config.cache_key("weights"), RlooConfig().cache_key()}) == 3
    before = config.cache_key()
    monkeypatch.setattr(config_module, "CODE_VERSION", config_module.CODE_VERSION + 1)
    assert config.cache_key() != before


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (PpoConfig, "lr=fast"),
        (PpoConfig, "colour=red"),
        (PpoConfig, "kl_estimator=k9"),
        (PpoConfig, "whiten=maybe"),
        (PpoConfig, "steps=0"),
        (PpoConfig, "lr=nan"),
        (PpoConfig, "kl_coef=-1"),
        (PpoConfig, "lr=inf"),
        (PpoConfig, "minibatches=99"),
        (RelayConfig, "ppo=1"),
        (RelayConfig, "ppo.colour=red"),
        (RelayConfig, "seed=-1"),
        (SftConfig, "n_demonstrations=0"),
        (SftConfig, "quality=2"),
        (RlooConfig, "num_generations=1"),
        (GrpoConfig, "loss_type=other"),
        (DpoConfig, "loss_type=other"),
        (DpoConfig, "mode=other"),
        (DpoConfig, "beta=0"),
        (LabelConfig, "k=1"),
        (Constitution, "truthful=0&harmless=0&polite=0&direct=0&plain=0&helpful=0"),
        (JudgeConfig, "exercises=0"),
        (BestOfNConfig, "n_max=0"),
        (RevisionConfig, "k=0"),
    ],
)
def test_impossible_settings_are_one_plain_sentence(kind, url):
    with pytest.raises(ValueError) as caught:
        kind.from_url(url)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
