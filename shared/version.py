"""The version of the app, as notes and the page name it; the same as in pyproject.toml."""

VERSION = "0.1.0"
