"""Honest but ugly documents: other headings, orders and marks; a senior would accept them."""

GOOGLE_STYLE = """\
Design doc: whom to write to before a renewal
=============================================

*Author: A. Learner, reviewers: Lev, Dina. Status: draft 2*

## Context
86k renewals/month, one in five is lost. CRM mails a 30% discount to anybody inactive >= 14d.
On the pilot (coin flip,
`campaigns.source='pilot'`) that rule is worth -93.4 RUB/renewal vs. mailing nobody.

## Goals
* by the end of sprint 2, a list worth at least +12 RUB per renewal vs. mailing nobody

## Non-goals
* changing prices
* the retention desk

## Proposed solution
Two classifiers on pilot rows only (T-learner), rank by expected gain, contact the best 15%.
Success is measured in RUB per renewal in the A/B (online). Offline we look at policy value on
a held-out quarter of the
pilot. Same formula, same coin, so one translates to the other 1:1 up to drift.

## Data
users, events (dups ~1.5%, up to 72h late), payments, renewals. `cancel_page_views` is filled
in afterwards - not usable.
Pilot is only 20k rows.

## Alternatives considered
1. mail nobody: 0
2. current rule: -93 RUB
3. rank by churn risk: finds people who leave anyway

## Rollout
A/B by user_id, 50/50, two weeks, ~9050 users in each arm. MDE 100 RUB. Ship if CI is above 0 and
contact share stays <= 15 %, otherwise back to nobody.

## Risks & mitigations
1. Leak through late columns. -> features only as of decision_at. (Dina)
2. Sleeping dogs get woken up -> exclude lessons_84d <= 2. (me)
3. Prices go up mid-test -> extend by one week. (Marina)
"""
BULLETS = """\
- Why: the two-week rule costs us about 8 mln RUB a month; target is +20 RUB per renewal by
  2024-09-01
- What: weekly list of customers for CRM
    - online metric: RUB per renewal, offline metric: the same profit on the hold-out pilot, so
      a rise offline
      converts into roubles
    - out of scope: letter texts
- How: gradient boosting on `users`, `events`, `payments`; only pilot rows, the desk's rows are
  biased
    - baseline: incumbent rule -93 RUB/renewal
    - experiment: split by customer 50/50, 14 days, stop if complaints > 2 %
- Risks:
    - late events; Dina caps them at 72 h
    - forgotten subscriptions wake up; Lev excludes them
"""
RUSSIAN_SECTIONS = """\
# Дизайн-документ «Удержание»

### 1. Проблема
Письма уходят всем молчащим две недели. По пилоту это минус 93 рубля на каждое продление.

### 2. Цель и критерий успеха
Через 6 недель список должен приносить не меньше 12 руб. на продление сверх варианта «никому не
писать».

### 3. Предлагаемое решение
Модель эффекта письма: список раз в неделю.
Метрики: в А/Б-тесте (онлайн) — рубли на продление; офлайн — прибыль политики на отложенной
части пилота.
Они связаны напрямую: формула одна и та же.

### 4. Данные
users, events, payments, renewals. События приходят с опозданием до трёх суток, 1,5 % — дубли.

### 5. С чем сравниваем
Действующее правило (−93,4 руб.) и «никому» (0 руб.).

### 6. План проверки
А/Б по клиентам, 14 дней, 9050 человек на группу. Раскатываем, если нижняя граница выше нуля.

### 7. Риски
| Что может случиться | Ответственный | Что сделаем |
| --- | --- | --- |
| утечка через поздние столбцы | Дина | проверка на момент решения |
| будим спящих | Лев | исключаем по lessons_84d |

### 8. Что не делаем
Цены и тексты писем.
"""
UGLY = {"google": GOOGLE_STYLE, "bullets": BULLETS, "sections": RUSSIAN_SECTIONS}
FRIENDLY = """\
Hi Marina,

short version: the new list beats your rule by ~150 roubles a renewal (somewhere between 124 and
171), so please approve the full launch on Monday.

How it works: the program reads lessons and payments and hands CRM a list of 15 % of customers.
Nobody else gets a letter any more. What could go wrong: prices change in June, then we look again.
"""
NOT_YET = """\
# Not yet: keep the old price

The new price brought between −4 ₽ and +12 ₽ an order, so we cannot tell gain from loss.

- Riders will see the old price for two more weeks.
- Risk: the rain season ends and we learn nothing about storms.
- I need your ok to keep the test running until 15 July.
"""
SHORT_RU = """\
Марина, привет! Новый список приносит на 147 ₽ больше с каждого продления (от 124 до 171 ₽).
Давайте раскатывать с понедельника.

Письма теперь получат только те, кого они удерживают, — 15 % вместо всех молчащих. Может подвести
одно: в июне растут цены.
"""
NOTES = {"friendly": FRIENDLY, "not_yet": NOT_YET, "short": SHORT_RU}
