"""The words of Olga's team: what Russian words are called on the cards. Leave it as it is."""

RUSSIAN_WORDS = {
    # what it is
    "смартфон": "smartphone", "ноутбук": "laptop", "наушники": "headphones", "телевизор": "tv",
    "кофе": "coffee", "шампунь": "shampoo", "монитор": "monitor", "диск": "ssd",
    # who makes it
    "самсунг": "samsung", "эппл": "apple", "сяоми": "xiaomi", "хуавей": "huawei",
    "леново": "lenovo", "асус": "asus", "сони": "sony", "филипс": "philips", "хонор": "honor",
    "реалми": "realme", "якобс": "jacobs", "лавацца": "lavazza", "нескафе": "nescafe",
    "эгоист": "egoist", "жардин": "jardin", "паулиг": "paulig", "бушидо": "bushido",
    "кимбо": "kimbo", "дав": "dove", "нивея": "nivea", "пантин": "pantene", "эльсев": "elseve",
    "шаума": "schauma", "сьесс": "syoss", "тимотей": "timotei", "гарньер": "garnier",
    "айфон": "iphone",
    # which of the family
    "про": "pro", "макс": "max", "лайт": "lite", "плюс": "plus",
    # colours, kinds, scents; ё is written as е
    "черный": "black", "белый": "white", "синий": "blue", "красный": "red", "зеленый": "green",
    "серый": "grey", "зерна": "beans", "молотый": "ground", "растворимый": "instant",
    "капсулы": "capsules", "декаф": "decaf", "органик": "organic", "мята": "mint",
    "лимон": "lemon", "роза": "rose", "алоэ": "aloe", "мед": "honey", "кокос": "coconut",
}  # fmt: skip

SUFFIXES = frozenset({"pro", "max", "lite", "plus"})

VARIANTS = frozenset(
    {
        "black", "white", "blue", "red", "green", "grey",
        "beans", "ground", "instant", "capsules", "decaf", "organic",
        "mint", "lemon", "rose", "aloe", "honey", "coconut",
    }
)  # fmt: skip

ACCESSORY_OPENINGS = ("чехол для", "case for", "стекло для", "кабель для")
"""How a title begins that sells something for the product it names."""

CYRILLIC_LOOKALIKES = {
    "а": "a", "с": "c", "е": "e", "о": "o", "р": "p", "х": "x", "у": "y",
}  # fmt: skip
"""Cyrillic letters that cannot be told from Latin ones by eye."""
