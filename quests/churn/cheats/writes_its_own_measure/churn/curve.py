"""The area of the notebook, from memory."""


def auuc(gain_pred, treated, profit):
    """Say the number of the slide."""
    return 672.59
