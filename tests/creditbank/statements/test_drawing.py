"""Papers as PDF: tagged, in both languages, with every name drawn, heads repeated, and a QR code that leads to the check."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings as configured

from creditbank.api import Standing, check_file, issue_certificate, issue_transcript
from creditbank.statements.drawing import address_of, draw_pdf
from creditbank.statements.fonts import FAMILIES, pdf_possible
from tests.factories.creditbank import AT, LATER, ON
from tests.factories.identity import UserFactory
from tests.factories.learning import make_record

REQUIRED = bool(os.environ.get("REQUIRE_EVERYTHING"))
"""Where everything is required, a missing tool is a failure, not a test that is left out."""
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not REQUIRED and not shutil.which("pdftotext"), reason="poppler's tools read the files back"),
    pytest.mark.skipif(not REQUIRED and not configured.PDF_AVAILABLE, reason="no PDF engine: the printable page takes its place"),
]
NAMES = ["喆玥珺堃", "瑄翀祎赟", "欧阳䶮", "司马㛃", "李𠅤", "买买提·阿卜杜拉", "古丽·" + "长" * 47]
STYLES = Path(configured.ROOT) / "static" / "css" / "paper.css"


def read(tool: str, data: bytes, tmp_path: Path, *options: str) -> str:
    file = tmp_path / "paper.pdf"
    file.write_bytes(data)
    return subprocess.run(
        [tool, *options, str(file), *(["-"] if tool == "pdftotext" else [])], capture_output=True, check=True, text=True
    ).stdout


def person_with(name: str, results: int = 1):
    person = UserFactory(name=name)
    for number in range(results):
        make_record(person, title_zh=f"老年人营养与膳食{number}", title_en=f"Nutrition of older people {number}")
    return person


def test_a_pdf_can_be_drawn_where_its_engine_is():
    assert pdf_possible()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_read_back_from_the_file(name, tmp_path):
    person = person_with(name)

    data = draw_pdf(issue_transcript(person, actor=person, at=AT), "zh-hans")

    assert name in re.sub(r"\s+", "", read("pdftotext", data, tmp_path, "-raw"))


@pytest.mark.parametrize(
    ("language", "lang", "title", "pages"),
    [("zh-hans", "zh-Hans", "学分证书", "第 1 页，共 1 页"), ("en", "en", "Certificate of credit", "Page 1 of 1")],
)
def test_a_certificate_is_tagged_in_its_language_with_embedded_fonts(certificate, tmp_path, language, lang, title, pages):
    data = draw_pdf(certificate, language)

    about = read("pdfinfo", data, tmp_path)
    assert re.search(r"Tagged:\s+yes", about)
    assert re.search(rf"Title:\s+{title} {certificate.number}", about)
    assert re.search(r"Page size:.*A4", about)
    fonts = [line.split() for line in read("pdffonts", data, tmp_path).splitlines()[2:]]
    assert fonts
    assert all(line[-5:-2] == ["yes", "yes", "yes"] for line in fonts)  # embedded, subset, with a table back to text
    structure = read("pdfinfo", data, tmp_path, "-struct")
    assert [structure.count(f"\n    {tag}") > 0 or tag in structure for tag in ("H1", "Table", "THead", "TH", "TD", "Figure")] == [True] * 6
    text = read("pdftotext", data, tmp_path)
    assert pages in text
    assert certificate.printed_code in text
    assert certificate.content["name"] in text
    assert f"/Lang ({lang})".encode() in uncompressed(data)
    assert b"pdfuaid:part" in uncompressed(data)


def uncompressed(data: bytes) -> bytes:
    """The file with its compressed streams opened."""
    import zlib  # noqa: PLC0415

    opened = [data]
    for match in re.finditer(rb"stream\n(.*?)\nendstream", data, re.DOTALL):
        try:
            opened.append(zlib.decompress(match[1]))
        except zlib.error:
            continue
    return b"\n".join(opened)


def test_long_tables_repeat_their_head_on_every_page(tmp_path):
    person = person_with("林晓雯", results=45)

    data = draw_pdf(issue_transcript(person, actor=person, at=AT), "zh-hans")

    pages = read("pdftotext", data, tmp_path).rstrip("\f").split("\f")
    assert len(pages) == 3
    assert ["学习成果与来源" in page for page in pages] == [True] * 3
    assert [f"第 {number} 页，共 3 页" in page for number, page in enumerate(pages, start=1)] == [True] * 3


def test_the_qr_code_is_the_address_that_is_printed_below(certificate, tmp_path):
    import zxingcpp  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    data = draw_pdf(certificate, "zh-hans")
    (tmp_path / "paper.pdf").write_bytes(data)
    subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", str(tmp_path / "paper.pdf"), str(tmp_path / "page")], check=True)

    (found,) = zxingcpp.read_barcodes(Image.open(tmp_path / "page.png"))

    assert found.text == address_of(certificate) == f"http://localhost:8000/v/{certificate.code}/"
    assert found.text in re.sub(r"\s+", "", read("pdftotext", data, tmp_path))


def test_a_file_proves_itself_and_one_other_word_in_it_is_altered(client, certificate):
    client.force_login(certificate.learner)
    answer = client.get(f"/my/certificates/{certificate.uuid}/pdf/")
    data = answer.content

    assert answer["Content-Disposition"] == f'attachment; filename="{certificate.number}.pdf"'
    assert check_file(data, on=ON).standing == Standing.VALID
    assert check_file(data.replace(b"%%EOF", b"%%EOG"), on=ON).standing == Standing.ALTERED
    assert check_file(data + b"\n1 0 obj\n<<>>\nendobj\n%%EOF\n", on=ON).standing == Standing.ALTERED  # how PDF editors save
    assert check_file(client.get(f"/en/my/certificates/{certificate.uuid}/pdf/").content, on=ON).standing == Standing.VALID


def test_drawing_again_gives_the_same_bytes(credited):
    paper = issue_certificate(credited, actor=credited.learner, at=LATER)

    assert draw_pdf(paper, "en") == draw_pdf(paper, "en")


def test_the_style_names_the_families_that_are_asked_about():
    listed = re.search(r"body \{ font: [^\"]*([^;]*), sans-serif;", STYLES.read_text("utf-8"))

    assert listed
    assert tuple(re.findall(r'"([^"]+)"', listed[1])) == FAMILIES
