"""edgekit: compress a neural network, take it to a phone, and prove what each optimisation was worth there."""

__version__ = "0.1.0"
