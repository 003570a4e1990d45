"""AppTest as a server on which some session has already run the navigation, and no caches left from another test."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from core.ui import patience


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            # Live runs race with the page here as they do for a visitor: what fails is looked at once more and listed (R).
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True)
def _served(monkeypatch):
    """On a real server only the very first visit finds `pages/` unclaimed; AppTest would forget it in every run.

    That first visit, with the guard that answers it, is tried on a real server in tests/browser.
    """
    original = PagesManager.__init__

    def claimed(self, *args, **kwargs):
        original(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", claimed)
    # No browser asks again here, so a run waits until its work is done.
    monkeypatch.setattr(patience, "WAIT", 30.0)
    monkeypatch.setattr(patience, "FIRST_WAIT", 30.0)
    st.cache_data.clear()
    st.cache_resource.clear()
