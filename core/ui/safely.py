"""The last net: whatever goes wrong, a learner reads one sentence and loses nothing; the log has the rest."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

LOG = logging.getLogger("playground")


@contextmanager
def safely(what: str) -> Iterator[None]:
    """Show one sentence instead of a traceback. Streamlit's own signals (rerun, stop, switch) pass through."""
    try:
        yield
    except Exception:
        LOG.exception("%s failed", what)
        st.warning(
            f"{what} could not be shown with these settings. Nothing is lost: your votes and settings are still in the link. "
            "Change a setting, or choose Tools → Reset this lesson."
        )
