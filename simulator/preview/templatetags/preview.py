"""An example of the gallery as a finding of a report."""

from django import template

from graders.quest import Language
from graders.workshop.gallery import Example
from simulator.attempts.wording import Worded

register = template.Library()


@register.filter
def worded(example: Example, language: Language) -> Worded:
    """The example in a language, as the report's own template takes it."""
    return Worded(result=example.result, message=example.messages[language])
