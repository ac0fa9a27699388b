"""Search on SQLite (FTS5): words and phrases of ``cms.search.text`` in the place of the stock splitting."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Any

from modelsearch.backends.base import EmptySearchResults
from modelsearch.backends.database.sqlite import sqlite as stock
from modelsearch.backends.database.sqlite.query import Lexeme, SearchQueryExpression
from modelsearch.index import AutocompleteField
from modelsearch.query import PlainText

from cms.search.backends.swap import indexer
from cms.search.text import index_pinyin, index_words, query_phrases


class Indexer(stock.ObjectIndexer):
    """Turns each value into our search words."""

    def prepare_field(self, obj: Any, field: Any) -> Any:
        for known, value in super().prepare_field(obj, field):
            words = index_words(value)
            yield known, f"{words} {index_pinyin(value)}" if isinstance(known, AutocompleteField) else words


class Index(stock.SQLiteIndex):
    """The stock index with our words."""

    def add_items(self, model: Any, objs: Any) -> None:
        with indexer(stock, Indexer):
            super().add_items(model, objs)


class _OurWords:
    """Asks for phrases of our words instead of splitting at blanks."""

    LAST_TERM_IS_PREFIX = False

    def build_search_query_content(self, query: Any, config: Any = None) -> Any:
        if not isinstance(query, PlainText):
            return super().build_search_query_content(query, config=config)  # type: ignore[misc]
        phrases = query_phrases(query.query_string)
        lexemes = [Lexeme(phrase, prefix=self.LAST_TERM_IS_PREFIX and phrase is phrases[-1]) for phrase in phrases]
        return SearchQueryExpression(reduce(and_, lexemes), config=config)


class QueryCompiler(_OurWords, stock.SQLiteSearchQueryCompiler):
    """Search."""


class AutocompleteCompiler(_OurWords, stock.SQLiteAutocompleteQueryCompiler):
    """Suggestions while typing."""

    LAST_TERM_IS_PREFIX = True


class SearchBackend(stock.SQLiteSearchBackend):
    """The project's search on SQLite."""

    query_compiler_class = QueryCompiler
    autocomplete_query_compiler_class = AutocompleteCompiler
    index_class = Index

    def _search(self, query_compiler_class: Any, query: Any, model_or_queryset: Any, **kwargs: Any) -> Any:
        if isinstance(query, str) and not query_phrases(query):
            return EmptySearchResults()
        return super()._search(query_compiler_class, query, model_or_queryset, **kwargs)
