"""Whom a retention letter is worth sending to: features, money, baseline, model."""
