"""The words of the learner's commands, in both languages: those of the judge are the site's."""

from typing import Final

from simulator.wire import Tongue

Words = dict[str, dict[Tongue, str]]

OUTCOMES: Final[Words] = {
    "passed": {"en": "Passed", "ru": "Пройдено"},
    "partial": {"en": "Partial", "ru": "Частично"},
    "failed": {"en": "Failed", "ru": "Не\N{NO-BREAK SPACE}пройдено"},
    "error": {"en": "Your code raised an error", "ru": "Ваш код завершился ошибкой"},
    "timeout": {"en": "Timed out", "ru": "Не\N{NO-BREAK SPACE}успело"},
    "limit": {"en": "Over a limit", "ru": "Превышен предел"},
    "skipped": {"en": "Skipped", "ru": "Пропущено"},
    "broken": {
        "en": "Our fault, free of charge",
        "ru": "Наша ошибка, баллов не\N{NO-BREAK SPACE}стоит",
    },
}
SEVERITIES: Final[Words] = {
    "blocker": {"en": "blocker", "ru": "блокер"},
    "major": {"en": "major", "ru": "серьёзная"},
    "minor": {"en": "minor", "ru": "мелкая"},
    "note": {"en": "note", "ru": "заметка"},
    "praise": {"en": "praise", "ru": "похвала"},
}
GROUPS: Final[Words] = {
    "production": {"en": "Production", "ru": "Продакшен"},
    "tests": {"en": "Tests", "ru": "Тесты"},
    "metrics": {"en": "Metrics", "ru": "Метрики"},
    "business": {"en": "Business", "ru": "Бизнес"},
}
PHASES: Final[Words] = {
    "intake": {"en": "Files", "ru": "Файлы"},
    "static": {"en": "Style, types, structure", "ru": "Стиль, типы, устройство"},
    "public": {"en": "Public checks", "ru": "Открытые проверки"},
    "own_tests": {"en": "Your tests, blind", "ru": "Ваши тесты, вслепую"},
    "train": {"en": "Training", "ru": "Обучение"},
    "hidden": {"en": "Hidden data", "ru": "Скрытые данные"},
    "service": {"en": "Service", "ru": "Сервис"},
    "rollout": {"en": "Rollout", "ru": "Раскатка"},
}
READINESS: Final[Words] = {
    "not_ready": {"en": "Not ready", "ru": "Не\N{NO-BREAK SPACE}готово"},
    "pilot": {"en": "Pilot", "ru": "Пилот"},
    "production": {"en": "Production", "ru": "Продакшен"},
}
PARTS: Final[Words] = {
    "what": {"en": "What", "ru": "Что"},
    "why": {"en": "Why", "ru": "Почему"},
    "reproduce": {"en": "Reproduce", "ru": "Как повторить"},
    "learn": {"en": "Learn", "ru": "Где прочитать"},
}
CHANGES: Final[Words] = {
    "broke": {"en": "Broke", "ru": "Сломалось"},
    "still_open": {"en": "Still open", "ru": "Ещё открыто"},
    "fixed": {"en": "Fixed", "ru": "Исправлено"},
    "stayed": {"en": "Passed as before", "ru": "Пройдено, как и раньше"},
    "not_run": {"en": "Not run: they wait for others", "ru": "Не запускались: ждут других"},
    "broken": {"en": "Ours to repair", "ru": "Чиним мы"},
}
FIRST: Final[Words] = CHANGES | {  # where there is no attempt before
    "still_open": {"en": "Open", "ru": "Открыто"},
    "stayed": {"en": "Passed", "ru": "Пройдено"},
}
SAID: Final[Words] = {
    "mend_first": {"en": "Fix this first", "ru": "Начните с этого"},
    "points": {"en": "{got} of {most} points", "ru": "баллов {got} из {most}"},
    "waits_for": {"en": "waits for {check}", "ru": "ждёт {check}"},
    "printed": {"en": "What your code printed", "ru": "Что напечатал ваш код"},
    "attempt": {"en": "attempt {number}", "ru": "попытка {number}"},
    "since": {"en": "{delta} since attempt {number}", "ru": "{delta} с попытки {number}"},
    "passed_stage": {"en": "The stage is passed.", "ru": "Этап пройден."},
    "open_stage": {"en": "The stage stays open.", "ru": "Этап остаётся открытым."},
    "report_at": {"en": "Report: {url}", "ru": "Отчёт: {url}"},
    "development_only": {
        "en": "For learning only: this machine has no control groups for its rooms, so the result "
        "is no ground for a grade.",
        "ru": "Только для учёбы: на этой машине у комнат нет контрольных групп, поэтому результат "
        "не основание для оценки.",
    },
    "handed_in": {
        "en": "Handed in {quest}/{stage} as attempt {number}.",
        "ru": "{quest}/{stage}: отправлено, попытка {number}.",
    },
    "goes_on": {
        "en": "It is the attempt that was handed in before; watching goes on.",
        "ru": "Эта попытка уже отправлена; смотрим дальше.",
    },
    "same_work": {
        "en": "The same work as attempt {number}; its report follows. Hand in anyway: --again",
        "ru": "Та же работа, что в попытке {number}; вот её отчёт. Всё равно отправить: --again",
    },
    "queued": {"en": "Waiting, {ahead} before it", "ru": "В очереди, перед ней {ahead}"},
    "running": {"en": "Being judged", "ru": "Проверяется"},
    "restart": {
        "en": "The machine failed, the grading begins anew: it costs you nothing.",
        "ru": "Машина отказала, проверка начинается заново: вам это ничего не стоит.",
    },
    "again": {
        "en": "The connection broke; the grading goes on. Trying again …",
        "ru": "Связь прервалась; проверка продолжается. Пробуем снова …",
    },
    "close_and_come_back": {
        "en": "The grading goes on without you: `sim report` shows it.",
        "ru": "Проверка идёт и без вас: результат покажет `sim report`.",
    },
    "cancelled": {
        "en": "The grading was cancelled: there is no verdict.",
        "ru": "Проверка отменена: вердикта нет.",
    },
    "quarantined": {
        "en": "We failed too often at this attempt: a person will look at it. It is not counted.",
        "ru": "Мы слишком часто ошибались на этой попытке: её посмотрит человек. Она не в счёт.",
    },
    "not_run_here": {
        "en": "{checks} wait for the site: hidden checks are not run at home.",
        "ru": "{checks} ждут сайта: скрытые проверки дома не запускаются.",
    },
    "counted": {
        "en": "{failed} to mend, {passed} passed, {skipped} skipped.",
        "ru": "Исправить: {failed}, пройдено: {passed}, пропущено: {skipped}.",
    },
    "hidden_later": {
        "en": "Hidden checks are not here: the site runs them when you hand in.",
        "ru": "Скрытых проверок здесь нет: сайт запустит их, когда вы отправите работу.",
    },
    "room": {
        "en": "Making a room (the first time it takes a minute or two) …",
        "ru": "Готовим комнату (в первый раз это минута-другая) …",
    },
    "another_judge": {
        "en": "The site's checks are of another version than this command: results may differ. "
        "Bring the command up to date.",
        "ru": "Проверки на сайте другой версии, чем эта команда: результаты могут различаться. "
        "Обновите команду.",
    },
    "rows": {
        "en": "{rows} rows shown, {read} read, {seconds} s",
        "ru": "показано строк: {rows}, прочитано: {read}, {seconds} с",
    },
    "more_rows": {"en": "there are more", "ru": "есть ещё"},
    "no_hints": {"en": "This stage has no hints yet.", "ru": "У этого этапа пока нет подсказок."},
    "next_hint": {
        "en": "Hint {number} of {all}. The next one: sim hint {next}",
        "ru": "Подсказка {number} из {all}. Следующая: sim hint {next}",
    },
    "last_hint": {"en": "Hint {number} of {all}.", "ru": "Подсказка {number} из {all}."},
    "min": {"en": "min", "ru": "мин"},
    "seconds": {"en": "s", "ru": "с"},
    "nothing_differs": {
        "en": "The code of the two attempts is the same.",
        "ru": "Код двух попыток одинаков.",
    },
    "pulled": {
        "en": "Pulled {quest} {version} into {folder} (stage {number} of {all}, {stage}).",
        "ru": "{quest} {version} скачан в {folder} (этап {number} из {all}, {stage}).",
    },
    "next_stage": {
        "en": "Stage {stage} is open now; BRIEF.md tells of it.",
        "ru": "Открыт этап {stage}; о нём рассказывает BRIEF.md.",
    },
    "what_next": {
        "en": "Read {folder}/BRIEF.md, then: sim test, sim submit --watch",
        "ru": "Прочтите {folder}/BRIEF.md, затем: sim test, sim submit --watch",
    },
    "no_git": {
        "en": "Git is not installed, so the folder has no history; everything else works.",
        "ru": "Git не установлен, поэтому истории в папке нет; остальное работает.",
    },
    "tables": {"en": "Tables: {size} MB …", "ru": "Таблицы: {size} МБ …"},
    "type_code": {
        "en": "Open {page} and type the code {code}",
        "ru": "Откройте {page} и введите код {code}",
    },
    "signed_in": {
        "en": "Signed in to {site} as {name}; the token lies in {place}.",
        "ru": "Вход на {site} выполнен: {name}; токен хранится в {place}.",
    },
    "in_ring": {"en": "this system's keyring", "ru": "связке ключей системы"},
    "signed_out": {"en": "Signed out of {site}.", "ru": "Выход с {site} выполнен."},
    "how_checked": {"en": "What `sim test` looks at", "ru": "Что проверяет `sim test`"},
}


def said(name: str, language: Tongue, /, **params: object) -> str:
    """A sentence with its parameters filled in."""
    return SAID[name][language].format(**params)


def word(words: Words, name: str, language: Tongue) -> str:
    """A word of the judge; one that is not known here is shown as it came."""
    return words[name][language] if name in words else name
