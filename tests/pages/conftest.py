"""AppTest as a server on which some session has already run the navigation, and no caches left from another test."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


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
    st.cache_data.clear()
    st.cache_resource.clear()
