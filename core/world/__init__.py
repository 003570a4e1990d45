"""The tiny world whose truth is known: facts, documents, prompts, candidates, gold scorer, people."""
