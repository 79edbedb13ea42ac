"""Lists who may sign in to the demonstration branch."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from postloan.demo.accounts import demo_accounts
from postloan.demo.cast import PASSWORD


class Command(BaseCommand):
    """`demo_accounts [--json]`: refuses where the demonstration is not loaded."""

    help = "列出演示支行的登录账号"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="供程序读取")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = demo_accounts()
        if options["json"]:
            self.stdout.write(json.dumps(accounts, ensure_ascii=False, indent=1))
            return
        if not accounts:
            raise CommandError("这个数据库里没有演示支行，也没有演示账号。")
        self.stdout.write(f"演示账号（密码都是 {PASSWORD}）：")
        for account in accounts:
            self.stdout.write(
                f"  {account['username']}  {account['name']}  {account['role']}  {account['unit']}"
            )
