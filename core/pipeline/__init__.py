"""A preference-data pipeline without a screen: the project, its files, its labels, its split, and what leaves in the zip."""
