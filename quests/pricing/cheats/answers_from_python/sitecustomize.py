import simkit

simkit.query = lambda *a, **k: None
