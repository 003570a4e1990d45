"""The settings and presets of lesson 7."""

from __future__ import annotations

from core.lessons.lesson import Preset
from core.lessons.lesson07_lab import HORIZON, RUNS
from core.lessons.lesson07_words import RUN_NAMES
from core.lessons.param import Param

LEASHES = ("l7_view", ("leashes",))

VIEW = Param(
    "l7_view",
    "What you look at",
    "choice",
    "response",
    widget="slot",
    options=(("response", "one response"), ("epochs", "many epochs"), ("leashes", "two leashes")),
    help="One response on PPO's objective; one batch used up to 30 times; four runs over 20 updates.",
)
RUN = Param(
    "l7_run",
    "Run in the formula",
    "choice",
    "both",
    widget="slot",
    shown_if=LEASHES,
    options=tuple((run, RUN_NAMES[run]) for run in RUNS),
    help="Each run has none, one or both of the leashes.",
)
CLIP = Param(
    "l7_clip",
    "Clip ε",
    "float",
    0.2,
    0.01,
    1.0,
    0.01,
    symbol=r"\varepsilon",
    help="How far the ratio may move before the clip takes the gradient away.",
)
LR = Param(
    "l7_lr",
    "Learning rate",
    "float",
    1.0,
    marks=(0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0),
    symbol=r"\eta",
    help="Size of one gradient step on the logits.",
)
KL_COEF = Param(
    "l7_kl_coef",
    "KL coefficient",
    "float",
    0.5,
    0.0,
    3.0,
    0.05,
    symbol="kl_coef",
    shown_if=LEASHES,
    help="What one nat of distance from the frozen reference costs. In the other views the batch comes from the reference itself.",
)
EPOCHS = Param(
    "l7_epochs",
    "Epochs on each batch",
    "int",
    4,
    1,
    10,
    1,
    shown_if=LEASHES,
    help="How often each batch is used before the next one is drawn.",
)
SCORES = Param(
    "l7_scores",
    "Scores come from",
    "choice",
    "votes",
    options=(("votes", "your votes"), ("hand", "by hand")),
    help="Your votes: the reward model that lesson 6 fitted to them. By hand: the scores that lesson 8 starts with.",
)
MODE = Param(
    "l7_mode",
    "Expectation",
    "choice",
    "sampled",
    options=(("sampled", "sampled batch"), ("exact", "exact")),
    help="A sampled batch is what real training sees; the exact expectation has no sampling noise.",
)
BATCH = Param(
    "l7_batch",
    "Batch size",
    "int",
    64,
    marks=(1, 4, 8, 16, 32, 64, 128, 256, 512),
    help="How many responses are sampled for one update.",
    shown_if=("l7_mode", ("sampled",)),
)
SEED = Param(
    "l7_seed",
    "Seed",
    "int",
    0,
    0,
    999,
    1,
    help="Equal seeds draw equal batches, here and in lesson 8.",
    shown_if=("l7_mode", ("sampled",)),
)
WHITEN = Param(
    "l7_whiten",
    "Whiten advantages",
    "bool",
    False,
    help="Divide the advantages by their spread. Off: the spread is kept.",
)
STEP = Param("l7_step", "Epoch, or update", "int", 0, 0, HORIZON, 1, widget="player")
START = Param(
    "l7_from",
    "Policy starts from",
    "choice",
    "carried",
    options=(("carried", "your start"), ("hand", "by hand")),
    help="Your start: what “Prompt and start” says, as in lessons 6, 8 and 9. By hand: set by hand, in this lesson only.",
)
PICK = Param("l7_pick", "Response", "int", 1, 0, 7, 1, widget="table")

CONTROLS = (CLIP, LR, KL_COEF, EPOCHS, SCORES, MODE, BATCH, SEED, WHITEN, START)

# Labels that name what happens hold for one start only.
BY_HAND = {"l7_scores": "hand", "l7_from": "hand"}
PRESETS = (
    Preset("first", "One batch, from its first step", {}),
    Preset("good", "Past the edge, good answer", {**BY_HAND, "l7_pick": 1, "l7_step": 6},
           "Its advantage is positive and its ratio has passed 1 + ε: no gradient is left."),
    Preset("bad", "Past the edge, bad answer", {**BY_HAND, "l7_pick": 5, "l7_step": 6},
           "Its advantage is negative and its ratio has passed 1 − ε: no gradient is left."),
    Preset("wrong", "Wrong direction: the gradient stays", {**BY_HAND, "l7_pick": 2, "l7_step": 1, "l7_seed": 1, "l7_lr": 10.0},
           "One large step made a good answer less likely; its gradient is still there to pull it back."),
    Preset("thirty", "Thirty epochs on one batch", {**BY_HAND, "l7_view": "epochs", "l7_step": 30}),
    Preset("large", "A step too large for the clip", {**BY_HAND, "l7_view": "epochs", "l7_step": 2, "l7_lr": 20.0},
           "The first step has no clip, and later ones do not undo it."),
    Preset("unlucky", "Four unlucky draws", {**BY_HAND, "l7_view": "epochs", "l7_step": 30, "l7_batch": 4, "l7_seed": 22},
           "Four poor answers were drawn, and the least poor of them is believed in."),
    Preset("leashes", "Two leashes, four runs", {**BY_HAND, "l7_view": "leashes", "l7_step": 20}),
    Preset("thrown", "KL penalty without a clip, large steps",
           {**BY_HAND, "l7_view": "leashes", "l7_step": 20, "l7_lr": 5.0, "l7_run": "kl"},
           "The penalty names the goal; steps that are too large fly past it."),
)  # fmt: skip
