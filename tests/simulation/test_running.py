"""The same answers for every executor, number of shards and interruption; nobody is counted twice and nothing is worked twice."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pandas as pd
import pytest

from creditbank.rules.types import Limit
from creditbank.simulation import output, running
from creditbank.simulation.__main__ import main
from creditbank.simulation.answers import Book
from creditbank.simulation.executors import Dask, DaskIsMissing, Pool
from creditbank.simulation.running import simulate
from tests.simulation.test_comparing import AFTER, BEFORE, ON, Decimal, city

FILES = Path(__file__).parents[1] / "rules/files"


@pytest.fixture(scope="module")
def whole():
    return simulate(city(120), BEFORE, AFTER, on=ON, shards=1)


def same(simulation, whole):
    pd.testing.assert_frame_equal(simulation.learners, whole.learners)
    assert simulation.report.as_json() == whole.report.as_json()
    assert simulation.decided == whole.decided


@pytest.mark.parametrize("shards", [2, 7, 40])
def test_the_number_of_shards_and_the_order_of_people_change_nothing(whole, shards):
    same(simulate(list(reversed(city(120))), BEFORE, AFTER, on=ON, shards=shards), whole)


def test_several_processes_give_the_same(whole):
    same(simulate(city(120), BEFORE, AFTER, on=ON, shards=3, executor=Pool(2)), whole)


@pytest.fixture(scope="module")
def cluster():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_two_workers_gives_the_same(whole, cluster):
    asked = cluster.run(os.getpid)

    same(simulate(city(120), BEFORE, AFTER, on=ON, shards=6, executor=Dask(cluster)), whole)

    assert len(set(asked.values()) - {os.getpid()}) == 2


@dataclass(frozen=True)
class Dying:
    """Work in which one shard ends its worker, once."""

    work: running.Work
    mark: Path

    def __call__(self, place):
        if not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.work(place)


@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_is_killed_midway_changes_nothing(whole, cluster, tmp_path, monkeypatch):
    class Deadly(Dask):
        def map(self, work, shards):
            return super().map(Dying(work, tmp_path / "dead"), shards)

    same(simulate(city(120), BEFORE, AFTER, on=ON, shards=6, executor=Deadly(cluster), folder=tmp_path), whole)

    assert (tmp_path / "dead").exists()


def test_dask_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(DaskIsMissing, match="Dask is not installed here"):
        simulate(city(3), BEFORE, AFTER, on=ON, executor=Dask())


def test_progress_is_told_while_it_runs():
    heard = []

    simulate(city(30), BEFORE, AFTER, on=ON, shards=4, told=lambda done, total: heard.append((done, total)))

    assert heard == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_another_question_never_finds_the_shards_of_this_one(tmp_path):
    people = city(30)
    simulate(people, BEFORE, AFTER, on=ON, folder=tmp_path)
    limited = Book(AFTER.base, (Limit("L", bound=Decimal(3)),))

    same(simulate(people, BEFORE, limited, on=ON, folder=tmp_path), simulate(people, BEFORE, limited, on=ON))


def arguments(tmp_path, out, *more):
    text = (FILES / "rules.csv").read_text("utf-8").replace("R8,from,1,leaf,,AP:BIO,,,3", "R8,from,1,leaf,,AP:BIO,,,6")
    (tmp_path / "new.csv").write_text(text, "utf-8")
    return ["--tables", str(FILES), "--new-rules", str(tmp_path / "new.csv"), "--on", "2026-01-01", "--out", str(tmp_path / out), *more]


KILLED = """
import sys, time
from creditbank.simulation import output, running
from tests.simulation.test_comparing import AFTER, BEFORE, ON, city
from pathlib import Path
honest = running.compare
def slow(*asked):
    time.sleep(0.3)
    return honest(*asked)
running.compare = slow
running.simulate(city(120), BEFORE, AFTER, on=ON, shards=8, folder=Path(sys.argv[1]))
"""


def test_a_run_that_was_killed_goes_on_and_works_no_finished_shard_again(whole, tmp_path, monkeypatch):
    with Popen([sys.executable, "-c", KILLED, str(tmp_path)]) as process:
        until = time.monotonic() + 60
        while len(list(tmp_path.rglob("*.answer.json"))) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    kept = {place: place.stat().st_mtime_ns for place in tmp_path.rglob("*.answer.json")}
    worked = []
    honest = running.compare
    monkeypatch.setattr(running, "compare", lambda people, *asked: worked.append(len(people)) or honest(people, *asked))

    simulation = simulate(city(120), BEFORE, AFTER, on=ON, shards=8, folder=tmp_path)

    same(simulation, whole)
    assert 3 <= len(kept) < 8
    assert len(worked) == 8 - len(kept)
    assert {place: place.stat().st_mtime_ns for place in kept} == kept


@pytest.mark.parametrize("out", ["report.xlsx", "report", "report.csv", "report.parquet"])
def test_the_command_writes_learners_and_totals(tmp_path, out):
    assert main(arguments(tmp_path, out)) == 0

    place = tmp_path / out
    if out.endswith(".xlsx"):
        learners, rules = pd.read_excel(place, "learners", dtype=str), pd.read_excel(place, "rules", dtype=str)
    elif out.endswith(".parquet"):
        learners, rules = pd.read_parquet(place), pd.read_parquet(tmp_path / "report/rules.parquet")
        learners[["before", "after"]] = (learners[["before", "after"]] // 100).map(lambda tenths: f"{tenths / 10:g}")
    else:
        learners = pd.read_csv(place if place.is_file() else place / "learners.csv", dtype=str)
        rules = pd.read_csv(tmp_path / "report/rules.csv", dtype=str)
    assert list(zip(learners.learner, learners.verdict, learners.before, learners.after, strict=True)) == [
        ("chen", "unchanged", "0", "0"), ("lin", "lost", "15", "8"),
    ]  # fmt: skip
    assert "R8" in set(rules.rule)


@pytest.mark.parametrize("executor", ["inline", "pool"])
def test_the_command_works_with_every_executor(tmp_path, executor):
    assert (
        main(arguments(tmp_path, "report.csv", "--executor", executor, "--workers", "2", "--shards", "2", "--keep", str(tmp_path / "kept")))
        == 0
    )
    assert pd.read_csv(tmp_path / "report.csv").verdict.tolist() == ["unchanged", "lost"]


def test_bad_new_rules_are_refused(tmp_path, capsys):
    (tmp_path / "new.csv").write_text("rule_id,row,wrong\nR,from,1\n", "utf-8")

    assert (
        main(["--tables", str(FILES), "--new-rules", str(tmp_path / "new.csv"), "--on", "2026-01-01", "--out", str(tmp_path / "out")]) == 1
    )
    assert "an unknown column" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_ending_that_is_not_known_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(arguments(tmp_path, "report.pdf"))

    assert ".pdf is none of .xlsx, .parquet, .csv" in capsys.readouterr().err


def test_more_learners_than_a_sheet_holds_are_refused_before_anything_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(output, "MOST_ROWS", 1)

    assert main(arguments(tmp_path, "report.xlsx")) == 1

    assert capsys.readouterr().err.endswith("2 learners are more than a sheet holds (1): choose .parquet or .csv\n")
    assert not (tmp_path / "report.xlsx").exists()
