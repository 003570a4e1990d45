"""RLHF Playground: the maths, the policies, the world, the lessons; no screen outside core.ui."""
