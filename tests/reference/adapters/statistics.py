"""Adapters for the agreement coefficients: they rename, and ask for no interval (the cases hold none)."""

from __future__ import annotations

from collections.abc import Callable

from core.statistics.agreement import cohen_kappa, fleiss_kappa, krippendorff_alpha


def _cohen(inputs: dict) -> dict:
    return {"kappa": cohen_kappa(inputs["rater_a"], inputs["rater_b"], inputs["weights"], n_resamples=0).value}


def _fleiss(inputs: dict) -> dict:
    counts = inputs["table_items_by_category_counts"]
    return {"kappa": fleiss_kappa(counts, inputs["method"], n_resamples=0).value}


def _krippendorff(inputs: dict) -> dict:
    return {"alpha": krippendorff_alpha(inputs["ratings_raters_by_units"], inputs["level"], n_resamples=0).value}


ADAPTERS: dict[str, Callable[[dict], dict]] = {
    "cohen_kappa": _cohen,
    "fleiss_kappa": _fleiss,
    "krippendorff_alpha": _krippendorff,
}
