"""manage.py grant_app_role: after every migration, the owner gives the application's role its rights anew."""

from __future__ import annotations

from typing import Any

import environ
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.utils import ConnectionHandler

from core.errors import Refused
from core.grants import append_only_tables, grant_app_role


class Command(BaseCommand):
    """Grant and revoke, as the owner named by DATABASE_OWNER_URL."""

    help = "以属主给应用角色授权：审计与历史表只可读、可增。每次迁移之后运行。"
    requires_system_checks = ()  # touches no page

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", help="应用角色，默认取 DATABASE_URL 的用户")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_OWNER_URL:
            raise CommandError("没有设定 DATABASE_OWNER_URL：须由拥有数据表的角色授权。")
        role = options["role"] or connection.settings_dict["USER"]
        if not role:
            raise CommandError("DATABASE_URL 里没有用户名，请用 --role 指明应用角色。")
        handler = ConnectionHandler({"default": environ.Env.db_url_config(settings.DATABASE_OWNER_URL)})
        owner = handler["default"]
        try:
            with owner.cursor() as cursor:
                cursor.execute("SELECT current_user")
                (name,) = cursor.fetchone()
            if name == role:
                raise CommandError(f"应用角色与属主是同一个角色（{role}），没有分权。")
            grant_app_role(owner, role)
        except Refused as error:
            raise CommandError(str(error)) from error
        finally:
            owner.close()
        self.stdout.write(f"已授权 {role}；只可读、可增的表：{'、'.join(append_only_tables())}")
