"""Counts the tests of a JUnit file: a line for each failure, then passed, failed and skipped."""

import sys
import xml.etree.ElementTree as ElementTree

counts = {"passed": 0, "failed": 0, "skipped": 0}
for case in ElementTree.parse(sys.argv[1]).iter("testcase"):
    outcomes = {child.tag for child in case}
    if outcomes & {"failure", "error"}:
        counts["failed"] += 1
        print(f"   FAILED {case.get('classname')} {case.get('name')}")
    elif "skipped" in outcomes:
        counts["skipped"] += 1
        reason = case.find("skipped")
        print(f"   skipped {case.get('classname')} {case.get('name')}: {reason.get('message') or reason.text or ''}")
    else:
        counts["passed"] += 1
if not sum(counts.values()):
    sys.exit("there is no test in it")
print(*counts.values())
