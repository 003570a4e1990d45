"""The workbench of lesson 14: one project, eight steps, one file a step."""
