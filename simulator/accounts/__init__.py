"""Who someone is: sign-in, profile, roles."""
