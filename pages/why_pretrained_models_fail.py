"""Phase 1 of the path."""

from core.ui import shell

if shell.guard("why_pretrained_models_fail"):
    shell.phase_page(1)
