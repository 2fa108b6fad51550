"""Prilavok's shelf: which products there are, and what sellers write about them.

A *family* is a brand, a line, a generation and a suffix (``pro``, ``lite`` …); its members differ
in capacity and in colour. So every product has siblings whose titles differ in one word. Some
families are in no catalogue: an offer of theirs needs a new card. The causes run one way only:

1. families, their prices, their members, their barcodes;
2. an offer: a member, a seller of some sloppiness, a price with noise;
3. the title: the member's words, through a channel that drops, translates, misspells, shuffles;
4. labels: some offers were judged, not a fair sample of them, and not always rightly;
5. what customers did afterwards, which nobody knows on the day of the decision.

Everybody has the same public catalogue. `hidden` is the same market with other offers and with
families that nobody has trained on, under a secret key.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from graders.data import (
    BATCH_ROWS,
    DAY,
    HOUR,
    MINUTE,
    Flags,
    Floats,
    Hidden,
    Ints,
    Seed,
    Tables,
    late,
    rng,
    unit_bug,
)
from graders.streams import Lazy, as_tables, batches, blocks

PUBLIC_SEED = 20240501


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much there is."""

    products: int  # cards of the catalogue, about
    offers: int  # of the history
    labelled: int  # of these, about
    hidden: int  # hidden offers, in no week of the rollout
    weekly: int  # offers of a week of the rollout's world


SCALES = {
    "tiny": Scale(products=800, offers=1_500, labelled=900, hidden=600, weekly=1_000),
    "default": Scale(products=20_000, offers=200_000, labelled=60_000, hidden=6_000, weekly=2_500),
    "large": Scale(
        products=1_000_000, offers=5_000_000, labelled=300_000, hidden=6_000, weekly=2_500
    ),
}

# ------------------------------------------------------------------ the calendar
START = int(np.datetime64("2024-01-01", "ms").astype(np.int64))
WEEKS = 24
WEEK = 7 * DAY
NOW = START + WEEKS * WEEK
ROLLOUT_WEEKS = 4
HISTORY = ("offers", "match_labels", "offer_outcomes")
CLOCK = {"public": NOW, "hidden": NOW}  # simkit.now() in each

# ------------------------------------------------------------------ the economics of the case
RIGHT, WRONG, REVIEW, OPENED, DOUBLED = 30.0, -400.0, -12.0, 10.0, -25.0

# ------------------------------------------------------------------ the laws of the market
CATEGORIES = ("smartphone", "laptop", "headphones", "tv", "coffee", "shampoo", "monitor", "ssd")
GADGETS = (
    "samsung", "apple", "xiaomi", "huawei", "lenovo", "asus", "sony", "philips", "honor", "realme",
)  # fmt: skip
COFFEES = ("jacobs", "lavazza", "nescafe", "egoist", "jardin", "paulig", "bushido", "kimbo")
SHAMPOOS = ("dove", "nivea", "pantene", "elseve", "schauma", "syoss", "timotei", "garnier")
DEVICES = (
    "nova", "pulse", "aero", "vision", "prime", "zen", "edge", "spark", "flow", "wave",
)  # fmt: skip
TASTES = ("classic", "espresso", "crema", "arabica", "gold", "aroma", "intenso", "morning")
CARES = ("repair", "volume", "fresh", "care", "silk", "energy", "balance", "shine")
SUFFIXES = ("", "pro", "max", "lite", "plus")
SUFFIX_PRICE = np.array([1.0, 1.35, 1.45, 0.75, 1.2])
COLOURS = ("black", "white", "blue", "red", "green", "grey")
BEANS = ("beans", "ground", "instant", "capsules", "decaf", "organic")
SCENTS = ("mint", "lemon", "rose", "aloe", "honey", "coconut")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a category's products are made of."""

    brands: tuple[str, ...]
    lines: tuple[str, ...]
    variants: tuple[str, ...]
    ladder: tuple[int, ...]  # capacities; empty where the category has none
    unit: str
    price: float  # a first generation's, of the least capacity


KINDS = (
    Kind(brands=GADGETS, lines=DEVICES, variants=COLOURS, ladder=(64, 128, 256, 512),
         unit="gb", price=12_000),
    Kind(brands=GADGETS, lines=DEVICES, variants=COLOURS, ladder=(256, 512, 1000, 2000),
         unit="gb", price=38_000),
    Kind(brands=GADGETS, lines=DEVICES, variants=COLOURS, ladder=(), unit="", price=4_000),
    Kind(brands=GADGETS, lines=DEVICES, variants=COLOURS, ladder=(32, 43, 55, 65, 75),
         unit="in", price=18_000),
    Kind(brands=COFFEES, lines=TASTES, variants=BEANS, ladder=(100, 250, 500, 1000),
         unit="g", price=300),
    Kind(brands=SHAMPOOS, lines=CARES, variants=SCENTS, ladder=(200, 400, 600, 1000),
         unit="ml", price=220),
    Kind(brands=GADGETS, lines=DEVICES, variants=COLOURS, ladder=(22, 24, 27, 32),
         unit="in", price=9_000),
    Kind(brands=GADGETS, lines=DEVICES, variants=COLOURS, ladder=(256, 512, 1000, 2000),
         unit="gb", price=3_000),
)  # fmt: skip
PHONE, LAPTOP, HEADPHONES, SSD = 0, 1, 2, 7
WITH_ACCESSORIES = (PHONE, LAPTOP, HEADPHONES)
DISKS = (LAPTOP, SSD)
MOST_CAPACITIES, MOST_VARIANTS = 5, 6
FAMILY_SIZE = 5.0  # about
GENERATIONS, MANY_GENERATIONS = 9, 99  # a large catalogue needs more names
SMALL_CATALOGUE = 100_000
ABSENT = 0.15  # of families are in no catalogue
NEW = 0.12  # families that come after the present, per family there is
ACCESSORIES = 0.04
BARCODED, BARCODED_LABELLED, WRONG_BARCODE = 0.45, 0.60, 0.06
WRONG_CLAIM = 0.08
AGAIN = 0.02
COPIED = 0.025  # of offers have the words of a sibling: another listing of the seller, copied
OFFERS_A_SELLER = 25
BLOCK = 50_000  # offers written at a time

RUSSIAN: Mapping[str, str] = {
    "smartphone": "смартфон", "laptop": "ноутбук", "headphones": "наушники", "tv": "телевизор",
    "coffee": "кофе", "shampoo": "шампунь", "monitor": "монитор", "ssd": "диск",
    "samsung": "самсунг", "apple": "эппл", "xiaomi": "сяоми", "huawei": "хуавей",
    "lenovo": "леново", "asus": "асус", "sony": "сони", "philips": "филипс", "honor": "хонор",
    "realme": "реалми", "jacobs": "якобс", "lavazza": "лавацца", "nescafe": "нескафе",
    "egoist": "эгоист", "jardin": "жардин", "paulig": "паулиг", "bushido": "бушидо",
    "kimbo": "кимбо", "dove": "дав", "nivea": "нивея", "pantene": "пантин", "elseve": "эльсев",
    "schauma": "шаума", "syoss": "сьёсс", "timotei": "тимотей", "garnier": "гарньер",
    "iphone": "айфон", "pro": "про", "max": "макс", "lite": "лайт", "plus": "плюс",
    "black": "чёрный", "white": "белый", "blue": "синий", "red": "красный", "green": "зелёный",
    "grey": "серый", "beans": "зёрна", "ground": "молотый", "instant": "растворимый",
    "capsules": "капсулы", "decaf": "декаф", "organic": "органик", "mint": "мята",
    "lemon": "лимон", "rose": "роза", "aloe": "алоэ", "honey": "мёд", "coconut": "кокос",
}  # fmt: skip
LOOKALIKES = str.maketrans("aceopxy", "асеорху")
SHOUTS = ("новинка", "sale", "оригинал", "гарантия 1 год", "быстрая доставка", "хит", "new!")
EXTRAS = ("чехол для", "case for", "стекло для", "кабель для")
LETTERS = "KXTRMVBSDN"

Draws = Callable[[str], np.random.Generator]
Codes = npt.NDArray[np.int64]


# ================================================================== what others call
def generate(seed: int, scale: str) -> Tables:
    """Return the public warehouse: four tables in batches, the same for a seed and scale."""
    makers = {"products": partial(_product_batches, scale)} | {
        table: partial(_public_batches, table, seed, scale) for table in HISTORY
    }
    return {table: Lazy(make, SCHEMAS[table]) for table, make in makers.items()}


def public_frames(seed: int, scale: str) -> dict[str, pd.DataFrame]:
    """Return the public tables as frames, for calibration; not for scale large."""
    sizes = blocks(SCALES[scale].offers, of=BLOCK)
    parts = [_history(seed, scale, block, size) for block, size in enumerate(sizes)]
    history = {
        table: pd.concat([part[table] for part in parts], ignore_index=True) for table in HISTORY
    }
    return {"products": products(catalogue(scale)), **history}


def hidden(key: bytes, scale: str) -> Hidden:
    """Return other offers of the same market, known to nobody without the key.

    `datasets`: ``hidden`` holds the catalogue with its new families (`products`) and the offers
    that are judged (`offers`); its other tables are empty.

    `truth`: ``offers`` (offer_id, product_id or -1, family_id, and what `segments` of the world
    need), ``world`` (the offers of the rollout's weeks with their truth), ``catalogue``
    (product_id and ean, in the order of the world's codes) and ``canary`` (a token that may turn
    up nowhere else).
    """
    size = SCALES[scale]
    shelf = _with_new(catalogue(scale), key, scale)
    judged = _offers(partial(_stream, key, 0), shelf, size.hidden, first_id=900_000_000)
    return Hidden(
        datasets={
            "hidden": as_tables(
                {
                    "products": products(shelf),
                    "offers": judged[SCHEMAS["offers"].names],
                    **{name: _nothing(name) for name in ("match_labels", "offer_outcomes")},
                },
                SCHEMAS,
                WORDS,
            )
        },
        truth={
            "offers": Lazy(partial(_frame_batches, judged[TRUTH.names], TRUTH), TRUTH),
            "world": Lazy(partial(_world, key, scale), WORLD),
            "catalogue": pa.table(_keys(shelf)).to_batches(),
            "canary": pa.table({"token": [rng(key, "canary").bytes(16).hex()]}).to_batches(),
        },
    )


def _nothing(table: str) -> pd.DataFrame:
    """Return a table without a row: nobody has judged or bought yet."""
    return pd.DataFrame({name: np.empty(0, dtype=np.int64) for name in SCHEMAS[table].names})


def _stream(seed: Seed, block: int, stream: str) -> np.random.Generator:
    return rng(seed, f"{stream}/{block}")


# ================================================================== the catalogue
@dataclass(frozen=True, kw_only=True)
class Shelf:
    """All products that sellers sell; what is `absent` is in no catalogue."""

    families: pd.DataFrame  # category, brand, line, generation, suffix, code, price, absent
    family: Ints  # of each member
    capacity: Ints  # 0 where the category has none
    variant: Ints
    price: Floats
    ean: Ints
    number: Ints  # product_id; -1 where the family is absent
    popularity: Floats  # cumulative
    born: Ints  # when the card was made


@lru_cache(maxsize=2)
def catalogue(scale: str) -> Shelf:
    """Return the public shelf: the same for everybody."""
    return _shelf(_families(scale), PUBLIC_SEED, scale)


def _families_of(scale: str) -> int:
    return max(8, round(SCALES[scale].products / FAMILY_SIZE / (1 - ABSENT) / len(KINDS)))


def _names(kind: Kind, scale: str) -> int:
    """How many families a category could have."""
    many = SCALES[scale].products > SMALL_CATALOGUE
    generations = MANY_GENERATIONS if many else GENERATIONS
    return len(kind.brands) * len(kind.lines) * len(SUFFIXES) * generations


def _families(scale: str, key: Seed = PUBLIC_SEED) -> pd.DataFrame:
    """Return families: the public ones, or with a key those that are new in the world."""
    count, parts = _families_of(scale), []
    for category, kind in enumerate(KINDS):
        order = rng(PUBLIC_SEED, f"families/{category}").permutation(_names(kind, scale))
        chosen = order[:count]
        if isinstance(key, bytes):
            rest = rng(key, f"families/{category}").permutation(order[count:])
            chosen = rest[: max(1, round(NEW * count))]
        parts.append(_spelled(category, kind, chosen))
    families = pd.concat(parts, ignore_index=True)
    size = len(families)
    families["absent"] = rng(key, "absent").random(size) < ABSENT
    families["code"] = rng(key, "code").integers(0, 1_000_000, size)
    base = np.array([kind.price for kind in KINDS])[families.category.to_numpy()]
    noise = np.exp(rng(key, "family_price").normal(0.0, 0.25, size))
    step = 1.12 ** np.minimum(families.generation.to_numpy(), GENERATIONS)
    families["price"] = base * noise * step * SUFFIX_PRICE[families.suffix.to_numpy()]
    return families


def _spelled(category: int, kind: Kind, names: Ints) -> pd.DataFrame:
    rest, suffix = np.divmod(names, len(SUFFIXES))
    rest, line = np.divmod(rest, len(kind.lines))
    generation, brand = np.divmod(rest, len(kind.brands))
    return pd.DataFrame(
        {
            "category": category,
            "brand": brand,
            "line": line,
            "generation": generation + 1,
            "suffix": suffix,
        }
    )


def _shelf(families: pd.DataFrame, seed: Seed, scale: str) -> Shelf:
    """Give each family its members, and each member a price, a barcode and a card."""
    family, capacity, variant = _members(families, seed)
    count = len(family)
    absent = families.absent.to_numpy()[family]
    many = max(1, SCALES[scale].products)
    first = 0 if isinstance(seed, int) else 4 * many  # ids of new cards lie above
    number = 1_001 + first + rng(seed, "product_id").permutation(count)
    least = np.array([kind.ladder[0] if kind.ladder else 1 for kind in KINDS])
    doublings = np.log2(np.maximum(capacity, 1) / least[families.category.to_numpy()[family]])
    rise = 1 + 0.18 * np.where(capacity > 0, doublings, 0.0)
    weight = (1.0 + rng(seed, "popularity").permutation(count)) ** -0.4
    born = START - 30 * DAY - (rng(seed, "born").random(count) * 300).astype(np.int64) * DAY
    if isinstance(seed, bytes):
        born = np.full(count, NOW - HOUR)
    return Shelf(
        families=families,
        family=family,
        capacity=capacity,
        variant=variant,
        price=np.round(families.price.to_numpy()[family] * rise),
        ean=4_600_000_000_000 + rng(seed, "ean").permutation(count) + 10 * first,
        number=np.where(absent, -1, number),
        popularity=np.cumsum(weight),
        born=born,
    )


def _members(families: pd.DataFrame, seed: Seed) -> tuple[Ints, Ints, Ints]:
    """Return family, capacity and variant of each member: two to four of each, not all pairs."""
    size, draw = len(families), rng(seed, "members")
    category = families.category.to_numpy()
    steps = np.array([len(kind.ladder) for kind in KINDS])[category]
    some = draw.random((size, MOST_CAPACITIES))
    some[np.arange(MOST_CAPACITIES)[None, :] >= np.maximum(steps, 1)[:, None]] = 2.0
    capacities = some.argsort(axis=1).argsort(axis=1) < draw.integers(2, 5, size)[:, None]
    capacities &= some < 2.0
    variants = draw.random((size, MOST_VARIANTS)).argsort(axis=1).argsort(axis=1)
    wanted = draw.integers(2, 5, size)[:, None]
    pairs = capacities[:, :, None] & (variants < wanted)[:, None, :]
    kept = pairs & (draw.random(pairs.shape) < 0.55)
    none = ~kept.any(axis=(1, 2))
    kept[none] = pairs[none]
    family, step, variant = np.nonzero(kept)
    ladders = np.array(
        [(*kind.ladder, *[0] * (MOST_CAPACITIES - len(kind.ladder))) for kind in KINDS]
    )
    return family, ladders[category[family], step], variant


def _with_new(public: Shelf, key: bytes, scale: str) -> Shelf:
    """Return the shelf of the rollout: families that nobody has trained on are there, too."""
    new = _shelf(_families(scale, key), key, scale)
    old = len(public.families)
    ranks = rng(key, "world_popularity").permutation(len(public.family) + len(new.family))
    return Shelf(
        families=pd.concat([public.families, new.families], ignore_index=True),
        family=np.concatenate([public.family, new.family + old]),
        popularity=np.cumsum((1.0 + ranks) ** -0.4),
        **{
            name: np.concatenate([getattr(public, name), getattr(new, name)])
            for name in ("capacity", "variant", "price", "ean", "number", "born")
        },
    )


def products(shelf: Shelf) -> pd.DataFrame:
    """Return the cards of the catalogue, sorted by product_id."""
    return _cards(shelf, _in_catalogue(shelf))


def _in_catalogue(shelf: Shelf) -> Ints:
    inside = np.flatnonzero(shelf.number >= 0)
    return inside[np.argsort(shelf.number[inside])]


def _keys(shelf: Shelf) -> dict[str, Ints]:
    inside = _in_catalogue(shelf)
    return {"product_id": shelf.number[inside], "ean": shelf.ean[inside]}


def _cards(shelf: Shelf, inside: Ints) -> pd.DataFrame:
    facts = _facts_of(shelf, inside)
    return pd.DataFrame(
        {
            "product_id": shelf.number[inside],
            "category": [one.category for one in facts],
            "brand": [one.brand for one in facts],
            "title": [one.card() for one in facts],
            "attrs": [one.attributes() for one in facts],
            "price_rub": shelf.price[inside],
            "ean": shelf.ean[inside],
            "created_at": shelf.born[inside],
        }
    )


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What a member is called, in words."""

    category: int
    brand: str
    line: str
    generation: int
    suffix: str
    code: str
    capacity: int
    unit: str
    variant: str

    @classmethod
    def of(cls, family: tuple[int, ...], capacity: int, variant: int) -> "_Facts":
        """Put the codes of one member into words."""
        category, brand, line, generation, suffix, code = family
        kind = KINDS[category]
        named = kind.lines[line]
        if category == PHONE and kind.brands[brand] == "apple":
            named = "iphone " + named
        return cls(
            category=category,
            brand=kind.brands[brand],
            line=named,
            generation=generation,
            suffix=SUFFIXES[suffix],
            code=f"{LETTERS[code % 10]}{LETTERS[code // 10 % 10]}-{code // 100:04d}",
            capacity=capacity,
            unit=kind.unit,
            variant=kind.variants[variant],
        )

    def card(self) -> str:
        """The title of the card, as the catalogue team writes it."""
        size = f"{self.capacity}{self.unit}" if self.capacity else ""
        words = (
            CATEGORIES[self.category], self.brand, self.line, str(self.generation), self.suffix,
            size, self.variant,
        )  # fmt: skip
        return " ".join(word for word in words if word)

    def attributes(self) -> str:
        """The card's attributes."""
        size = f"capacity={self.capacity}{self.unit};" if self.capacity else ""
        return f"{size}color={self.variant};code={self.code}"


NAMED = ["category", "brand", "line", "generation", "suffix", "code"]


def _facts_of(shelf: Shelf, members: Ints) -> list[_Facts]:
    """Return the facts of members, in their order."""
    named = shelf.families[NAMED].to_numpy()[shelf.family[members]].tolist()
    rows = zip(
        named, shelf.capacity[members].tolist(), shelf.variant[members].tolist(), strict=True
    )
    return [_Facts.of(tuple(family), capacity, variant) for family, capacity, variant in rows]


# ================================================================== offers
def _offers(draw: Draws, shelf: Shelf, count: int, *, first_id: int) -> pd.DataFrame:
    """Return offers with their truth: what sellers wrote, and which member it is."""
    sellers = max(20, count // OFFERS_A_SELLER)
    seller = draw("seller").integers(0, sellers, count)
    sloppy = draw("sloppy").beta(1.5, 2.5, sellers)[seller]
    at = draw("member").random(count) * shelf.popularity[-1]
    member = np.minimum(np.searchsorted(shelf.popularity, at), len(shelf.family) - 1)
    category = shelf.families.category.to_numpy()[shelf.family[member]]
    accessory = np.isin(category, WITH_ACCESSORIES) & (
        draw("accessory").random(count) < ACCESSORIES * len(KINDS) / len(WITH_ACCESSORIES)
    )
    copied = draw("copied").random(count) < COPIED
    written = np.where(copied, _sibling(draw, shelf, member, "copied_from"), member)
    titles = _titles(draw, shelf, written, sloppy, accessory)
    created = START + (draw("created").random(count) * WEEKS * WEEK).astype(np.int64)
    frame = pd.DataFrame(
        {
            "offer_id": first_id + draw("offer_id").permutation(count),
            "seller_id": 501 + first_id // 100_000_000 * 100_000 + seller,
            "title": titles.title,
            "attrs_raw": titles.attrs,
            "price": _prices(draw, shelf.price[member], accessory),
            "ean": _barcodes(draw, shelf, member, accessory),
            "created_at": created,
            "ingested_at": late(created, draw("late")),
            "product_id": np.where(accessory, -1, shelf.number[member]),
            "member": member,
            "family_id": shelf.family[member],
            "category": category,
            "accessory": accessory,
            "capacity": shelf.capacity[written],
            "suffix": np.array(SUFFIXES)[shelf.families.suffix.to_numpy()[shelf.family[written]]],
            "variant": [one.variant for one in _facts(shelf, written)],
            **titles.flags,
        }
    )
    return frame.sort_values(["created_at", "offer_id"], ignore_index=True)


def _prices(draw: Draws, price: Floats, accessory: Flags) -> Floats:
    noisy = price * np.exp(draw("price").normal(0.0, 0.10, len(price)))
    share = draw("accessory_price").uniform(0.02, 0.08, len(price))
    noisy = np.where(accessory, noisy * share, noisy)
    return unit_bug(np.round(noisy), draw("kopecks"), factor=100.0, rate=0.015)


def _barcodes(draw: Draws, shelf: Shelf, member: Ints, accessory: Flags) -> Floats:
    """Barcodes where there are any; some are a sibling's, an accessory's is rarely the phone's."""
    count = len(member)
    codes = shelf.ean[member].astype(np.float64)
    wrong = draw("wrong_ean").random(count) < WRONG_BARCODE
    codes[wrong] = shelf.ean[_sibling(draw, shelf, member)[wrong]]
    own = accessory & (draw("accessory_ean").random(count) < 0.85)
    codes[own] = 2_000_000_000_000 + draw("own_ean").integers(0, 10**11, count)[own]
    return np.where(draw("has_ean").random(count) < BARCODED, codes, np.nan)


def _sibling(draw: Draws, shelf: Shelf, member: Ints, stream: str = "sibling") -> Ints:
    """Return another member of the same family for each; the neighbour where there is none."""
    first = np.searchsorted(shelf.family, shelf.family[member], side="left")
    last = np.searchsorted(shelf.family, shelf.family[member], side="right")
    size = last - first
    step = 1 + (draw(stream).random(len(member)) * np.maximum(size - 1, 1)).astype(np.int64)
    other = first + (member - first + step) % np.maximum(size, 1)
    return np.where(size > 1, other, (member + 1) % len(shelf.family))


# ------------------------------------------------------------------ titles
@dataclass(frozen=True, kw_only=True)
class _Titles:
    title: list[str]
    attrs: list[str]
    flags: Mapping[str, Flags]


DRAWS = 72  # of luck a title


def _titles(draw: Draws, shelf: Shelf, member: Ints, sloppy: Floats, accessory: Flags) -> _Titles:
    """Write every offer's title and attributes."""
    table = draw("title").random((len(member), DRAWS))
    facts = _facts(shelf, member)
    written = [
        _Writer(luck=iter(luck), sloppy=q).write(one, accessory=extra)
        for luck, q, one, extra in zip(
            table.tolist(), sloppy.tolist(), facts, accessory.tolist(), strict=True
        )
    ]
    flags = np.array([one.flags for one in written], dtype=np.bool_).reshape(-1, len(_FLAGS))
    return _Titles(
        title=[one.title for one in written],
        attrs=[one.attrs for one in written],
        flags={name: flags[:, at] for at, name in enumerate(_FLAGS)},
    )


_FLAGS = ("no_capacity", "clean", "sized", "coloured")


@dataclass(frozen=True, kw_only=True)
class _Written:
    """A title, and what the judge keeps in mind of it (`_FLAGS`).

    The capacity is nowhere; little went wrong; the title says the capacity with its unit; it says
    the colour, rightly spelt.
    """

    title: str
    attrs: str
    flags: tuple[bool, bool, bool, bool]


def _facts(shelf: Shelf, member: Ints) -> Iterator[_Facts]:
    """The facts of each member; each is read once."""
    different, place = np.unique(member, return_inverse=True)
    known = _facts_of(shelf, different)
    return (known[at] for at in place.tolist())


@dataclass
class _Writer:
    """A seller at the keyboard: every draw of `luck` belongs to one title."""

    luck: Iterator[float]
    sloppy: float

    def write(self, one: _Facts, *, accessory: bool) -> _Written:
        """Write about a product, or about something for it."""
        size = self._size(one)
        words = [
            "" if self._happens(0.25) else CATEGORIES[one.category],
            "" if self._happens(0.06 + 0.10 * self.sloppy) else one.brand,
            *one.line.split(),
            str(one.generation),
            one.suffix,
            size,
            "" if self._happens(0.13 + 0.15 * self.sloppy) else one.variant,
        ]
        words = [word for word in words if word]
        attrs, told = self._attributes(one)
        spoilt = [self._spoil(word) for word in words]
        clean = spoilt == words and len(words) >= 5
        coloured = words[-1] == one.variant and spoilt[-1] in (one.variant, RUSSIAN[one.variant])
        sized = bool(size) and not size.isdigit()
        return _Written(
            title=self._arrange(spoilt, one, accessory=accessory),
            attrs=attrs,
            flags=(not (size or told), clean, sized, coloured),
        )

    def _happens(self, chance: float) -> bool:
        return next(self.luck) < chance

    def _pick(self, count: int) -> int:
        return int(next(self.luck) * count)

    def _size(self, one: _Facts) -> str:
        """The capacity as people write it, or nothing."""
        forgotten, way = self._happens(0.14 + 0.14 * self.sloppy), next(self.luck)
        if forgotten or not one.capacity:
            return ""
        forms = _forms(one.capacity, one.unit)
        return forms[int(way * len(forms))]

    def _attributes(self, one: _Facts) -> tuple[str, bool]:
        """The attributes that a seller filled in, and whether the capacity is among them."""
        empty, size, variant = (self._happens(chance) for chance in (0.55, 0.7, 0.7))
        parts = []
        if size and one.capacity:
            parts.append(f"объём: {_forms(one.capacity, one.unit)[0]}")
        if variant:
            parts.append(f"цвет: {RUSSIAN[one.variant]}")
        told = bool(size and one.capacity and not empty)
        return ("" if empty else "; ".join(parts)), told

    def _spoil(self, word: str) -> str:
        """A word in Russian letters, with a letter amiss, or with letters that only look right."""
        translated, typo, looks = next(self.luck), next(self.luck), next(self.luck)
        place = next(self.luck)
        if translated < 0.25 + 0.20 * self.sloppy and word in RUSSIAN:
            word = RUSSIAN[word]
        if typo < 0.04 + 0.06 * self.sloppy and word.isalpha() and len(word) > 3:
            at = 1 + int(place * (len(word) - 2))
            swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            word = swapped if place < 0.5 else word[:at] + word[at + 1 :]
        elif looks < 0.03 + 0.04 * self.sloppy and word.isascii() and word.isalpha():
            word = word.translate(LOOKALIKES)
        return word

    def _arrange(self, words: list[str], one: _Facts, *, accessory: bool) -> str:
        """Put the words in an order, with what sellers add."""
        shuffled, coded, shouting = (self._happens(chance) for chance in (0.25, 0.30, 0.35))
        shout, extra, case = self._pick(len(SHOUTS)), self._pick(len(EXTRAS)), next(self.luck)
        order = [next(self.luck) for _ in words]
        if shuffled:
            words = [word for _, word in sorted(zip(order, words, strict=True))]
        if coded:
            words = [*words, one.code]
        if shouting:
            words = [SHOUTS[shout], *words] if order[0] < 0.5 else [*words, SHOUTS[shout]]
        if accessory:
            words = [EXTRAS[extra], *words]
        title = " ".join(words)
        if case < 0.08:
            return title.upper()
        return title if case < 0.5 else " ".join(w[:1].upper() + w[1:] for w in title.split(" "))


@lru_cache(maxsize=256)
def _forms(capacity: int, unit: str) -> tuple[str, ...]:
    """The ways to write a capacity; the last one is a bare number."""
    if unit == "gb":
        big = (f"{capacity // 1000}tb", f"{capacity // 1000} тб") if capacity >= 1000 else ()
        return (f"{capacity}gb", f"{capacity} gb", f"{capacity} гб", *big, str(capacity))
    if unit == "in":
        return (f"{capacity}in", f'{capacity}"', f"{capacity} дюймов", str(capacity))
    small, large, cyrillic = {"g": ("г", "kg", "кг"), "ml": ("мл", "l", "л")}[unit]
    thousandth = f"{capacity / 1000:g}"
    return (
        f"{capacity}{unit}",
        f"{capacity} {small}",
        f"{thousandth}{large}",
        f"{thousandth.replace('.', ',')} {cyrillic}",
        str(capacity),
    )


# ================================================================== labels and what came later
def _history(seed: Seed, scale: str, block: int, count: int) -> dict[str, pd.DataFrame]:
    """Return a block of the history: offers, the labels of some, what customers did."""
    draw = partial(_stream, seed, block)
    shelf = catalogue(scale)
    offers = _offers(draw, shelf, count, first_id=10_000_000 + block * 2 * BLOCK)
    offers = _uploaded_again(draw, offers, first_id=10_000_000 + block * 2 * BLOCK + count)
    labels = _labels(draw, shelf, offers, SCALES[scale].labelled / SCALES[scale].offers)
    return {
        "offers": offers[SCHEMAS["offers"].names],
        "match_labels": labels,
        "offer_outcomes": _outcomes(draw, offers),
    }


def _uploaded_again(draw: Draws, offers: pd.DataFrame, *, first_id: int) -> pd.DataFrame:
    """Let sellers upload some offers once more, under a new number."""
    again = offers[draw("again").random(len(offers)) < AGAIN].copy()
    again["offer_id"] = first_id + np.arange(len(again))
    delay = draw("again_at").integers(HOUR, 20 * DAY, len(again))
    again["created_at"] = np.minimum(again.created_at.to_numpy() + delay, NOW - MINUTE)
    again["ingested_at"] = again.created_at + MINUTE
    both = pd.concat([offers, again], ignore_index=True)
    return both.sort_values(["created_at", "offer_id"], ignore_index=True)


def _labels(draw: Draws, shelf: Shelf, offers: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the labels there are: likelier with a barcode, and where the search had found."""
    count, barcoded = len(offers), offers.ean.notna().to_numpy()
    chance = np.where(
        barcoded,
        share * BARCODED_LABELLED / BARCODED,
        share * (1 - BARCODED_LABELLED) / (1 - BARCODED),
    )
    luck = draw("source").random(count)
    findable = (offers.clean & (offers.product_id >= 0)).to_numpy()
    source = np.where(luck < 0.20, 3, np.where((luck < 0.55) & findable, 2, 1))
    claimed = shelf.number[_sibling(draw, shelf, offers.member.to_numpy())]
    lies = (source == 3) & (draw("lies").random(count) < WRONG_CLAIM)
    labels = pd.DataFrame(
        {
            "offer_id": offers.offer_id,
            "product_id": np.where(lies, claimed, offers.product_id),
            "labelled_at": offers.created_at + draw("labelled_at").integers(HOUR, 3 * DAY, count),
            "source": source,
        }
    )
    known = (draw("labelled").random(count) < chance) & (labels.labelled_at <= NOW)
    return labels[known].sort_values("offer_id", ignore_index=True)


def _outcomes(draw: Draws, offers: pd.DataFrame) -> pd.DataFrame:
    """Return what customers did in the week after the offer lay on a card: known too late."""
    exists = offers.product_id.to_numpy() >= 0
    views = draw("views").poisson(np.where(exists, 40.0, 4.0))
    returns = draw("returns").poisson(np.where(exists, 0.15, 1.2))
    rows = pd.DataFrame(
        {
            "offer_id": offers.offer_id,
            "card_views_7d": views,
            "returns_7d": returns,
            "known_at": offers.created_at + 7 * DAY,
        }
    )
    return rows[rows.known_at <= NOW].sort_values("offer_id", ignore_index=True)


# ================================================================== the world of the rollout
def _world(key: bytes, scale: str) -> Iterator[pa.RecordBatch]:
    """Yield the offers of the four weeks after the present, with their truth."""
    shelf, size = _with_new(catalogue(scale), key, scale), SCALES[scale]
    count = size.weekly * ROLLOUT_WEEKS
    rows = _offers(partial(_stream, key, 1), shelf, count, first_id=800_000_000)
    rows = rows.assign(
        created_at=NOW + (rows.created_at - START) * ROLLOUT_WEEKS // WEEKS,
    ).sort_values(["created_at", "offer_id"], ignore_index=True)
    rows["week"] = 1 + np.arange(count) // size.weekly
    yield from _frame_batches(rows[WORLD.names], WORLD)


def _frame_batches(frame: pd.DataFrame, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    yield from batches(frame, schema, {}, rows=BATCH_ROWS)


# ================================================================== Arrow
_MS, _S = pa.timestamp("ms", "UTC"), pa.timestamp("s", "UTC")
_WORD = pa.dictionary(pa.int8(), pa.string())
SCHEMAS = {
    "products": pa.schema(
        [
            ("product_id", pa.uint32()),
            ("category", _WORD),
            ("brand", pa.string()),
            ("title", pa.string()),
            ("attrs", pa.string()),
            ("price_rub", pa.float32()),
            ("ean", pa.uint64()),
            ("created_at", _S),
        ]
    ),
    "offers": pa.schema(
        [
            ("offer_id", pa.uint64()),
            ("seller_id", pa.uint32()),
            ("title", pa.string()),
            ("attrs_raw", pa.string()),
            ("price", pa.float32()),
            ("ean", pa.uint64()),
            ("created_at", _MS),
            ("ingested_at", _MS),
        ]
    ),
    "match_labels": pa.schema(
        [
            ("offer_id", pa.uint64()),
            ("product_id", pa.int64()),
            ("labelled_at", _S),
            ("source", _WORD),
        ]
    ),
    "offer_outcomes": pa.schema(
        [
            ("offer_id", pa.uint64()),
            ("card_views_7d", pa.uint32()),
            ("returns_7d", pa.uint16()),
            ("known_at", _S),
        ]
    ),
}
WORDS = {"category": CATEGORIES, "source": ("", "moderator", "top5", "seller_claim")}
TRUTH = pa.schema(
    [
        ("offer_id", pa.uint64()),
        ("product_id", pa.int64()),
        ("family_id", pa.int64()),
        ("category", pa.int64()),
        ("accessory", pa.bool_()),
        ("no_capacity", pa.bool_()),
        ("capacity", pa.int64()),
        ("suffix", pa.string()),
        ("variant", pa.string()),
        ("sized", pa.bool_()),
        ("coloured", pa.bool_()),
    ]
)
LATENT = TRUTH.names[1:6]
WORLD = pa.schema(
    [("week", pa.int8()), *SCHEMAS["offers"], *(TRUTH.field(name) for name in LATENT)]
)


def _product_batches(scale: str) -> Iterator[pa.RecordBatch]:
    """Yield the catalogue, a part of it at a time."""
    shelf = catalogue(scale)
    inside = _in_catalogue(shelf)
    for begin in range(0, len(inside), BLOCK):
        part = _cards(shelf, inside[begin : begin + BLOCK])
        yield from batches(part, SCHEMAS["products"], WORDS, rows=BATCH_ROWS)


def _public_batches(table: str, seed: int, scale: str) -> Iterator[pa.RecordBatch]:
    for block, count in enumerate(blocks(SCALES[scale].offers, of=BLOCK)):
        frame = _public_block(seed, scale, block, count)[table]
        yield from batches(frame, SCHEMAS[table], WORDS, rows=BATCH_ROWS)


@lru_cache(maxsize=1)
def _public_block(seed: int, scale: str, block: int, count: int) -> dict[str, pd.DataFrame]:
    return _history(seed, scale, block, count)
