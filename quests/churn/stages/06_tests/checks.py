"""What tests are worth: green wherever the code is right, and red where it is not."""

from graders import own_tests, production

SECONDS = 60  # a run on a busy host; the reference takes five on a quiet one
KINDS = ("exact", "invariance", "directional", "negation", "consistency")

written = own_tests.written(points=6, least=10, kinds=KINDS, severity="blocker")
green = own_tests.green(points=4, seconds=SECONDS, needs=[written])
valid = own_tests.valid(points=20, seconds=SECONDS, needs=[written])
catches = own_tests.catches(points=67, seconds=SECONDS)
tidy = production.lint(points=3)
secrets = production.no_secrets(points=0)
