"""What the team decides besides the data: settings of labelling and split, training, budget and operations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.pipeline.values import Identifier, Line, Note, Value

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Settings(Value):
    """How pairs are shown, counted and split.

    `split_by` "user" keeps all prompts of a user or group on one side; prompts without a user count as their own group.
    `aggregate` "majority" exports one row a pair, with the verdict that more labellers gave than any other;
    "every_label" exports one row a label.
    """

    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
    labels_per_pair: Annotated[int, Field(ge=1, le=20)] = 2
    gold_share: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.1
    split_by: Literal["prompt", "user"] = "prompt"
    validation_share: Annotated[float, Field(ge=0.05, le=0.5, allow_inf_nan=False)] = 0.2
    aggregate: Literal["majority", "every_label"] = "majority"


class Training(Value):
    """What goes into train/: a base model and the few numbers that a team changes first.

    An empty `model` leaves the choice to the command line, where the environment variable MODEL names it. `format`
    "conversational" needs a tokenizer with a chat template; "standard" writes the conversation as plain text.
    """

    model: Line = ""
    format: Literal["conversational", "standard"] = "conversational"
    max_length: Annotated[int, Field(ge=64, le=131_072)] = 2048
    epochs: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 1.0
    beta: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 0.1
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 2
    accumulation: Annotated[int, Field(ge=1, le=1024)] = 8
    processes: Annotated[int, Field(ge=1, le=1024)] = 4


class Budget(Value):
    """Money and time. `wage` is an hour's pay in `currency`; `seconds_per_pair` stands in until pairs have been timed."""

    currency: Annotated[str, Field(min_length=1, max_length=8)] = "USD"
    wage: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] = 0.0
    seconds_per_pair: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] | None = None
    target_pairs: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    overhead: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 0.0


class Operations(Value):
    """How the pipeline lives on: sampling, refresh, drift canary, regression suite, release gate, rollback, licence, consent.

    Texts are the team's own; numbers are what the checks use. Accuracies and drops are shares between 0 and 1.
    """

    owner: Line = ""
    prompt_source: Note = ""
    consent: Note = ""
    licence: Line = ""
    pii: Note = ""
    sampling: Note = ""
    policies: Annotated[tuple[Identifier, ...], Field(max_length=50)] = ()
    temperatures: Annotated[
        tuple[Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)], ...], Field(max_length=20)
    ] = ()
    refresh_weeks: Annotated[int, Field(ge=1, le=520)] = 1
    refresh: Note = ""
    canary_pairs: Annotated[int, Field(ge=0, le=100_000)] = 0
    canary: Note = ""
    suite_size: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    suite_accuracy: Share = 0.9
    smallest_drop: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.03
    power: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.8
    gate: Note = ""
    rollback: Note = ""
    labeller_training: Note = ""
    budget: Budget = Budget()
    training: Training = Training()
