#!/usr/bin/env python3
"""Real S3 servers on loopback for the tests, started and stopped as children of this process.

moto  moto_server from PyPI: up in a second, good errors and listings; checks no signatures, and of several racing
      create-if-absent writes it now and then lets two win.
rgw   Ceph's RADOS Gateway from Debian's packages, unpacked under target/rgw and not installed (no root needed): real
      signatures, truly atomic create-if-absent.

By hand, for a server to play with:  target/venv/bin/python scripts/s3_servers.py rgw
"""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass

TARGET = pathlib.Path(__file__).resolve().parent.parent / "target"
ACCESS_KEY, SECRET_KEY, REGION = "AKIAEXAMPLE", "secretsecret", "us-east-1"
PACKAGES = ["ceph-mon", "ceph-osd", "radosgw"]


class Unavailable(Exception):
    """This machine cannot run the server; the text says why."""


@dataclass
class Server:
    """A running server and the keys that it accepts."""

    kind: str
    endpoint: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    region: str = REGION


@contextlib.contextmanager
def start(kind):
    """Starts the server of that kind; it and its data are gone when the block ends."""
    base = TARGET / kind
    base.mkdir(parents=True, exist_ok=True)
    root = install_rgw(base) if kind == "rgw" else None
    run_dir = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=base))
    processes = Processes(run_dir)
    try:
        yield Server(kind, start_rgw(processes, root, run_dir) if root else start_moto(processes))
    finally:
        processes.stop()
        shutil.rmtree(run_dir, ignore_errors=True)


class Processes:
    """Children with a log file each, in the folder that they run in; stopped in the reverse order, and by the kernel should
    this process be killed."""

    def __init__(self, log_dir, env=None):
        self.log_dir, self.env, self.children = log_dir, env, []

    def log(self, name):
        return self.log_dir / f"{name}.log"

    def spawn(self, name, *command):
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=open(self.log(name), "wb"), stderr=subprocess.STDOUT,
            cwd=self.log_dir, env=self.env, start_new_session=True, preexec_fn=_die_with_parent,
        )
        self.children.append((name, child))

    def run(self, name, *command, stdin=""):
        """Runs a command to its end and returns its output."""
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=self.env, timeout=120)
        if done.returncode:
            raise Unavailable(f"{name} failed: {' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def wait_http(self, name, url, seconds):
        """Waits until the server answers at all."""

        def answers():
            try:
                urllib.request.urlopen(url, timeout=5).close()
            except urllib.error.HTTPError:
                pass

        self.wait(name, answers, seconds)

    def wait(self, name, attempt, seconds, failures=(OSError,)):
        """Waits until `attempt` no longer raises one of the failures that are usual for a server that is starting."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for child_name, child in self.children:
                if child.poll() is not None:
                    raise Unavailable(f"{child_name} ended with {child.returncode}:\n{self.tail(child_name)}")
            try:
                return attempt()
            except failures:
                time.sleep(0.1)
        raise Unavailable(f"{name} did not answer within {seconds} s:\n{self.tail(name)}")

    def tail(self, name):
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-20:])

    def stop(self):
        for _, child in reversed(self.children):
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _die_with_parent():
    """In the child, before exec: Linux sends SIGKILL when the parent is gone, so nothing outlives a killed test run."""
    if sys.platform == "linux":
        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_moto(processes):
    port = free_port()
    # moto looks through its folder at every request, and logs each: a third of the time of the tests.
    server = "\n".join([
        "import logging, sys, moto.backends, moto.server",
        "modules = frozenset(moto.backends.list_of_moto_modules())",
        "moto.backends.list_of_moto_modules = lambda: modules",
        "logging.getLogger('werkzeug').setLevel(logging.WARNING)",
        "moto.server.main(sys.argv[1:])",
    ])
    processes.spawn("moto", sys.executable, "-c", server, "-H", "127.0.0.1", "-p", str(port))
    processes.wait_http("moto", f"http://127.0.0.1:{port}/moto-api/", 60)
    return f"http://127.0.0.1:{port}"


# --- Ceph RGW ---------------------------------------------------------------------------------------------------------
# One monitor, one OSD that keeps its objects in memory, one gateway; no manager, which only statistics would need.

CEPH_CONF = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon_port}
mon initial members = a
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {run}/keyring
run dir = {run}
admin socket =
pid file =
log file = {run}/$name.log
osd class dir = {lib}/rados-classes
plugin dir = {lib}/ceph
erasure code dir = {lib}/ceph/erasure-code
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail warn = 1
mon data avail crit = 1
[mon.a]
mon data = {run}/mon
[osd]
osd data = {run}/osd
[client.rgw.a]
rgw data = {run}/rgw
# Without tcp_nodelay every small reply on a kept connection waits 40 ms for a delayed ACK.
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
"""

KEYS = {
    "mon.": ["mon", "allow *"],
    "client.admin": ["mon", "allow *", "osd", "allow *", "mgr", "allow *"],
    "client.rgw.a": ["mon", "allow rw", "osd", "allow rwx"],
    "osd.0": ["mon", "allow profile osd", "osd", "allow *"],
}


def install_rgw(base):
    """Unpacks Debian's Ceph under target/rgw/root, once; apt keeps its lists and downloads in target/rgw too."""
    root, complete = base / "root", base / "root" / ".complete"
    if complete.exists():
        return root
    release = pathlib.Path("/etc/os-release")
    system = dict(l.split("=", 1) for l in release.read_text().splitlines() if "=" in l) if release.exists() else {}
    if system.get("ID") != "debian" or not shutil.which("apt-get"):
        name = system.get("PRETTY_NAME", sys.platform).strip('"')
        raise Unavailable(f"Ceph RGW is taken from Debian's packages, and this is {name}; run the tests without --rgw")
    print("downloading and unpacking Debian's Ceph (about 70 MB) into target/rgw", file=sys.stderr)
    shutil.rmtree(root, ignore_errors=True)
    lists, archives = base / "apt" / "lists", base / "apt" / "archives"
    for folder in (lists / "partial", archives / "partial", root):
        folder.mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "-q", "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={base / 'apt'}",
           "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User="]
    installer = Processes(base)
    installer.run("apt-get", *apt, "update")
    installer.run("apt-get", *apt, "install", "-y", "--no-install-recommends", "--download-only", *PACKAGES)
    for deb in sorted(archives.glob("*.deb")):
        installer.run("dpkg", "dpkg", "-x", str(deb), str(root))
    shutil.rmtree(base / "apt")
    complete.touch()
    return root


def start_rgw(processes, root, run):
    lib = next(root.glob("usr/lib/*-linux-gnu"))
    libraries = [lib, lib / "ceph", root / "lib" / lib.name]
    processes.env = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, libraries)), "CEPH_CONF": f"{run}/ceph.conf"}
    fsid, osd_uuid, mon_port, port = str(uuid.uuid4()), str(uuid.uuid4()), free_port(), free_port()
    conf = CEPH_CONF.format(fsid=fsid, run=run, lib=lib, mon_port=mon_port, port=port)
    (run / "ceph.conf").write_text(conf)
    for folder in ("mon", "osd", "rgw"):
        (run / folder).mkdir()

    def ceph(program, *args, **more):
        return processes.run(program, str(root / "usr/bin" / program), *args, **more)

    keyring, monmap = str(run / "keyring"), str(run / "monmap")
    ceph("ceph-authtool", "--create-keyring", keyring)
    for name, caps in KEYS.items():
        caps = [word for pair in zip(caps[::2], caps[1::2]) for word in ("--cap", *pair)]
        ceph("ceph-authtool", keyring, "--gen-key", "-n", name, *caps)
    ceph("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", monmap)
    ceph("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)
    processes.spawn("mon", str(root / "usr/bin/ceph-mon"), "-i", "a", "-f")

    new_osd = json.dumps({"prefix": "osd new", "uuid": osd_uuid})
    processes.run("osd new", sys.executable, __file__, "mon-command", new_osd)
    ceph("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_uuid)
    processes.spawn("osd", str(root / "usr/bin/ceph-osd"), "-i", "0", "-f")
    ceph("radosgw-admin", "-n", "client.rgw.a", "user", "create", "--uid=test", "--display-name=test",
         f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
    processes.spawn("rgw", str(root / "usr/bin/radosgw"), "-n", "client.rgw.a", "-f")
    processes.wait_http("rgw", f"http://127.0.0.1:{port}/", 120)
    return f"http://127.0.0.1:{port}"


def mon_command(command):
    """Sends one command to the monitor. (In a process of its own: its libraries are found by LD_LIBRARY_PATH. Debian's
    own `ceph` command would need Debian's own Python.)"""
    rados = ctypes.CDLL("librados.so.2")
    cluster = ctypes.c_void_p()

    def check(code, what):
        if code < 0:
            sys.exit(f"{what}: {os.strerror(-code)}")

    check(rados.rados_create(ctypes.byref(cluster), b"admin"), "create")
    check(rados.rados_conf_read_file(cluster, os.environ["CEPH_CONF"].encode()), "read the configuration")
    check(rados.rados_conf_set(cluster, b"client_mount_timeout", b"60"), "set the timeout")
    check(rados.rados_connect(cluster), "connect")
    commands = (ctypes.c_char_p * 1)(command.encode())
    outputs = [ctypes.c_char_p(), ctypes.c_size_t(), ctypes.c_char_p(), ctypes.c_size_t()]
    check(rados.rados_mon_command(cluster, commands, ctypes.c_size_t(1), None, ctypes.c_size_t(0),
                                  *map(ctypes.byref, outputs)), command)
    rados.rados_shutdown(cluster)


def main():
    if sys.argv[1:2] == ["mon-command"]:
        return mon_command(sys.argv[2])
    if len(sys.argv) != 2 or sys.argv[1] not in ("moto", "rgw"):
        sys.exit(f"usage: {sys.argv[0]} moto|rgw")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    began = time.monotonic()
    try:
        with start(sys.argv[1]) as server:
            print(f"{server.kind} answers after {time.monotonic() - began:.1f} s; Ctrl-C stops it")
            print(f"export AWS_ACCESS_KEY_ID={server.access_key} AWS_SECRET_ACCESS_KEY={server.secret_key}"
                  f" AWS_REGION={server.region}")
            print(f"flowparquet ... --endpoint-url {server.endpoint} --allow-http", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        pass
    except Unavailable as error:
        sys.exit(f"{sys.argv[0]}: {error}")


if __name__ == "__main__":
    main()
