"""The judge: author API, check library, quest format, grading."""
