"""The site's settings, for an author alone: signed in already, quests read again when saved."""

from simulator.settings import *  # noqa: F403 - the site's own, with a few words changed
from simulator.settings import INSTALLED_APPS, MIDDLEWARE

DEBUG = True  # a quest's files are read again when they change
INSTALLED_APPS = [*INSTALLED_APPS, "simulator.preview"]
MIDDLEWARE = [*MIDDLEWARE, "simulator.preview.frame.Previewed"]
ROOT_URLCONF = "simulator.preview.urls"
