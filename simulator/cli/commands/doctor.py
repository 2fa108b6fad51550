"""Look at this machine, the sign-in and the folder: what works, what is missing, what to do."""

from simulator.cli.learning.examining import examine
from simulator.cli.learning.speaking import AsJson, Plain, ending, speaking


def command(*, as_json: AsJson = False, plain: Plain = False) -> None:
    with speaking(as_json=as_json, plain=plain) as voice:
        found = list(examine())
        for sign in found:
            mark = "✓" if sign.good else "✗"
            head = ("ok:" if sign.good else "missing:") if plain else mark
            style = "green" if sign.good else "red"
            voice.say(f"{head} {sign.what}: {sign.found}", "" if plain else style)
            if not sign.good and sign.remedy:
                voice.say(f"      {sign.remedy}")
        voice.give({"signs": [sign.model_dump(mode="json") for sign in found]})
        raise ending(good=all(sign.good for sign in found))
