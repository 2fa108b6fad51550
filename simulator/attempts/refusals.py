"""Why a hand-in is refused: one sentence each, with the rule, what was found and what to do."""

from typing import Final, Self

from graders.intake import Problem
from graders.quest import Language

LONGEST_SHOWN: Final = 60

SENTENCES: Final[dict[str, dict[Language, str]]] = {
    "empty_project": {
        "en": "A project holds at least one file, this one holds none: add your files and hand "
        "in again.",
        "ru": "В проекте должен быть хотя бы один файл, а здесь нет ни одного: добавьте файлы и "
        "отправьте снова.",
    },
    "too_many_files": {
        "en": "A project holds at most {limit} files, this one holds {found}: leave out data, "
        "environments and generated files.",
        "ru": "В проекте не больше {limit} файлов, а здесь {found}: уберите данные, окружения и "
        "сгенерированные файлы.",
    },
    "file_too_large": {
        "en": "A file is at most {limit}, `{path}` is {found}: hand in code, and let the code "
        "make data and models.",
        "ru": "Файл не больше {limit}, а `{path}` занимает {found}: отправляйте код, а данные и "
        "модели пусть создаёт он.",
    },
    "project_too_large": {
        "en": "A project is at most {limit} in all, this one is {found}: leave out data, models "
        "and pictures.",
        "ru": "Весь проект не больше {limit}, а здесь {found}: уберите данные, модели и картинки.",
    },
    "archive_too_large": {
        "en": "An upload is at most {limit}, this one is {found}: leave out data, models and "
        "environments.",
        "ru": "Загружать можно не больше {limit}, а здесь {found}: уберите данные, модели и "
        "окружения.",
    },
    "path_outside": {
        "en": "Every path stays inside the project, `{path}` leads outside: pack the contents of "
        "the project's folder, with relative paths.",
        "ru": "Все пути остаются внутри проекта, а `{path}` ведёт наружу: упакуйте содержимое "
        "папки проекта с относительными путями.",
    },
    "name_not_utf8": {
        "en": "File names are UTF-8 text, `{path}` is not: rename the file or pack the archive "
        "with UTF-8 names.",
        "ru": "Имена файлов записываются в UTF-8, а `{path}` — нет: переименуйте файл или "
        "упакуйте архив с именами в UTF-8.",
    },
    "name_unsafe": {
        "en": 'File names hold printable characters without any of \\ : * ? " < > |, and no part '
        "begins with a space or ends with a space or a dot, `{path}` does: rename the file.",
        "ru": 'Имена файлов состоят из печатных знаков без \\ : * ? " < > |, и ни одна часть не '
        "начинается с пробела и не кончается пробелом или точкой, а `{path}` — иначе: "
        "переименуйте файл.",
    },
    "name_too_long": {
        "en": "A path has at most {limit} characters and each of its names at most {part} bytes, "
        "`{path}` is longer: shorten it.",
        "ru": "В пути не больше {limit} знаков, а в каждом имени не больше {part} байт, "
        "`{path}` длиннее: сократите его.",
    },
    "names_collide": {
        "en": "Two files may not share a name on any system, `{path}` and `{other}` do: rename "
        "one of them.",
        "ru": "Имена двух файлов не должны совпадать ни в одной системе, а `{path}` и `{other}` "
        "совпадают: переименуйте один из них.",
    },
    "archive_broken": {
        "en": "An upload is a ZIP archive, this one cannot be read as such: pack the project "
        "again with any ZIP program.",
        "ru": "Загружать нужно ZIP-архив, а этот файл так прочесть нельзя: упакуйте проект "
        "заново любой программой ZIP.",
    },
    "archive_encrypted": {
        "en": "An archive is not encrypted, `{path}` in this one is: pack the project again "
        "without a password.",
        "ru": "Архив не должен быть зашифрован, а `{path}` в нём зашифрован: упакуйте проект "
        "заново без пароля.",
    },
    "archive_special": {
        "en": "An archive holds plain files only, `{path}` is a link or a device: replace it by "
        "the file itself.",
        "ru": "В архиве только обычные файлы, а `{path}` — ссылка или устройство: замените её "
        "самим файлом.",
    },
    "archive_method": {
        "en": "An archive is packed by the method Deflate or not at all, `{path}` is packed by "
        "another: choose Deflate and pack again.",
        "ru": "Архив упакован методом Deflate или без сжатия, а `{path}` — другим: выберите "
        "Deflate и упакуйте снова.",
    },
    "archive_bomb": {
        "en": "A packed file unpacks to at most {limit} times its size, `{path}` unpacks to "
        "{found} times: leave it out.",
        "ru": "Файл при распаковке растёт не больше чем в {limit} раз, а `{path}` — в {found}: "
        "уберите его.",
    },
    "stage_unknown": {
        "en": "An attempt is for a stage of the quest, it has none called `{stage}`: choose one "
        "of {stages}.",
        "ru": "Попытка относится к этапу квеста, а этапа `{stage}` в нём нет: выберите один из "
        "{stages}.",
    },
    "stage_locked": {
        "en": "A stage opens when the stages before it are passed, `{requires}` is not yet: pass "
        "it first.",
        "ru": "Этап открывается, когда пройдены предыдущие, а `{requires}` ещё не пройден: "
        "сначала пройдите его.",
    },
    "rollouts_used_up": {
        "en": "A rollout is graded at most {limit} times in 24 hours, so that nobody finds the "
        "answer by asking: the next one is free in {wait} h, and trying it out costs nothing.",
        "ru": "Выкатка оценивается не чаще {limit} раз за 24 часа, чтобы ответ нельзя было "
        "подобрать: следующая будет доступна через {wait} ч, а пробный запуск ничего не стоит.",
    },
    "key_reused": {
        "en": "An idempotency key stands for one stage and one project, this one was used for "
        "other work: send a new key.",
        "ru": "Ключ идемпотентности — для одного этапа и одного проекта, а этот уже использован "
        "для другой работы: пришлите новый ключ.",
    },
}


class Size(int):
    """A number of bytes, shown as people say it."""


class Refusal(Exception):
    """A hand-in breaks a rule; nothing was stored and no attempt was used up."""

    def __init__(self, code: str, /, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params
        self._problem: Problem | None = None

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """The refusal of a file that the judge cannot grade."""
        refusal = cls(problem.code)
        refusal._problem = problem
        return refusal

    def message(self, language: Language = "en") -> str:
        """The one sentence for the learner, in plain text; backticks mark code."""
        if self._problem is not None:
            return self._problem.sentence(language)
        shown = {name: _shown(value, language) for name, value in self.params.items()}
        return SENTENCES[self.code][language].format_map(shown)

    def __str__(self) -> str:
        return self.message()


def _shown(value: str | int, language: Language) -> str:
    """A value in one line, capped, with everything that is not printable made visible."""
    if isinstance(value, Size):
        number = f"{value / 1_000_000:.1f}".removesuffix(".0")
        if language == "ru":
            return f"{number.replace('.', ',')}\N{NO-BREAK SPACE}МБ"
        return f"{number}\N{NO-BREAK SPACE}MB"
    if isinstance(value, int):
        return f"{value}"
    text = value if len(value) <= LONGEST_SHOWN else f"{value[: LONGEST_SHOWN - 1]}…"
    return "".join(c if c.isprintable() and c != "`" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return "'" if character == "`" else character.encode("unicode_escape").decode("ascii")
