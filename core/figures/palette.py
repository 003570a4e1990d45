"""One palette with meanings, the same in every chart, in a light and a dark form; told apart by shape or dash as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Role:
    """What a colour stands for, its two forms, and the marker and dash that say the same without colour."""

    meaning: str
    light: str
    dark: str
    marker: str = "circle"
    dash: str = "solid"


# Okabe–Ito hues, darkened for the light theme or lightened for the dark one until they keep 3:1 against the page.
ROLES: dict[str, Role] = {
    "reference": Role("the frozen reference policy", "#6B6F76", "#A9AEB8", "square-open", "dot"),
    "old": Role("the policy before this update", "#4F8EBC", "#4A7BA6", "square", "dash"),
    "new": Role("the policy after this update", "#0072B2", "#56B4E9", "circle", "solid"),
    "optimum": Role("the optimum π*", "#B37400", "#E69F00", "diamond", "dashdot"),
    "chosen": Role("the preferred response", "#00795A", "#2FC79A", "triangle-up", "solid"),
    "rejected": Role("the response that lost", "#BF4F00", "#F08A3C", "triangle-down", "dash"),
    "gold": Role("true quality, known in the toy world", "#8A6D00", "#F0E442", "star", "solid"),
    "proxy": Role("what the reward model says", "#A8437F", "#E08CBB", "x", "dash"),
    "human": Role("labels by people", "#3A5FA8", "#8FB3F0", "pentagon", "longdashdot"),
    "ai": Role("labels by a model", "#A03A32", "#FF8F80", "cross", "longdash"),
}

# Everything that is not data: the same names in both themes.
SURFACE: dict[str, tuple[str, str]] = {
    "page": ("#FBFAF7", "#15181E"),
    "panel": ("#F1EFE9", "#20242C"),
    "text": ("#1F2430", "#E8EAEE"),
    "muted": ("#5A606B", "#A4ABB8"),
    "line": ("#DDD9CF", "#3A404B"),
    "accent": ("#0072B2", "#56B4E9"),
    "good": ("#00795A", "#2FC79A"),
    "bad": ("#B34A00", "#F08A3C"),
}


def colours(theme: Theme) -> dict[str, str]:
    """Every palette name with its colour in one theme."""
    index = 0 if theme == "light" else 1
    return {
        **{name: (role.light, role.dark)[index] for name, role in ROLES.items()},
        **{name: pair[index] for name, pair in SURFACE.items()},
    }


def resolve(figure: Any, theme: Theme) -> Any:
    """A copy of a figure in which every text "@name" is the colour of that name in `theme`.

    "@name/40" is the colour at 40 % opacity. Raises KeyError for a name that the palette does not have.
    """
    return _resolve(figure, colours(theme))


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours "#RRGGBB", from 1 (equal) to 21 (WCAG 2.2, relative luminance)."""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _resolve(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        name, _, opacity = value[1:].partition("/")
        colour = names[name]
        if not opacity:
            return colour
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},{int(opacity) / 100:g})"
    if isinstance(value, dict):
        return {key: _resolve(item, names) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_resolve(item, names) for item in value]
    return value
