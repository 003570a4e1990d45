"""Word-level tokenizer of the tiny language model: one token per word, number or punctuation mark."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.wording import join_words, split_words

SPECIAL_TOKENS = ("<pad>", "<end>")
PAD_ID, END_ID = 0, 1
MAX_WORDS_NAMED = 5


@dataclass(frozen=True)
class Unknown:
    """A word that the model has never seen, and the known words that look most like it (best first)."""

    word: str
    nearest: tuple[str, ...]


class UnknownWordError(ValueError):
    """A text holds words outside the vocabulary; `unknown` lists them."""

    def __init__(self, unknown: tuple[Unknown, ...]) -> None:
        self.unknown = unknown
        shown = "; ".join(
            f"“{u.word}”" + (f" (near: {', '.join(u.nearest)})" if u.nearest else "") for u in unknown[:MAX_WORDS_NAMED]
        )
        more = len(unknown) - MAX_WORDS_NAMED
        tail = f" and {more} more" if more > 0 else ""
        super().__init__(
            f"The model does not know {'this word' if len(unknown) == 1 else 'these words'}: {shown}{tail}."
        )


class Tokenizer:
    """Words to token ids and back.

    Ids 0 and 1 are `<pad>` and `<end>`; the words follow in the given order. Letter case does not matter on the way in
    ("norway", "What"), and is put right on the way out: names keep the capital letter that they have in `words`, and
    sentences begin with one.

    Args:
        words: the vocabulary without special tokens, each word once (ignoring case).

    Raises:
        ValueError: a word is empty or occurs twice.
    """

    pad_id = PAD_ID
    end_id = END_ID

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = tuple(words)
        self.tokens = SPECIAL_TOKENS + self.words
        self._ids = {token.casefold(): position for position, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens) or "" in self._ids:
            raise ValueError("Each word of a vocabulary must be there once and not be empty.")

    def __len__(self) -> int:
        """Number of tokens, special ones included."""
        return len(self.tokens)

    @property
    def word_ids(self) -> Mapping[str, int]:
        """Lower-case word to id, special tokens included; read-only."""
        return MappingProxyType(self._ids)

    @property
    def fingerprint(self) -> str:
        """Short hash of the vocabulary in its order: weights fit only the vocabulary that they were trained with."""
        return hashlib.sha256("\n".join(self.tokens).encode()).hexdigest()[:16]

    def encode(self, text: str, end: bool = False) -> list[int]:
        """Token ids of a text, followed by `<end>` if asked.

        Raises:
            UnknownWordError: naming each unknown word and its nearest known ones.
        """
        try:
            ids = [self._ids[word.casefold()] for word in split_words(text)]
        except KeyError:
            raise UnknownWordError(self.unknown_words(text)) from None
        return [*ids, END_ID] if end else ids

    def decode(self, ids: Iterable[int], special: bool = False) -> str:
        """Readable text. Special tokens are left out unless `special`.

        Raises:
            ValueError: an id is outside the vocabulary.
        """
        tokens = [self.token(i) for i in ids]
        return join_words(tokens if special else [t for t in tokens if t not in SPECIAL_TOKENS])

    def token(self, token_id: int) -> str:
        """The token behind one id, as it stands in the vocabulary (for token tables).

        Raises:
            ValueError: the id is outside the vocabulary.
        """
        if not 0 <= int(token_id) < len(self.tokens):
            raise ValueError(f"Token {int(token_id)} is not in the vocabulary of {len(self.tokens)} tokens.")
        return self.tokens[int(token_id)]

    def unknown_words(self, text: str, nearest: int = 3) -> tuple[Unknown, ...]:
        """Words of the text that are not in the vocabulary, each once in order, with up to `nearest` similar ones."""
        known = {word.casefold(): word for word in self.words if word[0].isalnum()}
        found: dict[str, Unknown] = {}
        for word in split_words(text):
            folded = word.casefold()
            if folded not in self._ids and folded not in found:
                close = difflib.get_close_matches(folded, known, n=nearest, cutoff=0.6)
                found[folded] = Unknown(word, tuple(known[match] for match in close))
        return tuple(found.values())
