"""Phase 2 of the path."""

from core.ui import shell

if shell.guard("trace_one_example"):
    shell.phase_page(2)
