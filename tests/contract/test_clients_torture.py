"""No torn, wrong or backward read while a writer at full speed is killed and started again.

The long version, with 100 million reads, is tests/benchmarks/test_torture.py.
"""

from __future__ import annotations

import sys

import pytest
from fixtures import torture
from fixtures.live_regions import LiveRegions

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills writers with SIGKILL")


@pytest.mark.parametrize(
    ("channel", "follow", "reads"),
    [
        ("gesture_right", False, 6_000_000),
        ("gesture_event", True, 6_000_000),
        ("scene", False, 2_000_000),
    ],
)
def test_reader_never_sees_a_torn_record(tmp_path_factory, channel, follow, reads):
    program = torture.build(tmp_path_factory.mktemp("torture"))
    with LiveRegions(tmp_path_factory.mktemp("run")) as live:
        seen = torture.run(program, live, channel, follow=follow, reads=reads, kill_s=0.2)
    print(seen)
    assert seen["kills"] > 0
    assert seen["new"] > 100
    assert (seen["torn"], seen["backward"], seen["unaccounted"]) == (0, 0, 0)
