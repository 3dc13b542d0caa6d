"""Another nginx beside the product's, with the same configuration but for what a test changes."""

import contextlib
import os
import re
import shutil
import subprocess

import processes
from product import free_ports
from waiting import eventually


class Nginx:
    """On two ports of its own; the responder behind it is the product's unless `sockets` names another folder's."""

    count = 0

    def __init__(self, product, port, change=None, sockets=None):
        Nginx.count += 1
        self.product, self.port = product, port
        self.folder = product.state / f"nginx-{Nginx.count}"
        shutil.copytree(product.state / "nginx", self.folder)
        (self.folder / "run").mkdir()
        text = (self.folder / "nginx.conf").read_text()
        run = str(product.state / "run")
        text = text.replace(str(product.state / "nginx/"), f"{self.folder}/").replace("/nginx/latchkey/", "/latchkey/")
        for mode in ("production", "sandbox"):
            text = text.replace(f"127.0.0.1:{product.port_of(mode)}", f"127.0.0.1:{self.port_of(mode)}")
        text = re.sub(rf'"{re.escape(run)}/nginx', f'"{self.folder}/run/nginx', text)
        text = re.sub(r"log/nginx\.(access|error)\.log", rf"log/nginx-{Nginx.count}.\1.log", text)
        if sockets:
            text = text.replace(f"unix:{run}/", f"unix:{sockets}/")
        (self.folder / "nginx.conf").write_text(text)
        if change:
            change(self.folder)
        self.give_to_account()
        log = product.state / f"log/nginx-{Nginx.count}.error.log"
        command = product.as_account("nginx", "-e", str(log), "-c", str(self.folder / "nginx.conf"))
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        result = subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, timeout=20)
        assert result.returncode == 0, result.stderr

    def give_to_account(self):
        if os.geteuid() != 0:
            return
        for path in [self.folder, *self.folder.rglob("*")]:
            shutil.chown(path, self.product.account)
        for kind in ("access", "error"):
            log = self.product.state / f"log/nginx-{Nginx.count}.{kind}.log"
            log.touch()
            shutil.chown(log, self.product.account)

    def __getattr__(self, name):
        """For the rest it is as the product: its certificate, its ways to connect."""
        return getattr(self.product, name)

    def port_of(self, mode="production"):
        return self.port if mode == "production" else self.port + 1

    def base_url(self, mode="production"):
        return f"https://localhost:{self.port_of(mode)}"

    def stop(self):
        processes.stop(int((self.folder / "run/nginx.pid").read_text()))
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def another_nginx(product, change=None, sockets=None):
    nginx = Nginx(product, free_ports(), change, sockets)
    try:
        eventually(lambda: answers(nginx), 10, "the other nginx answers")
        yield nginx
    finally:
        nginx.stop()


def answers(nginx):
    with contextlib.suppress(OSError):
        return nginx.client().post(nginx.base_url() + "/").status_code == 404
