"""What can be wrong with files: code → Chinese and English. A complaint is its English sentence, and knows its code, its values and its Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXTS: dict[str, tuple[str, str]] = {
    "empty": ("不得为空", "is empty"),
    "twice": ("重复出现", "there twice"),
    "row_twice": ("{value} 重复出现", "{value} is there twice"),
    "twice_since": ("{value} 重复出现；首次出现在第 {row} 行", "{value} is there twice; first in row {row}"),
    "record_twice": ("{value} 在这位学习者名下重复出现", "{value} is there twice for this learner"),
    "table_twice": ("表 {table} 重复出现", "the table {table} is there twice"),
    "not_a_number": ("{value} 不是数字（小数用点号书写，不带单位）", "{value} is not a number (write it with a dot, without a unit)"),
    "not_whole": ("{value} 不是整数", "{value} is not a whole number"),
    "not_a_date": ("{value} 不是 2026-09-01 这样的日期", "{value} is not a date like 2026-09-01"),
    "not_a_flag": ("{value} 不是 1 或 0", "{value} is not 1 or 0"),
    "none_of": ("{value} 不在以下各项之中：{known}", "{value} is none of {known}"),
    "not_a_filter": ("{value} 不是 {key}=值 这样的筛选条件", "{value} is not a filter like {key}=value"),
    "no_unit": ("没有学分制 {value}", "there is no unit {value}"),
    "no_level": ("没有等级 {value}", "there is no level {value}"),
    "no_agreement": ("没有协议 {value}", "there is no agreement {value}"),
    "no_institution": ("没有机构 {value}", "there is no institution {value}"),
    "no_such": ("没有 {value}", "there is no {value}"),
    "leaf_above": ("{above} 是末级要求，下面不能再有内容", "{above} is a leaf and has nothing below it"),
    "hangs": ("{path} 位于 {above} 之下，但没有 {above}", "{path} hangs below {above}, which is not there"),
    "needs_rows": ("“{kind}”下面须有内容", "'{kind}' needs rows below it"),
    "needs_one": ("“{kind}”下面须有一行", "'{kind}' needs one row below it"),
    "needs_below": ("下面须有内容", "needs rows below it"),
    "leaf_below": ("末级下面不能再有内容", "a leaf has nothing below it"),
    "leaves_alone": ("“{kind}”下面只能是末级", "below '{kind}' stand leaves alone"),
    "between": ("须在 1 与 {most} 之间", "between 1 and {most}"),
    "rank": ("等级须写位次，即整数", "level is a rank, a whole number"),
    "not_a_need": ("{value} 不是 award=associate:6 这样的条件与需求", "{value} is not a condition and a need like award=associate:6"),
    "no_need": ("{value} 没有写需求", "{value} has no need"),
    "not_level_credits": ("{value} 不是 9:60 这样的等级与学分", "{value} is not a level and credits like 9:60"),
    "no_place": ("没有这个文件夹或文件", "there is no such folder or file"),
    "cannot_open": ("无法打开：{why}", "cannot be opened: {why}"),
    "many_rows": ("超过 {most} 行", "more than {most} rows"),
    "many_problems": ("问题过多，其余未读", "too many problems; the rest is not read"),
    "many_columns": ("有 {found} 列；这张表有 {known} 列", "{found} columns; this table has {known}"),
    "unknown_column": ("未知的列；已知的列：{known}", "an unknown column; known are {known}"),
    "missing_column": ("缺少这一列", "this column is missing"),
    "many_cells": ("标题有 {headings} 个，单元格有 {cells} 个", "{cells} cells under {headings} headings"),
    "long_cell": ("超过 {most} 个字符", "longer than {most} characters"),
    "nul": ("含有空字符", "holds a NUL"),
    "formula": ("是公式；请直接写数值", "a formula; write the value itself"),
    "above_zero": ("须大于 0", "must be more than 0"),
    "below_zero": ("小于 0", "below 0"),
    "not_a_rate": ("比率须为两个大于 0 的整数之比", "a rate is a fraction of two whole numbers above 0"),
    "month_day": ("须为 09-01 这样的月和日", "a month and day like 09-01"),
    "no_bound": ("限额须有上下限或占比", "a limit needs a bound or a share"),
    "second_row": ("规则 {rule} 有第二行同类内容", "rule {rule} has a second row of this kind"),
    "no_row": ("规则 {rule} 没有“{kind}”行", "rule {rule} has no row '{kind}'"),
    "not_a_position": ("{value} 不是 1.2 这样的位置，最多 {most} 层", "{value} is not a position like 1.2, at most {most} deep"),
    "how_many_credits": ("须写合计多少学分", "how many credits?"),
    "about_what": ("末级须写明所指：outcome、class、common_id、filter 或 issuer", "a leaf says what it is about: outcome, class, common_id, filter or issuer"),
    "one_list": ("授予的内容是一列，或一个 all、any、n_of，其下为末级", "what is given is a list, or one all, any or n_of over leaves"),
    "no_target": ("末级没有写授予的内容", "a leaf without a target"),
    "needs_subject": ("不指定课程的学分须写科目", "credit without a course needs a subject"),
    "not_a_step": ("{value} 不是 3:4 这样的分档", "{value} is not a step like 3:4"),
    "which_unit": ("按哪种学分计？有 {known}；请写明培养方案", "credit of which unit? There are {known}; name a programme"),
    "same_person": ("例外须由另一人批准（same_person）", "same_person: an exception is approved by somebody else"),
    "no_level_of_one": ("{value} 不是某一框架中的等级；请写 框架:等级 或位次", "{value} is no level of one framework; write framework:level, or a rank"),
    "map_form": ("{value}：table 方式写 等级表:等级，其他方式只写等级表", "{value}: a table says scale:label, another mode the scale alone"),
    "two_modes": ("{source} → {target} 有两种方式", "{source} → {target} has two modes"),
    "not_an_abbreviation": ("{value} 不是 intro=introduction 这样的缩写", "{value} is not an abbreviation like intro=introduction"),
    "not_framework_level": ("{value} 不是 框架:等级", "{value} is not framework:level"),
    "before": ("{value} 早于 {first}", "{value} is before {first}"),
    "circle": ("协议互相取代，成了一圈：{circle}", "agreements supersede each other in a circle: {circle}"),
    "same_framework": ("{value} 属于同一框架", "{value} is of the same framework"),
    "maps_back": ("{value} 又对应回 {back}", "{value} maps back to {back}"),
    "city_table": ("这张表全市通用，由平台运行人员导入", "this table holds for the whole city; an operator takes it in"),
    "too_long": ("最多 {most} 个字符", "at most {most} characters"),
    "too_large": ("{value} 过大", "{value} is too large"),
    "whose_outcome": ("须写明成果属于哪个机构", "says whose outcome it is"),
    "not_yours": ("{value} 不是您的机构", "{value} is not an institution of yours"),
    "empty_everywhere": ("这个培养方案的每一行都没有填", "is empty in every row of this programme"),
    "large_file": ("大于 {most} MB", "larger than {most} MB"),
    "large_unpacked": ("解压后大于 {most} MB", "unpacks to more than {most} MB"),
    "cannot_read": ("无法读取：{why}", "cannot be read: {why}"),
    "no_table": ("文件名不是表名；已知的表：{known}", "is named after no table; known are {known}"),
    "no_kind": ("不是 CSV、XLSX、JSON 或 ZIP 文件", "is no CSV, XLSX, JSON or ZIP file"),
    "table_needed": ("缺少这张表", "this table is needed"),
    "no_rules_table": ("没有规则表", "holds no table of rules"),
    "no_catalogue_table": ("没有目录中的表", "holds no table of the catalogue"),
    "cannot_read_at_all": ("无法读取", "cannot be read"),
    "nested": ("无法读取：嵌套过深", "cannot be read: nested too deeply"),
    "utf16": ("不是 UTF-8 编码（像是 UTF-16）；请另存为 UTF-8 编码的 CSV", "is not UTF-8 (it looks like UTF-16); save it as CSV UTF-8"),
    "not_utf8": ("不是 UTF-8 编码；请另存为 UTF-8 编码的 CSV", "is not UTF-8; save it as CSV UTF-8"),
    "gb18030": ("不是 UTF-8 编码（像是中文电子表格常用的 GB18030）；请另存为 UTF-8 编码的 CSV", "is not UTF-8 (it looks like GB18030, as Chinese spreadsheets save it); save it as CSV UTF-8"),
    "long_line": ("有一行超过 {most} 个字符", "a line is longer than {most} characters"),
    "many_parts": ("内含部分超过 {most} 个", "holds more than {most} parts"),
    "swollen": ("{part} 解压后超过原大小的 {most} 倍", "{part} unpacks to more than {most} times its size"),
    "much_text": ("文字超过 {most} MB", "holds more than {most} MB of text"),
    "document_type": ("{part} 声明了文档类型；工作簿中不应有", "{part} declares a document type; a workbook has none"),
    "objects_expected": ("应为一个由列表组成的对象，或一个由对象组成的列表", "expected one object of lists, or one list of objects"),
    "table_expected": ("应为表名", "expected the name of a table"),
    "sign_expected": ("第 {at} 个字符处应为 {sign}", "expected {sign} at position {at}"),
    "list_expected": ("应为由对象组成的列表", "expected a list of objects"),
    "cannot_read_at": ("第 {at} 个字符处无法读取：{why}", "cannot be read at position {at}: {why}"),
    "object_in_cell": ("有一个单元格里是对象", "a cell holds an object"),
    "not_a_rule": ("{why}", "{why}"),
    "ways": ("写法有 {n} 种：{values}", "is said in {n} ways: {values}"),
    "no_headings": ("为空；第一行须写列名", "is empty; the first row names the columns"),
    "not_a_share": ("占比须为两个整数之比，后者大于 0", "a share is a fraction of two whole numbers, the second above 0"),
    "which_terms": ("按哪个校历的学期？按学期的限额须写明校历", "which terms? a limit per term names a calendar"),
    "gap": ("{path} 之前有缺口；缺少 {missing}", "{path} comes after a gap; {missing} is missing"),
    "no_version": ("{value} 没有第 {version} 版", "there is no version {version} of {value}"),
    "no_learner": ("没有学习者 {value}", "there is no learner {value}"),
    "no_node": ("没有要求、规则或限额 {value}", "there is no node, rule or limit {value}"),
    "amount_not_below": ("须为不小于 0 的数", "an amount, not below 0"),
    "no_calendar": ("没有校历 {value}", "there is no calendar {value}"),
}  # fmt: skip
"""Values stand in the sentences as the files have them."""


class Complaint(str):
    """One sentence about a file or a cell; equal to its English text, so that it is sorted, compared and printed as that."""

    __slots__ = ("code", "data")

    code: str
    data: Mapping[str, Any]

    def __new__(cls, code: str, **data: Any) -> Complaint:
        text = TEXTS[code][1]
        found = str.__new__(cls, text.format_map(data) if data else text)
        found.code, found.data = code, data
        return found

    def text(self, language: str) -> str:
        """The sentence in ``zh-hans`` or ``en``."""
        return TEXTS[self.code][1 if language.startswith("en") else 0].format_map(self.data)
