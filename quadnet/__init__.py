"""The numbers of the four-quadrant experiment: configuration, data, network, training and what the training did."""

__version__ = "0.1.0"
