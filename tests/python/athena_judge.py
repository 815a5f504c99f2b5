"""Says in which statements of the corpus `flowparquet query` and Trino differ, a block for each.

    FLOWPARQUET_BIN=… target/venv/bin/python tests/python/athena_judge.py [--answers FILE] [--random N] [--seed N] [PATTERN]

PATTERN chooses statements by `topic:name` or text. With --answers, Trino's answers are kept in that file: it is asked again only
what is new, and not started if nothing is.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import re
import sys
import tempfile

sys.path += [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[2] / "scripts")]

import athena_random  # noqa: E402
from athena_compare import block, difference, shown  # noqa: E402
from athena_sql import Answer, Case, Ours, Theirs, corpus, ready_queries, words  # noqa: E402


class Kept:
    """Trino's answers, kept in a file; Trino starts when something is not in it."""

    def __init__(self, path, ours, stack):
        self.path, self.ours, self.stack, self.theirs = path and pathlib.Path(path), ours, stack, None
        known = json.loads(self.path.read_text()) if self.path and self.path.exists() else {}
        self.rows, self.answers = ours.fingerprint(), {}
        if known.get("rows") == self.rows:
            self.answers = known["answers"]

    def ask(self, case):
        if case.sql not in self.answers:
            if not self.theirs:
                from lake import open_lake
                self.theirs = Theirs(self.stack.enter_context(open_lake()), self.ours)
            answer = self.theirs.ask(case)
            self.answers[case.sql] = {"names": answer.names, "types": answer.types, "rows": answer.rows, "error": answer.error}
        return Answer(**self.answers[case.sql])

    def save(self):
        if self.path and self.theirs:
            self.path.write_text(json.dumps({"rows": self.rows, "answers": self.answers}))


def parts(case):
    """Of a case that shows several things of nothing else than constants, a case for each."""
    if len(case.statements) > 1:
        return []
    found, depth = [[]], 0
    first, *rest = words(case.sql)
    if first.upper() != "SELECT":
        return []
    for at, word in enumerate(rest):
        depth += (word in "([") - (word in ")]")
        if depth == 0 and word == ",":
            found.append([])
        elif depth == 0 and word.upper() == "FROM":
            tail = "".join(rest[at:])
            # A list of rows gives each of them alone as well; anything else is needed as it is.
            if not re.fullmatch(r"FROM \(VALUES .*\) AS \w+\([\w, ]+\)", tail, re.S):
                return []
            break
        else:
            found[-1].append(word)
    else:
        tail = ""
    if len(found) == 1:
        return []
    return [Case(case.topic, case.name, f"SELECT {''.join(part).strip()} {tail}".strip(), refused=case.refused) for part in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--answers", metavar="FILE", help="keep Trino's answers in it")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="as many random statements too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shrink", action="store_true", help="print a smaller one for each random statement that differs")
    parser.add_argument("pattern", nargs="?", default="")
    args = parser.parse_args()
    binary = pathlib.Path(os.environ.get("FLOWPARQUET_BIN") or "target/release/flowparquet").resolve()
    with tempfile.TemporaryDirectory(prefix="athena-") as folder, contextlib.ExitStack() as stack:
        ours = Ours(binary, folder)
        kept = Kept(args.answers, ours, stack)
        cases = [*corpus(), *ready_queries(ours), *athena_random.cases(args.random, args.seed)]
        cases = [c for c in cases if re.search(args.pattern, c.id) or args.pattern in c.sql]
        counts, differing, kinds = collections.Counter(), collections.Counter(), collections.Counter()
        for case in cases:
            theirs, answer = kept.ask(case), ours.ask(case)
            why = difference(case, theirs, answer)
            counts[case.topic] += 1
            if case.differs and not why:
                print(f"=== {case.id}: the answers are the same now\n")
            if case.differs or not why:
                continue
            differing[case.topic] += 1
            kinds[why.split(":")[0]] += 1
            if case.query and args.shrink:
                case = athena_random.shrink(case, lambda c: difference(c, kept.ask(c), ours.ask(c)).split(":")[0])
                theirs, answer = kept.ask(case), ours.ask(case)
            print(block(case, theirs, answer), end="")
            for part in parts(case):
                theirs, answer = kept.ask(part), ours.ask(part)
                if why := difference(part, theirs, answer):
                    said = f": {shown(theirs.rows[0][0])} {theirs.types[0]}" if why == "only ours refuses" else ""
                    print(f"  part: {part.sql} -- {why.replace('row 1, _col0: ', '')}{said}")
            print(flush=True)
        kept.save()
        print(f"{sum(differing.values())} of {sum(counts.values())} statements differ: "
              + ", ".join(f"{topic} {differing[topic]}/{counts[topic]}" for topic in counts))
        print(", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
