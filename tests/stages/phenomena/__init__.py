"""Tests of the recorded effects."""
