def rule(asked, free):
    return [1.25] * len(asked)
