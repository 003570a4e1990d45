"""The version that exports and recorded runs carry. pyproject.toml says the same (a test compares)."""

VERSION = "0.1.0"
