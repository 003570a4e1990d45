"""How numbers and a user's words are written in sentences, tables and formulas."""

from __future__ import annotations

import re

MINUS = "−"


def plain(text: str) -> str:
    """A user's words for use inside Markdown: every character that Markdown, LaTeX or HTML could read is made harmless."""
    # An unseen word joiner breaks what Streamlit would turn into links, arrows, dashes and icons before Markdown sees it.
    text = re.sub(r"(?<=[-<>=~:])(?=[-<>=/\w])|(?<=[wW]{3})(?=\.)|(?<=@)", "\u2060", text)
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|$:~])", r"\\\1", safe)


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign: +0.42, −1.30, 0.00."""
    body = f"{abs(value):.{digits}f}"
    if float(body) == 0:
        return body
    return ("+" if value > 0 else MINUS) + body


def number(value: float, digits: int = 2) -> str:
    """A number with a true minus sign and no "−0.00"; very large or small ones in scientific notation."""
    if value != 0 and (abs(value) >= 1e5 or abs(value) < 10**-digits / 2):
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    body = f"{abs(value):.{digits}f}"
    return body if value >= 0 or float(body) == 0 else MINUS + body


def percent(probability: float, digits: int = 1) -> str:
    """A probability as per cent: 12.3 %."""
    return f"{100 * probability:.{digits}f} %"


def tex(value: float, digits: int = 2) -> str:
    """A number inside LaTeX; scientific notation becomes a power of ten."""
    written = number(value, digits).replace(MINUS, "-")
    mantissa, _, exponent = written.partition("e")
    return rf"{mantissa}\cdot10^{{{exponent}}}" if exponent else mantissa


def tex_signed(value: float, digits: int = 2) -> str:
    """A number inside LaTeX that always shows its sign, for use as a term of a sum."""
    written = tex(value, digits)
    return written if written.startswith("-") else "+" + written


def tex_term(value: float, digits: int = 2) -> str:
    """A number as a factor inside LaTeX: negative ones stand in brackets."""
    written = tex(value, digits)
    return f"({written})" if written.startswith("-") else written


def tex_text(text: str) -> str:
    r"""Words inside LaTeX's \text{…}: characters that LaTeX would read are left out."""
    return re.sub(r"[^\w ,;'’“”.…-]", "", text).replace("_", " ")


def plural(count: int, one: str, many: str | None = None) -> str:
    """ "1 vote", "2 votes", "10,000 votes"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
