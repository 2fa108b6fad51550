import django.db.models.deletion
import django.db.models.functions.datetime
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import simulator.cohorts.models

USER = settings.AUTH_USER_MODEL
NOW = django.db.models.functions.datetime.Now


def a_first_owner(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Whoever was the first instructor of a cohort owns it from now on."""
    staff = apps.get_model("cohorts", "Staff")
    firsts = staff.objects.values_list("cohort").annotate(first=models.Min("pk"))
    staff.objects.filter(pk__in=[first for _, first in firsts]).update(role="owner")


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def to(model: str, related: str, **facts: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=related, to=model, **facts)


def made() -> models.DateTimeField:
    return models.DateTimeField(db_default=NOW())


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0004_enrolment_pinned"),
        migrations.swappable_dependency(USER),
        ("cohorts", "0001_initial"),
    ]

    operations = [
        # The table of who teaches what is there already: it only gets a model, and then a role.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Staff",
                    fields=[
                        ("id", key()),
                        ("cohort", to("cohorts.cohort", "staff")),
                        ("user", to(USER, "staff_of")),
                    ],
                    options={"db_table": "cohorts_cohort_instructors"},
                ),
                migrations.AlterField(
                    "cohort",
                    "instructors",
                    models.ManyToManyField(
                        related_name="teaching",
                        through="cohorts.Staff",
                        through_fields=("cohort", "user"),
                        to=USER,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "staff",
            "role",
            models.CharField(
                choices=[("owner", "owner"), ("instructor", "instructor"), ("reviewer", "reviewer")],
                default="instructor",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            "staff", models.UniqueConstraint(fields=["cohort", "user"], name="one_role_a_cohort")
        ),
        migrations.RunPython(a_first_owner, migrations.RunPython.noop),
        migrations.AddField("cohort", "zone", models.CharField(default="UTC", max_length=64)),
        migrations.AddField("cohort", "compares", models.BooleanField(default=True)),
        migrations.AddField("cohort", "keeps_days", models.PositiveIntegerField(default=365)),
        migrations.AddField("membership", "group", models.CharField(blank=True, default="", max_length=40), preserve_default=False),
        migrations.AddField("cohortquest", "digest", models.CharField(blank=True, default="", max_length=64), preserve_default=False),
        migrations.AlterModelOptions("cohortquest", options={"ordering": ["pk"]}),
        migrations.AlterField("deadline", "stage", models.SlugField(blank=True, max_length=40)),
        migrations.AlterField("deadline", "due_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("deadline", "opens_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("deadline", "closes_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("deadline", "daily_loss", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("deadline", "least_credit", models.PositiveSmallIntegerField(default=0)),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", key()),
                ("token", models.CharField(default=simulator.cohorts.models.new_token, max_length=64, unique=True)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("group", models.CharField(blank=True, max_length=40)),
                ("created_at", made()),
                ("expires_at", models.DateTimeField()),
                ("uses_left", models.PositiveIntegerField(default=1)),
                ("author", to(USER, "+")),
                ("cohort", to("cohorts.cohort", "invitations")),
            ],
            options={"ordering": ["email", "pk"]},
        ),
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", key()),
                ("group", models.CharField(blank=True, max_length=40)),
                ("quest", models.SlugField(blank=True, max_length=40)),
                ("stage", models.SlugField(blank=True, max_length=40)),
                ("hours", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=400)),
                ("created_at", made()),
                ("author", to(USER, "+")),
                ("cohort", to("cohorts.cohort", "extensions")),
                ("learner", to(USER, "+", blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", key()),
                ("began_at", made()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(max_length=400)),
                ("author", to(USER, "+")),
                ("cohort", to("cohorts.cohort", "pauses")),
            ],
            options={"ordering": ["began_at"]},
        ),
        migrations.CreateModel(
            name="Nudge",
            fields=[
                ("id", key()),
                ("quest", models.SlugField(max_length=40)),
                ("stage", models.SlugField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[("hint", "a hint"), ("invite", "an invitation to talk"), ("fine", "marked as fine")],
                        max_length=8,
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=1000)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("created_at", made()),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                ("author", to(USER, "+")),
                ("cohort", to("cohorts.cohort", "nudges")),
                ("learner", to(USER, "nudges")),
            ],
            options={"ordering": ["-created_at", "-pk"]},
        ),
        migrations.CreateModel(
            name="Opened",
            fields=[
                ("id", key()),
                ("kind", models.CharField(choices=[("lesson", "a lesson")], max_length=8)),
                ("name", models.SlugField(max_length=60)),
                ("created_at", made()),
                ("enrolment", to("catalog.enrolment", "opened")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("enrolment", "kind", "name"), name="opened_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                ("id", key()),
                ("what", models.CharField(max_length=40)),
                ("attempt", models.UUIDField()),
                ("created_at", made()),
                ("learner", to(USER, "looked_at")),
                ("looker", to(USER, "looks")),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [models.Index(fields=["learner", "created_at"], name="cohorts_loo_learner_idx")],
            },
        ),
    ]
