"""Where an operator makes cohorts: people, quests, deadlines."""

from django.contrib import admin

from simulator.cohorts.models import Cohort, CohortQuest, Deadline, Membership


class MembershipInline(admin.TabularInline[Membership, Cohort]):
    model = Membership
    autocomplete_fields = ("learner",)
    extra = 1


class CohortQuestInline(admin.TabularInline[CohortQuest, Cohort]):
    model = CohortQuest
    extra = 1


@admin.register(Cohort)
class CohortAdmin(admin.ModelAdmin[Cohort]):
    list_display = (
        "name",
        "created_at",
    )
    search_fields = ("name",)
    autocomplete_fields = ("instructors",)
    inlines = (
        MembershipInline,
        CohortQuestInline,
    )


class DeadlineInline(admin.TabularInline[Deadline, CohortQuest]):
    model = Deadline
    extra = 1


@admin.register(CohortQuest)
class CohortQuestAdmin(admin.ModelAdmin[CohortQuest]):
    list_display = (
        "cohort",
        "quest",
        "version",
    )
    list_select_related = ("cohort",)
    inlines = (DeadlineInline,)
