"""Phase 4 of the path."""

from core.ui import shell

if shell.guard("pipeline_sketch"):
    shell.phase_page(4)
