"""Is the port free, who has it, and which one is."""

from __future__ import annotations

import shutil
import socket
import subprocess

from roads.say import Stop


def claim(host: str, port: int) -> None:
    """Raise with a sentence if the web server could not listen there."""
    if reason := _refused(host, port):
        if not isinstance(reason, PermissionError | socket.gaierror) and reason.errno in _BUSY:
            raise Stop(
                f"端口 {port} 已被占用{_holder(port)}。"
                f"请先停掉它，或换一个端口：./run --port {_free_after(host, port)}"
            )
        if isinstance(reason, PermissionError):
            raise Stop(
                f"没有权限使用端口 {port}（小于 1024 的端口须由 root 使用）。请换一个：./run --port 8000"
            )
        raise Stop(f"无法在 {host}:{port} 上提供服务：{reason.strerror}。请检查 --host。")


def _refused(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the web server does: connections that are only dying do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        return error
    return None


_BUSY = {48, 98}  # EADDRINUSE on macOS and on Linux


def _free_after(host: str, port: int) -> int:
    return next((one for one in range(port + 1, min(port + 200, 65536)) if not _refused(host, one)), 8000)


def _holder(port: int) -> str:
    """Who listens there, as far as the machine's own tools tell us."""
    if shutil.which("lsof"):
        command = ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")
        pid = next((one[1:] for one in said if one.startswith("p")), "")
        name = next((one[1:] for one in said if one.startswith("c")), "")
        return f"（{name}，进程 {pid}）" if pid else ""
    if shutil.which("ss"):
        command = ["ss", "-Hltnp", f"sport = :{port}"]
        said_once = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        if 'users:(("' in said_once:
            name, rest = said_once.split('users:(("', 1)[1].split('"', 1)
            pid = rest.split("pid=", 1)[-1].split(",", 1)[0]
            return f"（{name}，进程 {pid}）"
    return ""
