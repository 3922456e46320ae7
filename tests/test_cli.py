"""The command line, run as a person would."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import polars as pl
import pytest

from grantguard.store.database import Database

ROOT = Path(__file__).parent.parent
SAMPLE, MODEL = ROOT / "data" / "sample", ROOT / "models" / "default"


def run(
    *words: str | Path, cwd: Path = ROOT, settings: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grantguard", *map(str, words)]
    told = os.environ | {f"GRANTGUARD_{name.upper()}": value for name, value in (settings or {}).items()}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=told)  # noqa: S603 - ours


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert run("simulate", "--out", folder / "world", "--accounts", "300", "--seed", "3").returncode == 0
    assert run("train", "--data", folder / "world", "--out", folder / "model").returncode == 0
    return folder


def test_simulate_writes_the_tables_and_the_truth_apart(made: Path) -> None:
    names = {path.name for path in (made / "world").iterdir()}
    assert names >= {"accounts.parquet", "grants.parquet", "usage.parquet", "billing.parquet", "truth.parquet"}


def test_train_writes_a_whole_bundle(made: Path) -> None:
    names = {path.name for path in (made / "model").iterdir()}
    assert names == {"forest.npz", "card.json", "estimator.joblib", "digests.json"}


def test_training_on_too_few_to_hold_anybody_says_so(made: Path, tmp_path: Path) -> None:
    done = run("train", "--data", made / "world", "--out", tmp_path / "model", "--unschooled")
    assert done.returncode == 0
    assert "holds nobody by risk; 199 are needed" in done.stderr


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_score_writes_a_row_an_account(made: Path, suffix: str) -> None:
    out = made / f"scores.{suffix}"
    done = run("score", "--data", made / "world", "--model", made / "model", "--out", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    if suffix == "parquet":
        assert pl.read_parquet(out).height == 300
    else:
        assert len(out.read_text().splitlines()) == 300 + (suffix == "csv")


def test_score_reads_nothing_after_at(made: Path) -> None:
    out = made / "early.parquet"
    at = "2025-04-01T00:00:00+02:00"
    assert run("score", "--data", made / "world", "--model", made / "model", "--out", out, "--at", at).returncode == 0
    assert pl.read_parquet(out)["at"].dt.to_string("%FT%TZ").unique().to_list() == ["2025-03-31T22:00:00Z"]


def test_extract_writes_the_signals(made: Path) -> None:
    out = made / "signals.parquet"
    assert run("extract", "--data", made / "world", "--out", out).returncode == 0
    assert "drain_time" in pl.read_parquet(out).columns


def test_evaluate_prints_rankings_and_writes_a_page() -> None:
    done = run("evaluate", "--data", SAMPLE, "--model", MODEL, "--truth", SAMPLE / "truth.parquet")
    assert "forest on obvious features" in done.stdout
    assert done.returncode == 0


def test_explain_says_why() -> None:
    name = pl.read_parquet(SAMPLE / "truth.parquet").filter(pl.col("role") == "abuse")["account_id"][0]
    done = run("explain", "--data", SAMPLE, "--model", MODEL, "--account", name)
    assert done.returncode == 0
    assert name in done.stdout


def test_demo_ranks_and_reports(tmp_path: Path) -> None:
    done = run("demo", "--no-serve", "--out", tmp_path)
    assert done.returncode == 0
    assert "recommended only" in done.stdout
    assert (tmp_path / "report.html").stat().st_size > 100_000


def test_every_setting_is_listed() -> None:
    assert "GRANTGUARD_MODEL" in run("settings").stdout


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["score", "--data", "nowhere", "--model", str(MODEL), "--out", "x.parquet"], 1, "nowhere: no such folder"),
        (["score", "--data", str(SAMPLE), "--model", "nowhere", "--out", "x.parquet"], 1, "no bundle there"),
        (["score", "--data", str(SAMPLE), "--model", str(MODEL), "--out", "x.xlsx"], 2, "x.xlsx: end the name"),
        (["extract", "--data", str(SAMPLE), "--out", "x.csv", "--at", "soon"], 2, "'soon' is not a time"),
        (["explain", "--data", str(SAMPLE), "--model", str(MODEL), "--account", "nobody"], 1, "account nobody"),
        (["serve", "--no-store", "--host", "0.0.0.0"], 2, "is not loopback"),  # noqa: S104 - refused, which is the fact
    ],
)
def test_an_error_is_one_line_and_a_status(words: list[str], status: int, told: str, tmp_path: Path) -> None:
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


def test_wrong_usage_has_status_two() -> None:
    assert run("score").returncode == 2


def test_help_shows_an_example_for_each_command() -> None:
    for name in (
        "simulate",
        "train",
        "extract",
        "score",
        "evaluate",
        "explain",
        "serve",
        "demo",
        "settings",
        "worker",
        "ingest",
    ):
        assert "Example: grantguard" in run(name, "--help").stdout


def test_bad_rows_are_written_beside_the_output_and_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("accounts", "grants"):
        (data / f"{name}.parquet").write_bytes((SAMPLE / f"{name}.parquet").read_bytes())
    usage = pl.read_parquet(SAMPLE / "usage.parquet")
    usage.with_columns(credits=pl.when(pl.int_range(pl.len()) == 7).then(-1.0).otherwise("credits")).write_parquet(
        data / "usage.parquet"
    )
    done = run("extract", "--data", data, "--out", tmp_path / "signals.parquet")
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 rejected" in done.stderr
    assert json.loads((tmp_path / "rejected.jsonl").read_text())["row"] == 8


@pytest.mark.parametrize("store", ["--store", "--no-store"])
def test_serve_says_where_it_answers_and_stops_when_asked(home: Path, store: str) -> None:
    command = [sys.executable, "-m", "grantguard", "serve", "--port", "0", "--model", str(MODEL), store]
    told = os.environ | {"PYTHONUNBUFFERED": "1", "GRANTGUARD_HOME": str(home)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=told) as server:  # noqa: S603
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:  # noqa: S310 - loopback
            assert json.load(answer)["status"] == "ok"
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


def test_a_key_is_printed_alone_and_listed_without_what_opens_with_it(database: Database) -> None:
    store = {"database_url": database.url}
    made = run("keys", "create", "--name", "gateway", "--scope", "ingest", "--scope", "risk", settings=store)
    assert re.fullmatch(r"gg_[0-9a-f]{8}_[0-9A-Za-z_-]{43}\n", made.stdout)
    assert run("keys", "revoke", "--name", "gateway", settings=store).returncode == 0
    listed = run("keys", "list", settings=store).stdout
    assert "gateway" in listed
    assert "revoked" in listed
    assert made.stdout.strip() not in listed


def test_a_data_directory_is_put_in_once(database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        done = run("ingest", "--data", SAMPLE, settings={"database_url": database.url, "home": str(tmp_path)})
        assert (done.returncode, done.stdout) == (0, "")
    with database.connection() as connection:
        kept = connection.execute("SELECT count(*) FROM usage").fetchone()
    assert kept == (pl.read_parquet(SAMPLE / "usage.parquet").height,)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("db", "upgrade"), ""),
        (("db", "status"), "migrations waiting: none"),
        (("db", "retain", "--days", "30"), ""),
        (("ledger", "status"), "delivering: 0 waiting, 0 given up"),
        (("ledger", "start", "--by", "ada"), ""),
        (("ledger", "replay"), ""),
    ],
)
def test_who_operates_a_store_can_ask_it(database: Database, words: tuple[str, ...], told: str) -> None:
    done = run(*words, settings={"database_url": database.url})
    assert (done.returncode, done.stderr) == (0, "")
    assert told in done.stdout


def test_no_secret_is_shown_among_the_settings() -> None:
    secrets = {"secret": "s3cret-s3cret-s3cret", "stripe_key": "sk_s3cret", "database_url": "postgresql://u:s3cret@h/d"}
    shown = run("settings", settings=secrets).stdout
    assert "s3cret" not in shown
    assert shown.count("set, not shown") == 3


def test_two_ledgers_are_one_too_many(tmp_path: Path, database: Database) -> None:
    store = {"home": str(tmp_path), "database_url": database.url}
    both = {"webhook_url": "https://ledger.example/x", "stripe_key": "sk_test"}
    done = run("serve", "--port", "0", settings=store | both)
    assert done.returncode == 2
    assert "choose one of the two" in done.stderr


def test_verdicts_teach_a_new_bundle(made: Path) -> None:
    known = pl.read_parquet(made / "world" / "truth.parquet")
    told = (
        known.select("account_id", label="role")
        .sample(60, seed=1)
        .with_columns(labelled_at=pl.lit("2025-05-20T00:00:00Z"))
    )
    told.write_csv(made / "verdicts.csv")
    taught = ("learn", "--data", made / "world", "--labels", made / "verdicts.csv", "--model", made / "model")
    done = run(*taught, "--out", made / "taught")
    assert (done.returncode, done.stderr) == (0, "")
    card = json.loads((made / "taught" / "card.json").read_text())
    assert {each["account_id"] for each in card["verdicts"]} <= set(told["account_id"])
    assert run("score", "--data", made / "world", "--model", made / "taught", "--out", made / "s.csv").returncode == 0


def test_a_version_is_never_overwritten_by_learning(made: Path) -> None:
    (made / "one.csv").write_text("account_id,label,labelled_at\nnobody,abuse,2025-05-20T00:00:00Z\n")
    taught = ("learn", "--data", made / "world", "--labels", made / "one.csv", "--model", made / "model")
    assert run(*taught, "--out", made / "model").returncode == 2


def test_verdicts_on_strangers_are_one_line_of_error(made: Path) -> None:
    (made / "one.csv").write_text("account_id,label,labelled_at\nnobody,abuse,2025-05-20T00:00:00Z\n")
    done = run(
        *("learn", "--data", made / "world", "--labels", made / "one.csv"),
        *("--model", made / "model", "--out", made / "new"),
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "labels" in done.stderr


def test_the_queue_leaves_out_who_has_a_verdict(made: Path) -> None:
    asked = ("queue", "--data", made / "world", "--model", made / "model", "--top", "20")
    assert run(*asked, "--out", made / "queue.csv").returncode == 0
    first = pl.read_csv(made / "queue.csv")["account_id"][0]
    (made / "told.csv").write_text(f"account_id,label,labelled_at\n{first},genuine,2025-04-20T00:00:00Z\n")
    assert run(*asked, "--labels", made / "told.csv", "--out", made / "next.csv").returncode == 0
    assert first not in pl.read_csv(made / "next.csv")["account_id"].to_list()


def test_weights_lie_between_nothing_and_one(made: Path) -> None:
    done = run("weigh", "--data", made / "world", "--model", made / "model", "--out", made / "weights.parquet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    weights = pl.read_parquet(made / "weights.parquet")
    assert weights.columns == ["account_id", "session_id", "weight"]
    assert weights["weight"].is_between(0, 1).all()
    assert weights.filter(pl.col("session_id").is_null()).height == 300


def test_a_backtest_writes_a_page_of_its_own(made: Path) -> None:
    done = run(
        *("backtest", "--data", made / "world", "--model", made / "model"),
        *("--truth", made / "world" / "truth.parquet", "--looks", "2", "--out", made / "backtest.html"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "before stop" in done.stdout
    assert "plotly" in (made / "backtest.html").read_text()


def test_a_flag_that_the_calibration_cannot_give_says_what_is_lacking(made: Path, tmp_path: Path) -> None:
    blatant = ("--accounts", "300", "--seed", "3", "--prevalence", "0.1", "--stealth", "0.1")
    assert run("simulate", "--out", tmp_path / "world", *blatant).returncode == 0
    done = run(
        *("score", "--data", tmp_path / "world", "--model", made / "model", "--fdr", "0.0001"),
        *("--out", tmp_path / "flagged.parquet"),
    )
    assert done.returncode == 1
    assert "more trusted accounts" in done.stderr


def test_flags_come_as_a_column(made: Path) -> None:
    out = made / "flagged.parquet"
    done = run("score", "--data", SAMPLE, "--model", MODEL, "--fdr", "0.3", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert pl.read_parquet(out)["flagged"].sum() > 0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRANTGUARD_HOME", str(tmp_path))
    return tmp_path


def promote(*more: str) -> subprocess.CompletedProcess[str]:
    return run("models", "promote", MODEL, "--by", "Ada Marsh", "--why", "the first", *more)


@pytest.mark.usefixtures("home")
def test_a_promoted_model_is_the_champion() -> None:
    assert promote().returncode == 0
    assert "champion" in run("models", "list").stdout


@pytest.mark.usefixtures("home")
def test_who_promoted_it_and_why_is_shown() -> None:
    promote()
    assert "by Ada Marsh: the first" in run("models", "show", MODEL).stdout


@pytest.mark.usefixtures("home")
def test_a_model_calibrated_on_simulated_accounts_never_enforces() -> None:
    done = promote("--enforce")
    assert done.returncode == 1
    assert "recommends and never enforces" in done.stderr


@pytest.mark.usefixtures("home")
def test_an_anonymous_promotion_is_refused() -> None:
    done = run("models", "promote", MODEL, "--by", " ", "--why", "the first")
    assert (done.returncode, "say who promotes" in done.stderr) == (2, True)


def test_verify_finds_a_changed_byte_on_the_shelf(home: Path) -> None:
    promote()
    (forest,) = home.glob("models/*/forest.npz")
    forest.write_bytes(forest.read_bytes()[:-1] + b"\0\0")
    done = run("models", "verify")
    assert (done.returncode, "does not match its digest" in done.stderr) == (1, True)


def test_a_bundle_that_cannot_be_read_is_named_with_its_folder(tmp_path: Path) -> None:
    done = run("models", "show", str(tmp_path))
    assert (done.returncode, f"{tmp_path}: no forest.npz" in done.stderr) == (1, True)


@pytest.mark.usefixtures("home")
def test_compare_writes_every_account(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "beside.parquet"
    done = run("models", "compare", MODEL, made / "model", "--data", made / "world", "--out", out)
    assert (done.returncode, done.stderr, pl.read_parquet(out).height) == (0, "", 300)


def test_drift_on_its_own_accounts_needs_no_new_forest(made: Path) -> None:
    done = run("drift", "--data", made / "world", "--model", made / "model")
    assert (done.returncode, done.stderr) == (0, "")


def test_drift_says_why_to_train_anew(made: Path, tmp_path: Path) -> None:
    assert run("simulate", "--out", tmp_path, "--accounts", "300", "--seed", "3").returncode == 0
    usage = pl.read_parquet(tmp_path / "usage.parquet")
    scripted = usage.with_columns(
        pl.col("occurred_at").dt.truncate("10m"), input_tokens=pl.lit(4000), output_tokens=pl.lit(10)
    )
    scripted.write_parquet(tmp_path / "usage.parquet")
    done = run("drift", "--data", tmp_path, "--model", made / "model")
    assert (done.returncode, "train a new forest" in done.stderr) == (1, True)


def test_one_proxy_before_everybody_is_warned_of(made: Path, tmp_path: Path) -> None:
    assert run("simulate", "--out", tmp_path / "world", "--accounts", "300", "--seed", "3").returncode == 0
    usage = pl.read_parquet(tmp_path / "world" / "usage.parquet").with_columns(ip_hash=pl.lit("proxy"))
    usage.write_parquet(tmp_path / "world" / "usage.parquet")
    done = run("score", "--data", tmp_path / "world", "--model", made / "model", "--out", tmp_path / "scores.csv")
    assert (done.returncode, "warning: usage.ip_hash" in done.stderr) == (0, True)
