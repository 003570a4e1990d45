"""What a policy is: the tabular softmax of the whiteboard, and the tiny transformer."""
