"""The two commands and what they rest on: pins, vendored files, the job queue, the embedded database."""

from __future__ import annotations

import ast
import datetime as dt
import hashlib
import os
import re
import socket
import stat
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from celery.beat import Scheduler
from kombu import Connection

from postloan.celery import app, broker
from roads import native, places, ports
from roads.children import Family
from roads.environment import RUNNING, TESTING
from roads.postgres import LONGEST_SOCKET_PATH, SOCKET_NAME, Postgres
from roads.run import read_env
from roads.say import Stop

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"(?P<name>[\w.-]+)(\[[\w,]+\])?==(?P<version>[\w.]+)\s*# \S.*")


def pins() -> dict[str, str]:
    found = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                match = PIN.fullmatch(line)
                assert match, f"{name}: an exact pin and the reason for it, not: {line}"
                found[match["name"]] = match["version"]
    return found


def test_every_package_is_pinned_with_its_reason_and_installed_so() -> None:
    wrong = {name: (pin, version(name)) for name, pin in pins().items() if version(name) != pin}
    assert not wrong


HASHES = r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n"
LOCKED = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?P<elsewhere> ; [^\\\n]+)?" + HASHES)


def locked(name: str) -> dict[str, str]:
    """The version of every package of a lock file that is for any machine; each of its lines is of one with hashes."""
    content = "".join(line for line in (ROOT / name).read_text().splitlines(keepends=True) if line[0] != "#")
    assert LOCKED.sub("", content) == "", f"{name}: not a package with its hashes"
    return {match["name"]: match["version"] for match in LOCKED.finditer(content) if not match["elsewhere"]}


def test_what_is_installed_is_locked_by_hash_with_all_that_it_brings_along() -> None:
    running, testing = locked(RUNNING), locked(TESTING)
    assert running.items() <= testing.items()
    pinned = {name.lower().replace("_", "-"): pin for name, pin in pins().items()}
    assert pinned.items() <= testing.items(), "lock anew: requirements.txt says how"
    assert testing == {name: version(name) for name in testing}


def test_versions_that_matter_are_held() -> None:
    def of(name: str) -> tuple[int, ...]:
        return tuple(int(part) for part in pins()[name].split(".")[:2])

    assert of("Django") == (5, 2)
    assert of("kombu") >= (5, 7)  # earlier ones stay alive without consuming after a lost connection
    assert of("weasyprint") >= (70, 0)  # earlier ones have fetcher bypasses


def test_vendored_files_are_the_ones_recorded() -> None:
    folder = ROOT / "static" / "vendor"
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (folder / "VENDOR.md").read_text().splitlines()
        if line.startswith("|") and not line.startswith(("| file", "|---"))
    ]
    recorded = {row[0]: row[4] for row in rows}
    actual = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "VENDOR.md"
    }
    assert actual == recorded
    assert not any(
        "sourceMappingURL" in path.read_text() for path in folder.iterdir() if path.suffix != ".md"
    )


def test_what_runs_before_the_installation_imports_the_standard_library_only() -> None:
    after = {"prepare.py", "machine.py", "lint_migrations.py"}
    for path in [*(ROOT / "roads").glob("*.py"), ROOT / "tests" / "smoke" / "run_smoke.py"]:
        if path.name in after:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"roads"}
            assert not foreign, f"{path.name} imports {foreign}"


def test_the_two_commands_can_be_started() -> None:
    for name in ("run", "test", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name
    for name in ("run", "test"):
        asked = subprocess.run([ROOT / name, "--help"], capture_output=True, text=True, check=False)
        assert asked.returncode == 0 and f"./{name}" in asked.stdout


# --- the job queue ---------------------------------------------------------------------------------------


def test_the_queue_loses_nothing_for_long() -> None:
    """The values that were measured; a change of one is a decision, not a tidy-up."""
    conf = app.conf
    assert conf.task_acks_late and conf.task_reject_on_worker_lost and conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1
    assert conf.worker_cancel_long_running_tasks_on_connection_loss
    assert conf.worker_soft_shutdown_timeout == 30
    assert conf.broker_connection_max_retries is None
    assert conf.task_time_limit < conf.visibility_timeout == 300
    assert conf.result_backend_transport_options["visibility_timeout"] == 300
    assert conf.timezone == "Asia/Shanghai"


def test_redis_is_asked_for_unacknowledged_work_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/15")
    options = broker()["broker_transport_options"]
    assert options["visibility_timeout"] == 300
    assert options["unacked_restore_interval"] == 5
    assert options["unacked_restore_throttle"] == 1
    assert options["health_check_interval"] == 25


def test_every_beat_entry_names_a_job_that_takes_what_it_is_given() -> None:
    import_module("postloan.jobs")
    entries = app.conf.beat_schedule
    assert {entry["task"] for entry in entries.values()} == {
        "postloan.jobs.tick",
        "postloan.jobs.deliver_outbox",
        "postloan.jobs.preview",
        "postloan.jobs.seal_audit",
    }
    for name, entry in entries.items():
        job = app.tasks[entry["task"]]
        job.__header__(*entry.get("args", ()), **entry.get("kwargs", {}))  # raises if they do not bind
        assert entry["options"]["expires"] < entry["schedule"], name


@pytest.mark.parametrize("hour", range(24))
def test_the_tick_is_due_within_five_minutes_of_a_start_at_any_hour(hour: int) -> None:
    """An interval, not a crontab: what was missed does not wait for tomorrow's hour."""
    started = dt.datetime(2026, 11, 24, hour, 7, tzinfo=dt.UTC)
    scheduler = Scheduler(app=app, lazy=True)
    scheduler.merge_inplace(app.conf.beat_schedule)
    tick = scheduler.schedule["tick"]
    schedule = tick.schedule
    schedule.nowfun = lambda: started + dt.timedelta(minutes=5)
    assert schedule.is_due(started).is_due
    schedule.nowfun = lambda: started
    assert schedule.is_due(started).next <= 300


def test_a_reader_of_the_folder_broker_never_meets_half_a_message(tmp_path: Path) -> None:
    folders = {
        "data_folder_in": tmp_path,
        "data_folder_out": tmp_path,
        "control_folder": tmp_path / "control",
    }
    with Connection("folder://", transport_options={k: str(v) for k, v in folders.items()}) as connection:
        queue = connection.SimpleQueue("celery")
        # What a writer leaves if it dies, or is only half-way: nobody may read it as a message.
        (tmp_path / "0_dead.celery.msg.part").write_text('{"bo')
        queue.put({"day": "2026-11-24"})
        queue.put({"day": "2026-11-25"})
        got = [queue.get(timeout=5) for _ in range(2)]
        assert [message.payload["day"] for message in got] == ["2026-11-24", "2026-11-25"]
        for message in got:
            message.ack()
        queue.close()


# --- ./run -----------------------------------------------------------------------------------------------


def test_a_busy_port_is_named_with_another_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Stop, match=rf"端口 {port} 已被占用.*--port \d+"):
            ports.claim("127.0.0.1", port)


def run(*args: str, var: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [ROOT / "run", *args],
        env=env | {"POSTLOAN_VAR": str(var)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("port", ["0", "65536", "八千"])
def test_a_port_that_is_none_is_refused_in_a_sentence(port: str, tmp_path: Path) -> None:
    refused = run("--port", port, var=tmp_path / "var")
    assert refused.returncode == 2 and "端口须是 1 到 65535 的整数" in refused.stderr


def test_reset_deletes_nothing_unasked(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    (var / "letter.pdf").write_text("kept")
    refused = run("--reset", var=var)
    assert refused.returncode == 1 and "--yes" in refused.stderr and "Traceback" not in refused.stderr
    assert (var / "letter.pdf").read_text() == "kept"


def test_reset_empties_no_folder_that_is_not_its_own(tmp_path: Path) -> None:
    """POSTLOAN_VAR might name anybody's folder."""
    var = tmp_path / "documents"
    var.mkdir()
    (var / "thesis.txt").write_text("kept")
    refused = run("--reset", "--yes", var=var)
    assert refused.returncode == 1 and "不会清空" in refused.stderr
    assert (var / "thesis.txt").read_text() == "kept"


def test_a_note_of_processes_long_gone_stops_nobody(tmp_path: Path) -> None:
    """After a reboot the number may be anybody's."""
    note = tmp_path / "children.json"
    bystander = subprocess.Popen(["sleep", "30"])
    note.write_text(f'{{"web": {bystander.pid}}}')
    assert Family(note).stop_leftovers() == 0
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_the_environment_file_is_read_back_as_written(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(
        "# 注释\nSECRET_KEY=a=b\nDATABASE_URL=postgresql://x@/y?host=/tmp/%E9%A1%B9\n"
    )
    assert read_env(tmp_path / "env") == {
        "SECRET_KEY": "a=b",
        "DATABASE_URL": "postgresql://x@/y?host=/tmp/%E9%A1%B9",
    }


# --- the embedded database -------------------------------------------------------------------------------


def modes(path: Path) -> dict[Path, int]:
    return {one: stat.S_IMODE(one.stat().st_mode) for one in [path, *path.parents]}


def test_the_embedded_database_starts_on_a_deep_path_and_opens_no_folder(tmp_path: Path) -> None:
    home = tmp_path / "支行 一" / ("d" * 90)
    home.mkdir(parents=True, mode=0o700)
    before = modes(home) | modes(places.VENV)
    server = Postgres(home, tmp_path / "postgres.log")
    try:
        server.start()
        assert len(os.fsencode(server.socket_dir / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700

        server.process = None  # as after kill -9 of ./run: the server is still there, and nobody's
        again = Postgres(home, tmp_path / "postgres.log")
        again.start()
        again.stop()
        assert modes(home) | modes(places.VENV) == before
    finally:
        server.stop()
        server.wipe()


def test_a_cluster_that_was_left_half_made_is_made_again(tmp_path: Path) -> None:
    server = Postgres(tmp_path, tmp_path / "postgres.log")
    half = server.data.with_name("pg.partial")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    try:
        server.start()
        assert not half.exists()
    finally:
        server.stop()
        server.wipe()
    assert not server.data.exists()


# --- what pip cannot install -----------------------------------------------------------------------------


def test_what_is_missing_and_may_not_be_installed_is_said_with_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native, "is_root", lambda: False)
    monkeypatch.setattr(native, "on_debian", lambda: True)
    there = native.Part("fontconfig", "fontconfig", lambda: True)
    missing = native.Part("fonts-noto-cjk", "font-noto-sans-cjk", lambda: False)
    said = native.ensure([there, missing], why="打印中文 PDF")
    assert said is not None and "sudo apt-get install fonts-noto-cjk" in said and "Missing" in said
    assert native.ensure([there], why="打印中文 PDF") is None
