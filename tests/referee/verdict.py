# SPDX-License-Identifier: MIT
"""What the parts of the referee say, and the list of differences that are known.

    verdict.same(key, linux, ours)          both said the same, or `differences` has a line for it
    verdict.must(key, wanted, seen, who)    one of the two says what it has to say

A line of `differences` that was met by nothing is an error, too, where its part was run: the list must not grow old.
"""

import fnmatch
import os

HERE = os.path.dirname(os.path.abspath(__file__))


class Difference:
    def __init__(self, line):
        self.line = line
        self.key, self.linux, self.ours, self.why = [word.strip() for word in line.split(" | ")]
        self.met = False

    def covers(self, key, linux, ours):
        return all(fnmatch.fnmatchcase(seen, pattern)
                   for seen, pattern in ((key, self.key), (linux, self.linux), (ours, self.ours)))


def known_differences():
    with open(HERE + "/differences") as file:
        return [Difference(line) for line in file.read().split("\n") if line and not line.startswith("#")]


class Verdict:
    def __init__(self):
        self.differences = known_differences()
        self.compared = self.known = self.failed = 0

    def same(self, key, linux, ours):
        self.compared += 1
        linux, ours = str(linux), str(ours)
        if linux == ours:
            return True
        for difference in self.differences:
            if difference.covers(key, linux, ours):
                difference.met = True
                self.known += 1
                return True
        self._fail(key, ("Linux", linux), ("mdscope", ours))
        return False

    def must(self, key, wanted, seen, who):
        self.compared += 1
        if str(wanted) == str(seen):
            return True
        self._fail(key, ("expected", str(wanted)), (who, str(seen)))
        return False

    def wrong(self, key, who, said):
        self.compared += 1
        self._fail(key, (who, said))

    def _fail(self, key, *said):
        self.failed += 1
        print("DIFFERS: " + key)
        for who, words in said:
            print("    %-9s %s" % (who, words.replace("\n", "\n" + " " * 14)), flush=True)

    def look_for_old_lines(self, parts):
        for difference in self.differences:
            if not difference.met and difference.key.split()[0] in parts:
                self._fail("no difference any more; take the line out of tests/referee/differences", ("line", difference.line))
