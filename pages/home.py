"""The home page."""

from core.ui import shell

if shell.guard("home"):
    from core.ui import home

    home.show()
