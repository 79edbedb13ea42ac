"""The pages of what is watched."""
