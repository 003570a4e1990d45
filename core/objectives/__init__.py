"""The maths of RLHF, written once: pure torch/numpy functions on log-probabilities and scores."""
