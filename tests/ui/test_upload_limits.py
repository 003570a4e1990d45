"""The server takes what the page offers to take: a limit of the server below the page's own would refuse without a sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

from core.pipeline.limits import MAX_UPLOAD_BYTES
from core.ui.pipeline import upload

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"


def test_the_server_takes_files_as_large_as_the_page_says():
    server = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["server"]
    assert server["maxUploadSize"] == upload.MEGABYTES == MAX_UPLOAD_BYTES / 2**20
