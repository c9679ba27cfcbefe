"""Commands on a partition give what they give on the table itself, and go on where they were killed."""

import filecmp
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from credit_model import LimitPredictor, read_catalogue
from credit_model.cli import main
from credit_model.files import fresh_folder
from credit_model.portfolio.months import format_month
from credit_model.scale import work as working
from credit_model.scale.explaining import write_explanations
from credit_model.scale.given import Given
from credit_model.scale.panel import CountLines
from credit_model.scale.partitioning import write_partition
from credit_model.scale.predicting import write_predictions
from credit_model.scale.work import Threads, parts_beside


def run(*args):
    """What a command prints; its own paths are taken out."""
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.output


def on_both(command, out, saved_warned, blocks, *options, name="out"):
    """Run a command on the panel and on its blocks; both outputs, after what was printed is found to be alike."""
    printed, outs = [], []
    for data in (saved_warned / "history.parquet", blocks.folder):
        target = out / str(len(outs)) / name
        args = ["--data", data, "--model", saved_warned / "model", "--out", target, *options]
        printed.append(run(command, *args).replace(str(target), "OUT").replace(str(data), "DATA"))
        outs.append(target)
    assert re.sub(r" +", " ", printed[0]) == re.sub(r" +", " ", printed[1])
    return outs


def assert_same_files(one, other):
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(other)) for path in other.rglob("*") if path.is_file())
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])
    assert not [path for path in other.parent.iterdir() if path.name.startswith(".")]


def test_check_says_the_same(saved_warned, blocks):
    one, other = (run("check", "--data", data).replace(str(data), "DATA")
                  for data in (saved_warned / "history.parquet", blocks.folder))  # fmt: skip
    assert one == other


@pytest.mark.parametrize("options", [(), ("--month", "2023-03", "--plots", "0"), ("--reference", "peers")])
def test_explanations_are_the_same_to_the_byte(tmp_path, saved_warned, blocks, options):
    one, other = on_both("explain", tmp_path, saved_warned, blocks, *options, "--jobs", "2")
    assert (one / "summary.parquet").is_file()
    assert_same_files(one, other)


@pytest.mark.parametrize(("name", "rows"), [("p.parquet", "last"), ("p.csv", "decisions")])
def test_predictions_are_the_same_to_the_byte(tmp_path, saved_warned, blocks, name, rows):
    one, other = on_both("predict", tmp_path, saved_warned, blocks, "--rows", rows, name=name)
    assert filecmp.cmp(one, other, shallow=False)


@pytest.mark.parametrize(("name", "options"), [("w.csv", ("--plans",)), ("w.html", ("--month", "2023-06"))])
def test_warnings_are_the_same_to_the_byte(tmp_path, saved_warned, blocks, name, options):
    one, other = on_both("watch", tmp_path, saved_warned, blocks, *options, name=name)
    assert filecmp.cmp(one, other, shallow=False)
    assert [path.name for path in other.parent.iterdir()] == [name]


def test_an_evaluation_is_the_same(tmp_path, saved_warned, blocks):
    one, other = on_both("evaluate", tmp_path, saved_warned, blocks)
    assert_same_files(one, other)


@pytest.mark.slow
def test_a_model_is_the_same_to_the_byte(tmp_path, saved_warned, blocks):
    settings = ("--structure", "score", "--trees", "4", "--fits", "2", "--most-decisions", "3000", "--seed", "1")
    models = []
    for data in (saved_warned / "history.parquet", blocks.folder):
        models.append(tmp_path / str(len(models)) / "model")
        told = run("train", "--data", data, "--out", models[-1], *settings)
        assert re.search(r"early warning +yes", told)
    assert_same_files(*models)


def test_a_report_is_the_same(tmp_path, saved_warned, blocks):
    one, other = on_both("report", tmp_path, saved_warned, blocks, "--most", "3", "--no-plans")
    assert_same_files(one, other)


def test_one_borrower_is_explained_with_the_waves_of_all(tmp_path, saved_warned, blocks, warned, warned_panel):
    borrower = warned.explain_decreases(warned_panel.history).borrower_id[-1]
    one, other = on_both("explain", tmp_path, saved_warned, blocks, "--borrower", borrower)
    assert_same_files(one, other)


def test_why_reads_a_partition_as_it_reads_a_table(saved_warned, blocks, warned, warned_panel):
    borrower = warned.explain_decreases(warned_panel.history).borrower_id[0]
    asked = ("--model", saved_warned / "model", "--borrower", borrower)
    one, other = (run("why", "--data", data, *asked) for data in (saved_warned / "history.parquet", blocks.folder))
    assert one == other


def test_the_bytes_do_not_depend_on_the_blocks_even_where_a_block_has_a_single_decrease(tmp_path, saved_warned):
    panel = saved_warned / "history.parquet"
    folders = []
    for n in (1, 25):
        found = write_partition(panel, read_catalogue("synthetic"), tmp_path / f"blocks{n}", blocks=n)
        with fresh_folder(tmp_path / f"out{n}") as partial:
            write_explanations(Given.of(found, saved_warned / "model"), partial, Threads(n))
        folders.append(tmp_path / f"out{n}")
    assert_same_files(*folders)


class KilledError(Exception):
    """Ends a run in its middle, as nothing in the package expects it."""


def killed_after(monkeypatch, n):
    """Blocks end in `KilledError` after ``n`` of them; the list of those that are worked at."""
    worked, real = [], working._write

    def write(place, *rest):
        if len(worked) >= n:
            raise KilledError
        worked.append(place.name)
        real(place, *rest)

    monkeypatch.setattr(working, "_write", write)
    return worked


def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path, saved_warned, blocks, monkeypatch):
    args = ["--data", blocks.folder, "--model", saved_warned / "model", "--plots", "0", "--jobs", "1"]
    with monkeypatch.context() as patch:
        first = killed_after(patch, 10)  # of 12: three passes over four blocks
        result = CliRunner().invoke(main, ["explain", *map(str, args), "--out", str(tmp_path / "e")])
        assert result.exit_code != 0
    assert not (tmp_path / "e").exists()
    second = killed_after(monkeypatch, 100)
    run("explain", *args, "--out", tmp_path / "e")
    run("explain", *args, "--out", tmp_path / "whole")
    assert first[-2:] == ["explain-000000", "explain-000001"]
    assert second[:2] == ["explain-000002", "explain-000003"]
    assert len(second) == 2 + 12
    assert_same_files(tmp_path / "whole", tmp_path / "e")


def test_parts_of_other_inputs_are_not_taken_up(tmp_path, saved_warned, blocks, monkeypatch):
    args = ["--data", blocks.folder, "--model", saved_warned / "model", "--plots", "0", "--jobs", "1"]
    with monkeypatch.context() as patch:
        killed_after(patch, 10)
        CliRunner().invoke(main, ["explain", *map(str, args), "--out", str(tmp_path / "e")])
    worked = killed_after(monkeypatch, 100)
    run("explain", *args, "--reference", "previous_month", "--out", tmp_path / "e")
    assert len(worked) == 12
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def test_a_part_that_was_not_whole_is_made_again(tmp_path, saved_warned, blocks):
    given = Given.of(blocks, saved_warned / "model")
    with pytest.raises(KilledError), parts_beside(tmp_path / "p.csv", given.work("predict")) as parts:
        (parts / "predict-000001").mkdir()  # without a summary, which is written last
        raise KilledError
    with parts_beside(tmp_path / "p.csv", given.work("predict")) as again:
        assert again == parts
        write_predictions(given, tmp_path / "p.csv", parts, Threads(1))
    LimitPredictor.load(saved_warned / "model").predict(blocks.whole()).to_csv(tmp_path / "whole.csv", index=False)
    assert (tmp_path / "p.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_partition_that_is_written_again_meanwhile_is_refused(tmp_path, saved_warned, warned_panel):
    warned_panel.history.to_parquet(tmp_path / "panel.parquet", index=False)
    found = write_partition(tmp_path / "panel.parquet", read_catalogue("synthetic"), tmp_path / "blocks", blocks=2)
    given = Given.of(found, saved_warned / "model")
    write_partition(tmp_path / "panel.parquet", read_catalogue("synthetic"), tmp_path / "blocks", blocks=3)
    with pytest.raises(ValueError, match="was written again while it was worked on"):
        given.partition  # noqa: B018


@pytest.mark.parametrize("command", ["check", "train", "predict", "explain", "watch", "evaluate", "report"])
def test_a_cluster_goes_with_a_partition_alone(tmp_path, saved_warned, command):
    args = [command, "--data", str(saved_warned / "history.parquet"), "--dask", "tcp://127.0.0.1:1"]
    args += [] if command == "check" else ["--out", str(tmp_path / "o.csv")]
    args += [] if command in ("check", "train") else ["--model", str(saved_warned / "model")]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2
    assert "--dask takes a partitioned folder" in result.output
    assert list(tmp_path.iterdir()) == []


def test_partition_tells_what_it_made(tmp_path, shuffled):
    told = run("partition", shuffled, "--out", tmp_path / "blocks", "--blocks", "3", "--memory", "50MB")
    assert re.search(r"borrower-months +18,000", told)
    assert sorted(path.name for path in Path(tmp_path / "blocks" / "blocks").iterdir())[-1] == "block-000002.parquet"
    result = CliRunner().invoke(main, ["partition", str(shuffled), "--out", str(tmp_path / "b"), "--memory", "2"])
    assert result.exit_code == 2
    assert "at least 16MB" in result.output


def test_counting_lines_reads_only_what_decides(saved_warned, blocks, monkeypatch):
    read, whole = set(), pq.ParquetFile.read

    def noted(self, *args, columns, **options):
        read.update(columns)
        return whole(self, *args, columns=columns, **options)

    monkeypatch.setattr(pq.ParquetFile, "read", noted)
    summary, _ = CountLines(Given.of(blocks, saved_warned / "model"))(0)
    assert summary["lines"]
    assert len(read) < 10 < len(blocks.block(0).cells)


def fallen(saved_warned):
    """A borrower whose limit fell, and when."""
    predictor = LimitPredictor.load(saved_warned / "model")
    one = predictor.explain_decreases(saved_warned / "history.parquet")[5]
    return str(one.borrower_id[0]), format_month(int(one.month_number[0]), one.month_type)


@pytest.mark.parametrize(
    ("command", "name", "monthly"),
    [
        (("notice",), "n.html", True),
        (("plot", "change"), "c.svg", True),
        (("plot", "what-if"), "w.svg", True),
        (("plot", "timeline"), "t.svg", False),
        (("plot", "population"), "o.svg", False),
        (("plot", "plan"), "p.svg", True),
    ],
)
def test_of_one_borrower_only_the_block_is_read_and_the_same_is_told(
    tmp_path, saved_warned, blocks, monkeypatch, command, name, monthly
):
    borrower, month = fallen(saved_warned)
    monkeypatch.setattr("credit_model.scale.partition.Partition.whole", None)
    outs = []
    for data in (saved_warned / "history.parquet", blocks.folder):
        outs.append(tmp_path / str(len(outs)) / name)
        outs[-1].parent.mkdir()
        when = ("--month", month) if monthly else ()
        run(
            *command,
            "--data",
            data,
            "--model",
            saved_warned / "model",
            "--borrower",
            borrower,
            *when,
            "--out",
            outs[-1],
        )
    assert filecmp.cmp(*outs, shallow=False)


@pytest.mark.parametrize("command", ["why", "plan"])
def test_of_one_borrower_the_same_is_printed(saved_warned, blocks, monkeypatch, command):
    borrower, month = fallen(saved_warned)
    monkeypatch.setattr("credit_model.scale.partition.Partition.whole", None)
    one, other = (
        run(command, "--data", data, "--model", saved_warned / "model", "--borrower", borrower, "--month", month)
        for data in (saved_warned / "history.parquet", blocks.folder)
    )
    assert one == other


def test_a_case_is_opened_from_the_borrowers_block(tmp_path, saved_warned, blocks, monkeypatch):
    borrower, month = fallen(saved_warned)
    monkeypatch.setattr("credit_model.scale.partition.Partition.whole", None)
    whose = ("--data", blocks.folder, "--model", saved_warned / "model", "--borrower", borrower, "--month", month)
    claim = ("--kind", "dispute", "--officer", "ann", "--claim", "My income is wrong.")
    said = run("appeal", "open", "--store", tmp_path / "desk.sqlite", *whose, *claim)
    assert "answer due" in said


def test_a_borrower_that_is_not_there_is_refused_in_one_line(saved_warned, blocks):
    for command in ("why", "plan"):
        args = [command, "--data", str(blocks.folder), "--model", str(saved_warned / "model"), "--borrower", "nobody"]
        result = CliRunner().invoke(main, args)
        assert result.exit_code == 1
        assert "borrower 'nobody' is not in the history" in result.output
