"""Search on PostgreSQL: words and phrases of ``cms.search.text``, with the "simple" configuration and no extension."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Any

from django.contrib.postgres.search import SearchQuery
from modelsearch.backends.base import EmptySearchResults
from modelsearch.backends.database.postgres import postgres as stock
from modelsearch.backends.database.postgres.query import Lexeme
from modelsearch.index import AutocompleteField
from modelsearch.query import PlainText

from cms.search.backends.swap import indexer
from cms.search.text import index_pinyin, index_words, query_phrases


class Indexer(stock.ObjectIndexer):
    """Turns each value into our search words."""

    def prepare_field(self, obj: Any, field: Any) -> Any:
        for known, weight, value in super().prepare_field(obj, field):
            words = index_words(value)
            yield known, weight, f"{words} {index_pinyin(value)}" if isinstance(known, AutocompleteField) else words


class Index(stock.PostgresIndex):
    """The stock index with our words."""

    def add_items(self, model: Any, objs: Any) -> None:
        with indexer(stock, Indexer):
            super().add_items(model, objs)


class _OurWords:
    """Asks for phrases of our words instead of splitting at blanks."""

    LAST_TERM_IS_PREFIX = False

    def build_tsquery_content(self, query: Any, config: Any = None, invert: bool = False) -> Any:
        if invert or not isinstance(query, PlainText):
            return super().build_tsquery_content(query, config=config, invert=invert)  # type: ignore[misc]
        phrases = query_phrases(query.query_string)
        if self.LAST_TERM_IS_PREFIX:
            words = [word for phrase in phrases for word in phrase.split()]
            lexemes = [Lexeme(word, prefix=word is words[-1]) for word in words]
            return SearchQuery(reduce(and_, lexemes), search_type="raw", config=config)
        return reduce(and_, [SearchQuery(phrase, search_type="phrase", config=config) for phrase in phrases])


class QueryCompiler(_OurWords, stock.PostgresSearchQueryCompiler):
    """Search."""


class AutocompleteCompiler(_OurWords, stock.PostgresAutocompleteQueryCompiler):
    """Suggestions while typing."""

    LAST_TERM_IS_PREFIX = True


class SearchBackend(stock.PostgresSearchBackend):
    """The project's search on PostgreSQL."""

    query_compiler_class = QueryCompiler
    autocomplete_query_compiler_class = AutocompleteCompiler
    index_class = Index

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__({**params, "SEARCH_CONFIG": "simple"})

    def _search(self, query_compiler_class: Any, query: Any, model_or_queryset: Any, **kwargs: Any) -> Any:
        if isinstance(query, str) and not query_phrases(query):
            return EmptySearchResults()
        return super()._search(query_compiler_class, query, model_or_queryset, **kwargs)
