"""The words by which English and Russian documents name their parts: stems, both languages."""

import re


def _stems(*stems: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(stems)})", re.IGNORECASE)


WHY = _stems(
    *("why", "problem", "context", "background", "motivation", "goal", "objective", "business"),
    *("purpose", "pain", "зачем", "почему", "проблем", "контекст", "цел[ьия]", "мотивац"),
    *("бизнес", "боль", "предпосыл"),
)
WHAT = _stems(
    *("what(?! can go| could go)", "solution", "deliver", "output", "proposal", "requirement"),
    *("scope", "metric", "success", "product", "что(?! может)", "решени", "результат", "метрик"),
    *("требовани", "скоуп", "предложени", "границ", "продукт", "критери"),
)
HOW = _stems(
    *("how", "approach", "plan", "method", "implementation", "architecture", "data", "baseline"),
    *("model", "experiment", "validation", "roll-?out", "как(?!ой|ая|ие|ую)", "подход", "план"),
    *("метод", "реализаци", "архитектур", "данн", "бейзлайн", "базов", "модел", "эксперимент"),
    *("валидаци", "раскат", "выкат"),
)
GOAL = _stems(
    *("goal", "objective", "target", "success", "kpi", "okr", "aim", "цел[ьия]", "успех"),
    *("критери", "задача", "kpi"),
)
DATA = _stems(
    *("data", "source", "table", "input", "feature", "label", "данн", "источник", "таблиц"),
    *("витрин", "признак", "вход", "разметк"),
)
DATA_LIMITS = _stems(
    *("limit", "miss", "gap", "late", "delay", "duplicat", "bias", "confound", "leak", "stale"),
    *("incomplete", "noise", "noisy", "only", "cannot", "can't", "not available", "unavailable"),
    *("untrust", "unknown", "drift", "wrong", "broken", "lack", "exclude", "except", "small"),
    *("selection", "shift", "time ?zone", "do(?:es)? not", "is not", "are not", "too few"),
    *("огранич", "пропуск", "пропущ", "нет ", "опозда", "позж", "задерж", "дубл", "смещ"),
    *("утечк", "шум", "только", "нельзя", "недоступ", "неполн", "неизвест", "дрейф", "искаж"),
    *("ошиб", "не хватает", "исключ", "кроме", "мало", "не (?:берём|берем|использ|трога|видим)"),
    *("часов\\w* пояс", "сдвиг", "отбор", "заполня"),
)
BASELINE = _stems(
    *("baseline", "incumbent", "status quo", "as[- ]is", "today", "current", "simple rule"),
    *("existing", "do(?:ing)? nothing", "heuristic", "бейзлайн", "бэйзлайн", "базов", "сейчас"),
    *("сегодня", "текущ", "действующ", "существующ", "просто\\w правил", "ничего не (?:дела|сла)"),
    *("эвристик", "как есть"),
)
EXPERIMENT = _stems(
    *("experiment", "a/?b(?!\\w)", "ab[- ]test", "switchback", "roll-?out", "pilot", "test plan"),
    *("launch", "validation", "эксперимент", "а/?б(?!\\w)", "а/в(?!\\w)", "тест\\w* гипотез"),
    *("пилот", "раскат", "выкат", "запуск", "свитчбек", "свичбек", "сплит", "проверк"),
)
RISKS = _stems(
    *("risk", "what (?:can|could|may|might) go wrong", "failure mode", "threat", "pre-?mortem"),
    *("риск", "что может пойти не так", "угроз", "опасност"),
)
NOT_IN_SCOPE = _stems(
    *("non[- ]?goal", "out of scope", "out-of-scope", "not in scope", "won['’]?t", "will not"),
    *("we do not", "not doing", "exclu", "leave out", "вне (?:рамок|скоупа|проекта|объ)"),
    *("за рамками", "не (?:делаем|входит|цел|будем|планируем|занимаемся)", "исключ", "не-цел"),
    *("нецел", "границ", "вне области", "что не"),
)
METRICS = _stems("metric", "measure", "kpi", "метрик", "показател", "измер")
ONLINE = _stems(
    *("online", "in production", "business metric", "experiment metric", "a/b metric", "live"),
    *("онлайн", "он-лайн", "в проде", "в бою", "бизнес-?\\s?метрик", "продуктов\\w+ метрик"),
)
OFFLINE = _stems(
    *("offline", "off-line", "hold-?out", "validation", "back-?test", "proxy", "model metric"),
    *("офлайн", "оффлайн", "отложенн", "валидаци", "прокси", "на истори", "метрик\\w+ модели"),
)
MONEY = _stems(
    *("business", "profit", "revenue", "money", "margin", "roubles?", "rubles?", "experiment"),
    *("прибыл", "выручк", "деньг", "рубл", "марж", "эксперимент"),
)
SCORES = _stems(
    *(
        "auc",
        "roc",
        "log-?loss",
        "wape",
        "mape",
        "rmse",
        "mae(?!\\w)",
        "f1",
        "precision",
        "recall",
    ),
    *("calibrat", "deviance", "auuc", "qini", "ece(?!\\w)", "accuracy", "back-?test", "калибр"),
    *("точност", "полнот", "бэктест", "ошибк"),
)
LINK = _stems(
    *("because", "link", "translat", "predict", "correlat", "driv(?:e|es|en)(?!\\w)", "leads? to"),
    *("so that", "moves", "proxy", "therefore", "converts?", "follows? from", "implies", "=>"),
    *("→", "->", "потому", "связ", "так как", "поэтому", "перевод", "переход", "предсказ"),
    *("коррел", "влия", "двига", "приводит", "прокси", "пересч", "следует", "значит"),
)
OWNER_COLUMN = _stems(
    *("owner", "who", "responsible", "assignee", "dri(?!\\w)", "владел", "ответствен", "кто"),
    *("отвеча", "исполнит"),
)
OWNER = re.compile(
    r"(?<!\w)(?:owner|owned by|responsible|assignee|dri(?!\w)|(?:tech|team) lead|\w+ team(?!\w)"
    r"|engineer|analyst|владел\w+|ответствен\w+|отвеча\w+|исполнител\w+|команд[аыеу]\w* \w+"
    r"|инженер\w*|аналитик\w*|тимлид\w*)|@\w+"
    r"|\((?:me|us|myself|я|мы|сам|сама)\)|[(\[]\s*[A-ZА-ЯЁ][a-zа-яё]{1,20}(?:\s[A-ZА-ЯЁ][a-zа-яё]{1,20})?\s*[)\]]"
    r"|[—–-]\s[A-ZА-ЯЁ][a-zа-яё]{1,20}\s*[.;]?$"
)
MITIGATION = _stems(
    *("mitigat", "action", "response", "plan b", "counter", "fall ?back", "what we do", "then we"),
    *(
        "roll(?:ed|ing)? ?back",
        "alert",
        "monitor",
        "cap(?:s|ped)?(?!\\w)",
        "limit",
        "stop",
        "switch",
    ),
    *("check", "guard", "keep", "exclud", "watch", "review", "freeze", "drop", "prevent", "reduc"),
    *("avoid", "use(?!\\w)", "train(?!\\w)", "dedup", "only on", "rollback", "→", "->", "=>"),
    *("мер[аыу](?!\\w)", "митигац", "снижен", "снижа", "план б", "действи", "реакци", "откат"),
    *("алерт", "монитор", "лимит", "стоп", "останов", "переключ", "провер", "след(?:им|ит)"),
    *("отключ", "ограничи", "исключ", "что делаем", "предотвра", "заморо", "верн[её]", "убира"),
    *("берём", "берем", "учим", "обуча", "дедуп"),
)
UNIT = _stems(
    *("unit", "random", "split", "per user", "by user", "by seller", "by zone", "cluster", "hash"),
    *("users?", "customers?", "sellers?", "zones?", "renewals?", "block", "coin", "half", "50/50"),
    *("единиц", "рандом", "случайн", "сплит", "делим", "разбив", "по (?:клиент|пользоват|продав)"),
    *("клиент", "пользовател", "продавц", "зон", "продлен", "блок", "монет", "половин", "кластер"),
)
DECISION = _stems(
    *("ship", "stop", "hold", "launch", "roll ?out", "roll ?back", "go", "no-?go", "guardrail"),
    *("decide", "decision", "if ", "unless", "until", "kill", "success criteri", "threshold"),
    *("запуск", "останов", "откат", "раска", "выкат", "реш", "если ", "порог", "критери"),
    *("огранич", "гардрейл", "предохран", "стоп"),
)
RISK = _stems(
    *("risk", "may ", "might", "could ", "danger", "uncertain", "if ", "worst case", "unless"),
    *("downside", "риск", "может ", "могут", "опас", "неопредел", "в худшем", "если "),
)
ASK = _stems(
    *("we ask", "i ask", "please", "need(?:s|ed)? (?:your|a|the|from)", "approve", "approval"),
    *("confirm", "decide", "sign", "next step", "i propose", "we propose", "i recommend"),
    *("we recommend", "recommend", "request", "let['’]?s", "want you", "give us", "agree"),
    *("прош(?:у|им)", "нужн", "соглас", "подтверд", "утверд", "предлага", "рекоменду", "давайте"),
    *("следующ\\w+ шаг", "решите", "дайте", "подпиш", "разреш"),
)
VERDICT = _stems(
    *(
        "ship",
        "launch",
        "roll ?out",
        "rolling out",
        "stop",
        "(?:switch|turn)(?: [\\w-]+){0,5} off",
        "hold",
    ),
    *(
        "do not (?:ship|launch|roll|send)",
        "keep",
        "start",
        "go(?: |-)?(?:ahead|no)",
        "send(?! nothing)",
    ),
    *(
        "recommend",
        "propose",
        "replace",
        "wait",
        "запуск",
        "запусти",
        "раскат",
        "останов",
        "отключ",
    ),
    *(
        "выключ",
        "не (?:запуска|раскат|выкат)",
        "остав",
        "рекоменду",
        "предлага",
        "замен",
        "подожд",
    ),
    *("продолж", "выкат", "включ", "начн", "начин", "отмен"),
)
INTERVAL = re.compile(
    r"(?<!\w)(?:between\b.{1,60}\band\b|from\b.{1,60}\bto\b|at least\b.{1,60}\b(?:at most|and)\b"
    r"|give or take|plus or minus|as (?:low|little) as\b.{1,80}\bas (?:high|much)"
    r"|no (?:less|lower) than\b.{1,60}\bno (?:more|higher)"
    r"|от\b.{1,60}\bдо\b|между\b.{1,60}\bи\b|плюс-?\s?минус|не меньше\b.{1,60}\bне больше"
    r"|в (?:худшем|лучшем) случае)",
    re.IGNORECASE,
)
PLACEHOLDER = re.compile(
    r"(?<!\w)(?:todo|tbd|tba|tbc|fixme|xxx+|lorem|ipsum|dolor sit amet|fill (?:me|this) in"
    r"|your text|coming soon|to be (?:done|written|defined|filled)|заполнить|вписать|впишите"
    r"|дописать|допишите|допишу|будет позже|позже заполн\w*|рыба-?текст|сюда текст)(?!\w)"
    r"|\?{3,}|_{4,}|\[(?:your|insert|name|number|date|ваш|имя|число|дата)[^\]]{0,40}\]",
    re.IGNORECASE,
)
CHANGE = _stems(
    *("will (?:get|see|receive|no longer|stop|have|pay|wait)", "instead of", "no longer", "gets?"),
    *("receives?", "sees?", "stops? (?:getting|seeing)", "becomes?", "fewer", "from now on"),
    *("получ", "увид", "вместо", "больше не", "теперь", "перестан", "станет", "меньше", "заплат"),
    *("не будет", "будет"),
)
INPUT = _stems(
    *("based on", "looks? at", "uses?", "takes?", "reads?", "from (?:the |their )", "history"),
    *("по данным", "смотрит", "на основе", "по истори", "берёт", "берет", "использу", "читает"),
    *("учитыва", "знает"),
)
OUTPUT = _stems(
    *("list", "score", "price", "recommend", "decid", "chooses?", "picks?", "names?", "tells?"),
    *("says", "спис", "оценк", "цен", "реша", "решени", "выбира", "называ", "говорит", "предлага"),
)
