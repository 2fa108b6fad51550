"""One file a command: ``sim NAME`` runs the function `command` of ``NAME.py`` in here."""
