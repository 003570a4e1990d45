"""The phenomena of RLHF on the tiny language model: each a declared experiment over seeds, recorded and re-runnable."""
