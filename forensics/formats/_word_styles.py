"""The empty Word document that reports are written into: page, styles, footer with page x of y, properties."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from forensics import hostile
from forensics.formats._word import W

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle

_INK = RGBColor(0x1D, 0x1B, 0x18)


def blank(*, tool: str, title: str, dated: datetime) -> Document:
    """Return an A4 document without text, in British English, its properties given and nothing of its template's."""
    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(22)
    page.top_margin, page.bottom_margin = Mm(20), Mm(22)
    _styles(document)
    footer = page.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    line = footer._p  # noqa: SLF001  python-docx has no fields
    for piece in ("page ", "PAGE", " of ", "NUMPAGES"):
        if piece.isupper():
            field = f'<w:fldSimple xmlns:w="{W}" w:instr="{piece}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'
            line.append(parse_xml(field))
        else:
            footer.add_run(piece)
    known = document.core_properties
    known.title, known.author, known.last_modified_by = (
        hostile.one_line(title),
        f"forensics {tool}",
        f"forensics {tool}",
    )
    known.comments, known.language, known.revision = "", "en-GB", 1
    known.created = known.modified = dated
    relations = document.part.package.rels
    for key in [key for key, one in relations.items() if one.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del relations[key]
    return document


def _styles(document: Document) -> None:
    styles = document.styles
    for language in styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")
    normal: ParagraphStyle = styles["Normal"]
    normal.font.name, normal.font.size = "Cambria", Pt(10.5)
    normal.paragraph_format.space_after = Pt(6)
    for name, size in (("Title", 18), ("Heading 1", 14), ("Heading 2", 12), ("Heading 3", 11), ("Caption", 9)):
        style = styles[name]
        style.font.size, style.font.color.rgb, style.font.name = Pt(size), _INK, "Cambria"
        style.font.bold = name != "Caption"
        style.paragraph_format.keep_with_next = True
        fonts = style.element.rPr.rFonts
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
    numbered: ParagraphStyle = styles.add_style("Numbered", WD_STYLE_TYPE.PARAGRAPH)
    numbered.base_style = normal
    numbered.paragraph_format.left_indent, numbered.paragraph_format.first_line_indent = Mm(11), Mm(-11)
    numbered.paragraph_format.tab_stops.add_tab_stop(Mm(11))
    note: ParagraphStyle = styles.add_style("Note", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = normal
    note.font.size = Pt(8.5)
    for name in ("Cell", "Quoted"):
        cell: ParagraphStyle = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        cell.base_style = normal
        cell.font.size = Pt(8)
        cell.paragraph_format.space_after = Pt(1)
