"""Documents that a senior engineer would accept, terse on purpose, in both languages."""

TERSE_EN = """\
# Retention letters: design

## Why
Marina's rule writes to everybody who is silent for 14 days and loses 93 ₽ a renewal.
Goal: +20 ₽ per renewal over sending nothing, by 2024-09-01.

## What
A weekly list for CRM.

- **Online metric:** roubles per renewal in the A/B test.
- **Offline metric:** policy value on the held-out pilot; it predicts the online one because the
  pilot's coin is the same split.

Non-goals: prices, texts of letters.

## How
Data: `users`, `events`, `payments`, `campaigns`. Late rows up to 72 h; the desk's rows are biased.

Baseline: the incumbent, −93 ₽; then a rule in SQL.

Experiment: by user, 50/50, 14 days, 9 050 per arm. Ship if the whole range is above zero.

| Risk | Owner | What we do |
|---|---|---|
| back-filled columns leak | Dina | feature query cut at decision_at |
| letters remind the forgetful | Lev | exclude lessons_84d <= 2 |

The limit of contacts is 15 %.
"""
TERSE_RU = """\
# Письма удержания

**Зачем.** Правило Марины теряет 93 ₽ на продление. Цель: +20 ₽ на продление против «не слать»
к 1 сентября.

**Что делаем.** Еженедельный список для CRM. Бизнес-метрика — рубли на продление в эксперименте; на
отложенном пилоте считаем ту же прибыль, поэтому рост офлайн переходит в рубли. Не входит: тексты.

**Как.** Таблицы users, events, campaigns; события опаздывают до 72 часов, строки desk смещены.
Сейчас действует правило 14 дней: −93 ₽. Эксперимент: делим по клиентам пополам, две недели,
по 9 050 в каждой группе; запускаем, если весь диапазон выше нуля.

## Риски
- Колонки задним числом (Дина): обрезаем запрос по decision_at, следим за разрывом.
- Письмо напоминает забывшим — исключаем lessons_84d <= 2. Отвечает Лев.

Предел контактов — 15 %.
"""
NOTE_EN = """\
# Send the letters to the new list, and switch the old rule off

The new list earns 147 ₽ more per renewal than the old rule: most likely, between 124 and 171 ₽.
That is about 12.6 million ₽ a month.

Instead of everybody who is silent, only 15 % of the customers get a letter: those whom it changes.
The programme looks at lessons and payments and gives a list each Monday.

The risk: prices rise in June, and some may leave all the same. We ask for your yes by Friday.
"""
NOTE_RU = """\
Предлагаю включить новый список и отключить правило двух недель: это +147 ₽ на продление, или
12,6 млн ₽ в месяц. Вероятнее всего, от 124 до 171 ₽.

Вместо всех замолчавших письмо получат 15 % клиентов: те, кого оно меняет. Программа смотрит на
уроки и платежи и по понедельникам выдаёт список.

Риск: в июне вырастут цены, и часть людей может уйти всё равно. Нужно ваше согласие до пятницы.
"""
DECISION = """\
quest: churn
why:
  problem: letters go to people whom they do not change
  stakeholder: Marina
  cost_of_doing_nothing_rub_month: 8_000_000
what:
  output: a weekly list
  consumers: [CRM]
  success_metric: roubles per renewal
  non_goals: [prices]
how:
  baseline: 14 days of silence
  model: two models, with a letter and without
  data: [lumen.users, events, campaigns]
  label: churned
  validation: out_of_time
  rollback_if: the share of complaints is above 2 %
estimates:
  - {task: features, moscow: must, days_low: 2, days_high: 4}
  - {task: model, moscow: must, days_low: 1, days_high: 2, after: [features]}
  - {task: service, moscow: should, days_low: 1, days_high: 2, after: [model]}
  - {task: dashboard, moscow: could, days_low: 1, days_high: 1}
  - {task: new texts, moscow: wont, days_low: 2, days_high: 3}
experiment:
  unit: user
  metric: roubles per renewal
  alpha: 0.05
  power: 0.8
  sd: 2400
  mde_abs: 100
  n_per_arm: 9_050
  days: 14
  variance_reduction: none
  guardrails: [{metric: contact_share, op: "<=", value: 0.15}]
  stopping: fixed
expected_uplift_rub_month: {low: 6_000_000, mid: 12_000_000, high: 15_000_000}
segments_no_go: ["lessons_84d <= 2"]
decision: {before_ab: go, reason: the pilot shows a gain}
"""
