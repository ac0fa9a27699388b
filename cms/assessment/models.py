"""Quizzes and their questions, as editors write them."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.models import Orderable
from wagtail.search import index

from cms.assessment.enums import QuestionKind
from cms.library.models import DESK_ROLES, Resource
from foundation.api import in_language


class QuizQuerySet(models.QuerySet["Quiz"]):
    """Quizzes as their reader may see them."""

    def visible_to(self, user: Any) -> QuizQuerySet:
        """Those who work at the owner's desk: a quiz holds its keys."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(resource__institution__in=user.institutions_as(*DESK_ROLES))


class Quiz(index.Indexed, ClusterableModel):
    """A set of questions with keys. Learners see it only as a part of a course version, without keys.

    Personal data: none.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, related_name="quiz", editable=False)
    title_zh = models.CharField(_("title (Chinese)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    pass_mark = models.DecimalField(
        _("pass mark in per cent"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(60),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )

    objects = QuizQuerySet.as_manager()

    panels = [
        FieldPanel("title_zh"),
        FieldPanel("title_en"),
        FieldPanel("pass_mark"),
        InlinePanel("questions", label=_("Questions"), min_num=1),
    ]
    search_fields = [
        index.SearchField("title_zh"),
        index.AutocompleteField("title_zh"),
        index.SearchField("title_en"),
        index.FilterField("resource"),
    ]

    class Meta:
        verbose_name = _("quiz")
        verbose_name_plural = _("quizzes")
        constraints = [models.CheckConstraint(condition=Q(pass_mark__gte=0) & Q(pass_mark__lte=100), name="quiz_pass_mark_in_per_cent")]

    def __str__(self) -> str:
        return in_language(self.title_zh, self.title_en)


class Question(Orderable):
    """One question with its key.

    Personal data: none.
    """

    quiz = ParentalKey(Quiz, on_delete=models.CASCADE, related_name="questions")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=QuestionKind.choices, default=QuestionKind.SINGLE)
    prompt = models.TextField(_("question"))
    choices = models.TextField(_("choices"), blank=True, help_text=_("One choice a line; a right one begins with an asterisk (*)."))
    answer = models.CharField(
        _("answer"), max_length=300, blank=True, help_text=_("For text: accepted answers, parted by a bar (|). For numbers: the number.")
    )
    tolerance = models.DecimalField(_("tolerance"), max_digits=10, decimal_places=4, default=Decimal(0), validators=[MinValueValidator(0)])
    feedback = models.TextField(_("feedback"), blank=True, help_text=_("Shown after answering: why this is so."))
    points = models.DecimalField(
        _("points"), max_digits=6, decimal_places=2, default=Decimal(1), validators=[MinValueValidator(Decimal("0.01"))]
    )

    panels = [FieldPanel(name) for name in ("kind", "prompt", "choices", "answer", "tolerance", "feedback", "points")]

    class Meta(Orderable.Meta):
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(condition=Q(points__gt=0), name="question_points_above_zero"),
            models.CheckConstraint(condition=Q(kind__in=QuestionKind.values), name="question_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.prompt[:80]

    def choice_rows(self) -> list[tuple[str, str, bool]]:
        """Choices as (id, text, right): ids are letters in the order of writing."""
        lines = [line.strip() for line in self.choices.splitlines() if line.strip()]
        return [(chr(ord("a") + number), line.removeprefix("*").strip(), line.startswith("*")) for number, line in enumerate(lines)]

    def clean(self) -> None:
        """A question that nobody could answer rightly is refused."""
        super().clean()
        right = sum(1 for _id, _text, is_right in self.choice_rows() if is_right)
        if self.kind == QuestionKind.SINGLE and right != 1:
            raise ValidationError({"choices": _("Mark exactly one choice as right, with an asterisk (*) before it.")})
        if self.kind == QuestionKind.MULTIPLE and right < 1:
            raise ValidationError({"choices": _("Mark at least one choice as right, with an asterisk (*) before it.")})
        if self.kind == QuestionKind.TRUE_FALSE and self.answer not in {"true", "false"}:
            raise ValidationError({"answer": _("Write true or false.")})
        if self.kind in {QuestionKind.TEXT, QuestionKind.NUMERIC} and not self.answer.strip():
            raise ValidationError({"answer": _("Write the right answer.")})
