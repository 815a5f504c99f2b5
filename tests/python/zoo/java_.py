"""How Java programs of the zoo (java/) are compiled, once, and run."""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

SOURCES = pathlib.Path(__file__).parent / "java"
READERS = pathlib.Path(__file__).parents[3] / "target" / "readers"
MIN_JAVA = 17


def tool(name):
    """A program of the JDK: the one of JAVA_HOME, which scripts/test.sh sets, or of the PATH."""
    home = os.environ.get("JAVA_HOME")
    return home and shutil.which(name, path=pathlib.Path(home) / "bin") or shutil.which(name)


def missing_jdk():
    """What is missing to compile and run, in one line, or None."""
    if not tool("java") or not tool("javac"):
        return f"a JDK (java, javac) of {MIN_JAVA} or newer; on Debian and Ubuntu: apt-get install openjdk-17-jdk-headless"
    said = subprocess.run([tool("javac"), "-version"], capture_output=True, text=True)
    found = re.search(r"javac (\d+)", said.stdout + said.stderr)
    if not found or int(found[1]) < MIN_JAVA:
        return f"javac is {found[1] if found else 'of an unknown version'}, {MIN_JAVA} or newer is needed"
    return None


def run(command):
    """What a command prints; if it fails, all it said is the error."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          encoding="utf-8", errors="replace")
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {' '.join(map(str, command))}\n{done.stdout[-8000:]}{done.stderr[-8000:]}")
    return done.stdout


class Programs:
    """Programs of java/ that share a class path, compiled into target/readers/NAME. `fetch(folder)` gets what is needed to
    compile and gives the class path, anew only if one of `inputs` has changed."""

    def __init__(self, name, sources, inputs, fetch):
        self.folder = READERS / name
        self.sources = [SOURCES / f"{source}.java" for source in sources]
        self.inputs, self.fetch = inputs, fetch

    def built(self):
        """The class path; compiles first if a source or an input is another than the last time."""
        state = hashlib.sha256()
        for file in [*self.sources, *self.inputs]:
            state.update(str(file.name).encode() + file.read_bytes())
        state.update(str(tool("javac")).encode())
        stamp, classes = self.folder / "built.json", self.folder / "classes"
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = json.loads(stamp.read_text()) if stamp.exists() else {}
            if known.get("state") != state.hexdigest():
                stamp.unlink(missing_ok=True)
                shutil.rmtree(classes, ignore_errors=True)
                jars = self.fetch(self.folder)
                run([tool("javac"), "-nowarn", "-proc:none", "-d", classes, "-cp", jars, *self.sources])
                known = {"state": state.hexdigest(), "path": f"{classes}{os.pathsep}{jars}"}
                stamp.write_text(json.dumps(known))
        return known["path"]

    def lines(self, program, job, folder, *args, options=()):
        """Runs a program over a job: the JSON objects that it prints."""
        path = pathlib.Path(folder) / f"{program}.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        out = run([tool("java"), *options, "-Dfile.encoding=UTF-8", "-cp", self.built(), program, path, *args])
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]
