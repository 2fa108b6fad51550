"""What all pages share: frame, tokens, static files, landing."""
