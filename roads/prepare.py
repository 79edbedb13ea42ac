"""What the database needs before people sign in, in one process, since starting Django is what takes time.

Run by `./run` with the virtual environment's Python. Every step does nothing where nothing is to be done, so
an interrupted first start is simply repeated.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import django
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from roads import say
from roads.places import PYTHON, ROOT, var_dir


def main(argv: Sequence[str] = ()) -> int:
    say.set_up()
    options = parse(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")
    log = var_dir() / "log" / "prepare.log"
    doing = "读取设置"
    try:
        django.setup()
        doing = "连接数据库"
        connection.ensure_connection()
        if (version := _server_version()) < 15:
            raise say.Stop(f"数据库是 PostgreSQL {version}，需要 15 或更新的版本。")
        here = str(connection.get_connection_params()["dbname"])
        if options.demo and options.demo != here:  # before anything is written into it
            raise say.Stop(f"DATABASE_URL 所指的数据库是“{here}”，不是“{options.demo}”，没有作任何改动。")
        doing = "升级数据表"
        if waiting := _waiting():
            with say.step(f"升级数据表（{waiting} 步）"):
                _migrate()
        doing = "载入制度参数与日历"
        with say.step(doing):
            call_command("load_reference")
        doing = "载入演示支行"
        if options.embedded or options.demo:
            with say.step(doing):
                call_command("load_demo", database=options.demo, embedded=options.embedded)
        doing = "日终处理"
        with say.step("日终处理：逐日补齐未关闭的日期"):
            _close_days()
        doing = "列出演示账号"
        with (
            (var_dir() / "run" / "accounts").open("w", encoding="utf-8") as accounts,
            contextlib.suppress(CommandError),  # a lender's own database has none
        ):
            call_command("demo_accounts", stdout=accounts)  # shown by ./run when the web answers
    except say.Stop as stop:
        return _refuse(str(stop))
    except CommandError as error:
        return _refuse(f"“{doing}”没有完成：{error}")
    except OperationalError as error:
        if doing == "连接数据库":
            _keep(log)
            return _refuse(
                f"连不上数据库：{str(error).strip()}\n请检查 DATABASE_URL，或不设它而用内置数据库。"
            )
        return _broken(doing, error, log)
    except Exception as error:
        return _broken(doing, error, log)
    return 0


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """What `./run` says of the database; without either it is a lender's, and nothing of the demonstration goes in."""
    parser = argparse.ArgumentParser(prog="roads.prepare", allow_abbrev=False)
    parser.add_argument("--embedded", action="store_true", help="it is the one that ./run made itself")
    parser.add_argument("--demo", metavar="NAME", help="a person named it for the demonstration")
    return parser.parse_args(list(argv))


def _close_days() -> None:
    """Days that wait for their facts are no reason not to start: the tick goes on with them when these are there."""
    try:
        call_command("close_of_day")
    except CommandError as waits:
        say.line(f"  {waits}")


def _server_version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("show server_version_num")
        (number,) = cursor.fetchone()
    return int(number) // 10000


def _waiting() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrate() -> None:
    """By itself, since migrations run as the owner of the tables where there is one, then give us our rights."""
    env = dict(os.environ)
    commands = [["migrate", "--verbosity", "1", "--no-input"]]
    if settings.DATABASE_OWNER_URL:
        env["DATABASE_URL"] = settings.DATABASE_OWNER_URL
        role = ["--role", str(connection.settings_dict["USER"])]
        commands.append(["grant_app_role", *role])
    for arguments in commands:
        command: list[str | Path] = [PYTHON, ROOT / "manage.py", *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=env)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()
            log = var_dir() / "log" / "migrate.log"
            log.write_text(done.stdout + done.stderr)
            raise say.Stop(f"升级数据表没有完成：{last[-1] if last else ''}\n完整记录在 {log}")


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return 1


def _keep(log: Path) -> None:
    log.write_text(traceback.format_exc(), encoding="utf-8")


def _broken(doing: str, error: Exception, log: Path) -> int:
    """A fault of ours: the person gets the sentence, the log gets the traceback."""
    _keep(log)
    return _refuse(f"“{doing}”出错：{type(error).__name__}：{str(error).strip()[:300]}\n完整记录在 {log}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
