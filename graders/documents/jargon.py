"""Words that a stakeholder does not use, by field, each with a plain way to say it.

A term is shown in a message, so its name and its plain words are those of ``messages``, letter by
letter; a test holds them together.
"""

import re
from dataclasses import dataclass
from typing import Literal

Field = Literal["learning", "statistics", "engineering", "effects", "pricing", "matching"]
FIELDS: tuple[Field, ...] = (
    "learning",
    "statistics",
    "engineering",
    "effects",
    "pricing",
    "matching",
)


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word of the trade: how it is spelled, and what to say instead in each language."""

    name: str
    spelled: re.Pattern[str]
    en: str
    ru: str
    field: Field


def _of(field: Field, *rows: tuple[str, str, str, str]) -> tuple[Term, ...]:
    return tuple(
        Term(
            name=name,
            spelled=re.compile(rf"(?<![^\W_])(?:{spelled})(?![^\W_])", re.IGNORECASE),
            en=en,
            ru=ru,
            field=field,
        )
        for name, spelled, en, ru in rows
    )


TERMS: tuple[Term, ...] = (
    *_of(
        "learning",
        (
            "AUC",
            r"(?:roc[\s-]?)?auc(?:[\s-]?roc)?|roc",
            "how well the list is ordered",
            "насколько верно упорядочен список",
        ),
        (
            "log-loss",
            r"log[\s-]?loss|логлосс\w*|cross[\s-]?entropy|кросс-?энтропи\w+",
            "how far the forecasts are off",
            "насколько прогнозы расходятся с фактом",
        ),
        ("F1", r"f1(?:[\s-]?score)?|f-?мер\w+", "the share of right finds", "доля верных находок"),
        (
            "precision",
            r"precision|пресижн\w*",
            "how many of those named are right",
            "сколько названных — верные",
        ),
        (
            "recall",
            r"recall(?= of\b| at\b| is\b|@|\s?[=:]|\s\d)|реколл\w*",
            "how many of all we find",
            "сколько из всех мы находим",
        ),
        (
            "boosting",
            (
                r"gradient[\s-]boost\w*|boost(?:ed|ing) (?:trees?|models?)|бустинг\w*"
                r"|lightgbm|xgboost|catboost"
            ),
            "a model built on past cases",
            "модель по прошлым случаям",
        ),
        (
            "gradient",
            r"gradients?|градиент\w*",
            "how the model is trained",
            "как обучается модель",
        ),
        (
            "embedding",
            r"embeddings?|эмбед+инг\w*",
            "a short description of the item",
            "краткое описание товара",
        ),
        (
            "classifier",
            r"classifiers?|классификатор\w*",
            "a model that sorts cases",
            "модель для деления случаев на группы",
        ),
        (
            "hyperparameters",
            r"hyper-?parameters?|гипер-?параметр\w*",
            "settings of the model",
            "настройки модели",
        ),
        (
            "overfitting",
            r"over-?fit\w*|переобуч\w+",
            "it learnt the past by heart",
            "модель заучила прошлое",
        ),
        (
            "features",
            r"feature (?:engineering|set|store|matrix|vector)|фич[аиеу]\w{0,3}",
            "what we know of the customer",
            "что мы знаем о клиенте",
        ),
        ("log-odds", r"log[\s-]?odds|logits?|логит\w*", "the chance", "вероятность"),
        (
            "calibration",
            r"calibrat\w+|откалибр\w+|калибро\w+",
            "forecasts that come true as often as they say",
            "прогнозы сбываются так часто как обещают",
        ),
        (
            "regularisation",
            r"regulari[sz]ation|регуляризаци\w+",
            "a brake on guessing",
            "защита модели от догадок",
        ),
        (
            "cross-validation",
            r"cross-?validation|k-?fold|кросс-?валидаци\w+",
            "a check on data it has not seen",
            "проверка на новых для модели данных",
        ),
        (
            "inference",
            r"inference|инференс\w*",
            "answering for one customer",
            "ответ по одному клиенту",
        ),
        (
            "WAPE",
            r"wape|mape|rmse|(?-i:MAE)|deviance|девианс\w*",
            "the forecast error in per cent",
            "ошибка прогноза в процентах",
        ),
    ),
    *_of(
        "statistics",
        (
            "p-value",
            r"p[\s-]?values?|p-?знач\w*|п-?знач\w*|p\s?[<=>]\s?0?[.,]\d+",
            "could it be luck",
            "могло ли так выйти случайно",
        ),
        (
            "significance",
            r"(?:statistically|stat\.?)\s?significan\w+|(?:статистическ\w+|стат\.?)\s?знач\w+",
            "more than luck explains",
            "больше игры случая",
        ),
        (
            "confidence interval",
            r"confidence intervals?|доверительн\w+ интервал\w*|(?:ci|ди)(?=\s?[\[(+\d−-])",
            "from … to …",
            "от … до …",
        ),
        (
            "standard error",
            r"standard (?:error|deviation)s?|std\.?|стандартн\w+ (?:ошибк|отклонени)\w+",
            "how much it swings",
            "насколько число колеблется",
        ),
        (
            "variance",
            r"variances?|дисперси\w+",
            "how much it swings from day to day",
            "насколько число колеблется ото дня ко дню",
        ),
        (
            "heteroscedasticity",
            r"heterosc?k?edastic\w*|гетероскедастичн\w+",
            "customers differ in how much they vary",
            "у разных клиентов разный разброс",
        ),
        (
            "null hypothesis",
            r"null hypothes\w+|нулев\w+ гипотез\w+|h0",
            "suppose that nothing changed",
            "допустим ничего не изменилось",
        ),
        (
            "MDE",
            r"mde|мдэ",
            "the smallest effect we would notice",
            "наименьший заметный нам эффект",
        ),
        (
            "power",
            r"statistical power|power of the test|мощност\w+ теста",
            "the chance to notice a real effect",
            "шанс заметить настоящий эффект",
        ),
        (
            "Welch test",
            r"welch(?:['’]s)?|уэлч\w*|t-?test|t-?тест\w*|mann[\s-]whitney|манн\w*[\s-]уитни",
            "a comparison of two groups",
            "сравнение двух групп",
        ),
        (
            "CUPED",
            r"cuped|delta[\s-]?method|дельта-?метод\w*|bootstrap\w*|бутстр[эе]п\w*",
            "a more exact way to compare",
            "более точный способ сравнения",
        ),
        (
            "SRM",
            r"srm|sample ratio mismatch",
            "the groups were not split evenly",
            "группы разделились неровно",
        ),
        (
            "quantile",
            r"quantiles?|percentiles?|квантил\w+|перцентил\w+|p9[059]",
            "nineteen cases in twenty",
            "девятнадцать случаев из двадцати",
        ),
    ),
    *_of(
        "engineering",
        (
            "latency",
            r"latency|латентност\w*|throughput|rps|qps",
            "how long the customer waits",
            "сколько ждёт клиент",
        ),
        (
            "pipeline",
            r"(?:data|ml|training|feature) pipelines?|пайплайн\w*|(?-i:ETL|DAG)",
            "the nightly calculation",
            "ночной расчёт",
        ),
        ("endpoint", r"endpoints?|эндпоинт\w*|rest\s?api|api", "the service", "сервис"),
        (
            "Docker",
            r"docker\w*|докер\w*|kubernetes|k8s|кубернетес\w*|ci/cd",
            "where the programme runs",
            "где работает программа",
        ),
        ("deploy", r"deploy\w*|депло[йя]\w*|задепло\w+", "switch on", "включить"),
        (
            "refactoring",
            r"refactor\w*|рефактор\w+",
            "tidying up the programme",
            "приведение программы в порядок",
        ),
    ),
    *_of(
        "effects",
        (
            "uplift",
            r"up-?lift(?:[\s-](?:model|curve|score)\w*)|аплифт\w*",
            "whom the letter changes",
            "кого письмо меняет",
        ),
        (
            "CATE",
            r"(?-i:CATE|ATE|ITT)|heterogeneous (?:treatment )?effects?|гетерогенн\w+ эффект\w*",
            "the effect on one customer",
            "эффект для одного клиента",
        ),
        (
            "counterfactual",
            r"counter-?factual\w*|контрфакт\w+",
            "what would have happened without it",
            "что было бы без этого",
        ),
        (
            "confounding",
            r"confound\w+|конфаундер\w*|эндоген\w+|endogen\w+",
            "another cause behind both",
            "другая причина обоих",
        ),
        (
            "T-learner",
            r"[tsx]-?learners?|meta-?learners?|qini|auuc",
            "one model with a letter and one without",
            "две модели: с письмом и без",
        ),
        (
            "treatment group",
            r"treatment (?:group|arm)s?|control (?:group|arm)s?|тритмент\w*",
            "those who got it and those who did not",
            "получившие и не получившие",
        ),
    ),
    *_of(
        "pricing",
        (
            "switchback",
            r"switch-?backs?|свитч-?б[эе]к\w*|свичб[эе]к\w*",
            "old and new price by turns",
            "старая и новая цена по очереди",
        ),
        (
            "elasticity",
            r"elasticit\w+|эластичност\w+",
            "how many leave when the price rises",
            "сколько людей уйдёт при росте цены",
        ),
        (
            "interference",
            r"interference (?:between|effects?)|интерференци\w+|sutva",
            "the groups disturb each other",
            "группы мешают друг другу",
        ),
        (
            "surge multiplier",
            r"surge multipliers?|сёрдж\w*|сурдж\w*",
            "the price in a rush",
            "цена в час пик",
        ),
    ),
    *_of(
        "matching",
        (
            "TF-IDF",
            r"tf-?idf|n-?grams?|н-?грамм\w*",
            "comparing names by letters",
            "сравнение названий по буквам",
        ),
        (
            "blocking",
            r"blocking (?:keys?|steps?|stage)|блокинг\w*",
            "the short list of candidates",
            "короткий список кандидатов",
        ),
        (
            "threshold",
            r"decision thresholds?|cut-?offs?|трешхолд\w*|трешолд\w*",
            "from where on we trust it",
            "с какого места мы ей верим",
        ),
        (
            "false positive",
            r"false (?:positive|negative)s?|fpr|fnr|(?:ложно-?\s?)(?:положительн|отрицательн)\w+",
            "a false alarm or a miss",
            "ложная тревога или пропуск",
        ),
    ),
)
