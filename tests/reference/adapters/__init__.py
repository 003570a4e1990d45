"""One adapter per algorithm of the reference cases; an adapter renames and reshapes, nothing else."""

from tests.reference.adapters import policy, preference, statistics

ADAPTERS = policy.ADAPTERS | preference.ADAPTERS | statistics.ADAPTERS
