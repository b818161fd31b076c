"""Experiment design: which artifact is launched when, which launches count, when a series is complete."""
