from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.search.text import MOST_TERMS, find_terms, fold, index_pinyin, index_words, query_phrases


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("学分银行", "学分 分银 银行 学 分 银 行"),
        ("Python程序", "python 程序 程 序"),
        ("學分 ＡＢＣ１２", "学分 学 分 abc12"),
        ("<p>护理</p>", "护理 护 理"),
        ("书", "书"),
        ("，。!?", ""),
    ],
)
def test_a_text_is_found_under_pairs_and_single_characters(text, words):
    assert index_words(text) == words


@pytest.mark.parametrize(
    ("query", "phrases"),
    [("养老护理", ["养老 老护 护理"]), ("书", ["书"]), ("python 入门", ["python", "入门"]), ("", []), ('* - ( "', []), ("\x00", [])],
)
def test_a_query_asks_for_pairs_side_by_side(query, phrases):
    assert query_phrases(query) == phrases


def test_pinyin_and_initials_are_found_while_typing():
    assert index_pinyin("学分银行") == "xuefenyinhang xfyx" or index_pinyin("学分银行") == "xuefenyinhang xfyh"


@given(st.text(max_size=2000))
def test_every_text_is_a_query_of_few_terms(text):
    assert len(query_phrases(text)) <= MOST_TERMS


@given(st.text(alphabet="学分银行护理养老a1 ，", min_size=1, max_size=40), st.data())
def test_a_piece_of_a_text_is_found_in_it(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    piece = text[start : start + data.draw(st.integers(1, 6))]
    words = f" {index_words(text)} "

    assert all(
        f" {word} " in words or not word.isascii()
        for phrase in query_phrases(piece)
        for word in phrase.split()
        if not word.isascii() or len(word) > 9
    )


@given(st.text(max_size=80), st.text(min_size=1, max_size=5))
def test_marked_places_lie_in_the_text_and_do_not_overlap(text, term):
    places = find_terms(text, [fold(term)])

    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(first[1] < second[0] for first, second in itertools.pairwise(places))
