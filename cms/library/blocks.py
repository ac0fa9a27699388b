"""What a course is made of: sections → units → blocks. Ids at every level are stable; progress refers to them."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtail.snippets.blocks import SnippetChooserBlock

TEXT_FEATURES = ["h3", "h4", "bold", "ol", "ul", "link", "blockquote", "hr", "document-link"]


class FigureBlock(blocks.StructBlock):
    """A picture with words: what it shows for who cannot see it, and a caption."""

    image = ImageChooserBlock(label=_("Picture"))
    alt = blocks.CharBlock(label=_("Description"), max_length=300, help_text=_("What the picture shows, for those who cannot see it."))
    caption = blocks.CharBlock(label=_("Caption"), max_length=300, required=False)


class DrawingBlock(blocks.StructBlock):
    """A drawing of the project's own set, as SVG."""

    name = blocks.RegexBlock(regex=r"^[a-z0-9-]{1,60}$", label=_("Drawing"))
    alt = blocks.CharBlock(label=_("Description"), max_length=300)
    caption = blocks.CharBlock(label=_("Caption"), max_length=300, required=False)


class VideoBlock(blocks.StructBlock):
    """A film with captions and its words to read."""

    title = blocks.CharBlock(label=_("Title"), max_length=200)
    file = DocumentChooserBlock(label=_("Video file"))
    captions = DocumentChooserBlock(label=_("Captions (WebVTT)"), required=False)
    transcript = blocks.TextBlock(label=_("Transcript"), required=False)


class AudioBlock(blocks.StructBlock):
    """Something to listen to, with its words to read."""

    title = blocks.CharBlock(label=_("Title"), max_length=200)
    file = DocumentChooserBlock(label=_("Audio file"))
    transcript = blocks.TextBlock(label=_("Transcript"), required=False)


class DocumentBlock(blocks.StructBlock):
    """A file to download."""

    title = blocks.CharBlock(label=_("Title"), max_length=200)
    file = DocumentChooserBlock(label=_("File"))


class UnitBlocks(blocks.StreamBlock):
    """The content of a unit, in order."""

    text = blocks.RichTextBlock(label=_("Text"), features=TEXT_FEATURES, icon="doc-full")
    image = FigureBlock(label=_("Picture"), icon="image")
    drawing = DrawingBlock(label=_("Drawing"), icon="image")
    video = VideoBlock(label=_("Video"), icon="media")
    audio = AudioBlock(label=_("Audio"), icon="media")
    document = DocumentBlock(label=_("Document"), icon="doc-full-inverse")
    quiz = SnippetChooserBlock("cms.Quiz", label=_("Quiz"), icon="help")


class UnitBlock(blocks.StructBlock):
    """What is learnt in one sitting."""

    title = blocks.CharBlock(label=_("Title"), max_length=200)
    minutes = blocks.IntegerBlock(label=_("Minutes"), default=20, validators=[MinValueValidator(1), MaxValueValidator(600)])
    required = blocks.BooleanBlock(label=_("Required"), required=False, default=True)
    sample = blocks.BooleanBlock(
        label=_("Sample"), required=False, help_text=_("May be read by whoever sees the course, before enrolling.")
    )
    content = UnitBlocks(label=_("Content"), required=False)

    class Meta:
        icon = "list-ul"
        label = _("Unit")


class SectionBlock(blocks.StructBlock):
    """A chapter."""

    title = blocks.CharBlock(label=_("Title"), max_length=200)
    summary = blocks.TextBlock(label=_("Summary"), required=False)
    units = blocks.ListBlock(UnitBlock(), label=_("Units"))

    class Meta:
        icon = "folder-open-inverse"
        label = _("Section")


class CourseBody(blocks.StreamBlock):
    """All sections of a course."""

    section = SectionBlock()
