"""What belongs to one person is sealed under that person's key: readable with it, bound to its place, gone with it."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from foundation.keys.exceptions import BadMasterKey, KeyDestroyed, MasterKeyMissing, SealBroken
from foundation.keys.masters import make_master, master_names
from foundation.keys.models import PersonKey
from foundation.keys.sealing import MAGIC, destroy_person_key, keys_at_hand, rewrap_person_keys, seal, seal_text, unseal, unseal_text

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WORDS = "因病休学，附诊断证明。"


@pytest.fixture(autouse=True)
def masters(settings, tmp_path):
    settings.MASTER_KEYS_DIR = tmp_path / "masters"
    return settings.MASTER_KEYS_DIR


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("master_key", *arguments, stdout=out)
    return out.getvalue()


def test_what_is_sealed_is_not_readable_and_comes_back_whole():
    owner = uuid4()
    stored = seal_text(owner, "a.b.c", WORDS)

    assert WORDS not in stored
    assert unseal_text("a.b.c", stored) == WORDS
    assert seal_text(owner, "a.b.c", WORDS) != stored  # never the same twice: nobody sees that two are equal
    assert PersonKey.objects.count() == 1


def test_a_megabyte_comes_back_byte_by_byte():
    content = bytes(range(256)) * 4096

    stored = seal(uuid4(), "file", content)

    assert stored.startswith(MAGIC)
    assert unseal("file", stored) == content


def test_what_was_stored_before_there_were_seals_reads_as_it_is():
    assert unseal("file", b"%PDF-1.7") == b"%PDF-1.7"
    assert unseal_text("a.b.c", WORDS) == WORDS


@pytest.mark.parametrize("where", [len(MAGIC) + 2, len(MAGIC) + 20, -1])
def test_one_bit_that_was_turned_over_is_noticed(where):
    stored = bytearray(seal(uuid4(), "file", b"%PDF-1.7"))
    stored[where] ^= 1

    with pytest.raises((SealBroken, KeyDestroyed)):
        unseal("file", bytes(stored))


def test_nothing_moves_to_another_column_or_another_person():
    one, other = uuid4(), uuid4()
    stored = seal(one, "a.b.c", b"x")
    seal(other, "a.b.c", b"y")

    with pytest.raises(SealBroken):
        unseal("a.b.d", stored)
    with pytest.raises(SealBroken):
        unseal("a.b.c", stored.replace(one.bytes, other.bytes))


@pytest.mark.parametrize("cut", [6, 20, 30, 40])
def test_what_was_cut_short_is_a_broken_seal(cut):
    with pytest.raises((SealBroken, KeyDestroyed)):
        unseal("file", seal(uuid4(), "file", b"%PDF")[:cut])


def test_a_destroyed_key_takes_everything_with_it_and_none_comes_after():
    owner = uuid4()
    stored = seal_text(owner, "a.b.c", WORDS)

    with keys_at_hand():
        assert unseal_text("a.b.c", stored) == WORDS
        destroy_person_key(owner, at=AT)
        with pytest.raises(KeyDestroyed):
            unseal_text("a.b.c", stored)
    with pytest.raises(KeyDestroyed):
        seal(owner, "a.b.c", b"again")
    row = PersonKey.objects.get()
    assert (row.wrapped, row.master, row.destroyed_at) == (None, "", AT)


def test_the_schema_knows_a_key_or_its_end_and_nothing_between():
    seal(uuid4(), "file", b"x")

    with pytest.raises(IntegrityError), transaction.atomic():
        PersonKey.objects.update(wrapped=None)


def test_within_a_request_a_key_is_fetched_once(django_assert_num_queries):
    owner = uuid4()
    texts = [seal_text(owner, "a.b.c", WORDS) for _ in range(30)]

    with keys_at_hand(), django_assert_num_queries(1):
        assert {unseal_text("a.b.c", text) for text in texts} == {WORDS}


def test_the_master_key_is_rotated_without_touching_what_is_sealed():
    owners = [uuid4() for _ in range(3)]
    stored = [seal_text(owner, "a.b.c", WORDS) for owner in owners]
    destroy_person_key(owners[2], at=AT)
    assert told("list") == "0-first wraps 2 keys\n"

    told("new")
    newest = master_names()[-1]
    with pytest.raises(CommandError, match="still wrapped"):
        told("retire", "0-first")
    assert told("rewrap") == f"2 keys wrapped under {newest}\n"
    assert told("rewrap") == f"0 keys wrapped under {newest}\n"
    told("retire", "0-first")

    assert master_names() == [newest]
    assert [unseal_text("a.b.c", one) for one in stored[:2]] == [WORDS, WORDS]
    with pytest.raises(KeyDestroyed):
        unseal_text("a.b.c", stored[2])
    with pytest.raises(CommandError, match="This is the key that wraps"):
        told("retire", newest)
    with pytest.raises(CommandError, match="MasterKeyMissing"):
        told("retire", "0-first")


def test_a_master_key_that_is_missing_or_none_is_said_by_its_name(masters, settings):
    stored = seal_text(uuid4(), "a.b.c", WORDS)
    (masters / "0-first.master").rename(masters / "away")
    make_master("1-other")

    with pytest.raises(MasterKeyMissing, match="0-first"):
        unseal_text("a.b.c", stored)
    with pytest.raises(MasterKeyMissing, match="0-first"):
        rewrap_person_keys()
    assert told("list") == "0-first missing 1 keys\n1-other wraps 0 keys\n"
    (masters / "2-bad.master").write_text("not a key")
    with pytest.raises(BadMasterKey, match="2-bad"):
        unseal_text("a.b.c", stored)
    for path in masters.glob("*.master"):
        path.unlink()
    settings.MASTER_KEYS_MADE_HERE = False
    with pytest.raises(MasterKeyMissing):
        seal(uuid4(), "file", b"x")


def test_a_key_under_another_master_of_the_same_name_is_a_broken_seal(masters):
    stored = seal_text(uuid4(), "a.b.c", WORDS)
    (masters / "0-first.master").unlink()
    make_master("0-first")

    with pytest.raises(SealBroken, match="0-first"):
        unseal_text("a.b.c", stored)
