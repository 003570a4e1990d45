"""Phase 3 of the path."""

from core.ui import shell

if shell.guard("dpo_cai_online"):
    shell.phase_page(3)
