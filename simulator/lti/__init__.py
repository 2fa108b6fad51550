"""LTI 1.3: launch, deep linking, roster and grades of a learning platform, behind one door."""
