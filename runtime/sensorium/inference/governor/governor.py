"""Decides how much each sense may take now: pure logic, the times are arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.inference.governor.app_frames import Verdict
from sensorium.inference.governor.apps import Apps
from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.giving_back import GivingBack, calm_ns
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.pressure import GivingWay
from sensorium.inference.governor.reaction import level_for
from sensorium.inference.governor.standing import Standing
from sensorium.inference.governor.step import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium.inference.governor.app_frames import AppFrames
    from sensorium.inference.governor.decision import Change, Decision, Governed
    from sensorium.inference.governor.frame import Frame, Phase
    from sensorium.inference.governor.pressure import Pressure

SETTLE_NS = 250_000_000
"""So long after a change what began before it may still run; frames are judged again then."""
EVERY_NS = 1_000_000_000
"""So long at least from one change to the next; but late frames are answered at once where the
last change was no answer to frames."""
EARLIER_NS = 150_000_000
"""So long before that frames are brought at once again."""
_HELPED_NS = 3_000_000_000
"""Where frames are close for so long after all was taken, that has not helped."""
PARTS = {Policy.QUALITY: 3, Policy.FRAMES: 5}
"""In so many changes everything is given back."""
_FITS = 0.95
"""What an app may fill of its frames, predicted, where something is given back."""
_JUDGED = 32
"""Frames since the last change without which nothing is taken before one is late."""
_ANSWERS = (Cause.LATE, Cause.MISSED, Cause.CLOSE)
_PAUSE_AFTER_NS = 2_000_000_000
"""So long after all was taken that keeps senses within their longest intervals."""


class Governor:
    """Takes frames and gives decisions.

    Args:
        senses: That are governed.
        policy: Of apps that have none of their own.
        processors: Of the PC.
        changes: How often the one before it changed steps: this one goes on counting.
    """

    def __init__(
        self, senses: Sequence[Governed], policy: Policy = Policy.FRAMES, processors: int = 1,
        changes: int = 0,
    ) -> None:  # fmt: skip
        self._processors = max(1, processors)
        self._apps = Apps(policy)
        self._standing = Standing(senses, policy, changes)
        self._giving = GivingBack()
        self._now_ns = 0
        self._answered = False
        self._giving_way = GivingWay()
        self._told = self._standing.decision

    @property
    def decision(self) -> Decision:
        """The present one."""
        return self._standing.decision

    @property
    def has_more(self) -> bool:
        """Whether there is something left to take within the longest intervals."""
        return self._standing.level < self._standing.ladder.kept

    def heeds(self, now_ns: int) -> bool:
        """Whether a late frame would be answered now; else frames may be brought a little later."""
        settled = not self._answered or self._standing.since_ns(now_ns) >= EVERY_NS - EARLIER_NS
        return settled and self.has_more and not self._apps.pausing

    def frame(self, app: str, frame: Frame, now_ns: int) -> bool:
        """Takes a submitted frame.

        Args:
            app: Whose; its name.
            frame: Checked before; each once, in their order.
            now_ns: Monotonic.

        Returns:
            Whether `decision` changed.
        """
        now_ns = self._forward(now_ns)
        apps = self._apps
        told = apps.of(app)
        verdict = told.add(frame, now_ns)
        if not verdict and told is apps.held:
            return False
        if verdict or told not in apps.live:
            self._look(now_ns)
            self._giving.look(told)
        if told in apps.live and not apps.pausing:
            if verdict is Verdict.LATE:
                self._trouble(told, Cause.LATE, now_ns)
            elif verdict is Verdict.MISSED:
                self._trouble(told, Cause.MISSED, now_ns)
            elif told.risk is Risk.CLOSE:
                self._trouble(told, Cause.CLOSE, now_ns)
            elif verdict is Verdict.LOOKED:
                self._relieve(now_ns)
        return self._tell()

    def tick(self, now_ns: int, pressure: Pressure | None = None) -> bool:
        """Looks at who is gone and, where nobody tells frames, at the rest of the PC.

        Args:
            now_ns: Monotonic; some times a second.
            pressure: A new reading; None: there is none.

        Returns:
            Whether `decision` changed.
        """
        now_ns = self._forward(now_ns)
        standing = self._standing
        want = self._giving_way.heard(pressure, now_ns)
        standing.pressure = self._giving_way.share
        self._look(now_ns)
        if self._apps.held is None and want is not None:
            standing.prepare(None, gpu_short=self._giving_way.cause is Cause.GPU)
            kept, since = standing.ladder.kept, standing.since_ns(now_ns)
            level = self._giving_way.level(want, standing.level, kept, since, now_ns)
            if level != standing.level:
                cause = self._giving_way.cause if level > standing.level else Cause.RELIEF
                self._set(level, cause, None, now_ns)
        return self._tell()

    def costs(self, costs: Mapping[str, int]) -> None:
        """What the engines of each sense take now, ns a second; one that is not in it: unknown."""
        self._standing.costs(costs, self._now_ns)

    def frames_of(self, app: str) -> AppFrames | None:
        """The frames of an app; None: it has told none."""
        return self._apps.known(app)

    def policy_of(self, app: str) -> Policy:
        """The policy that holds for an app."""
        return self._apps.policy(app)

    def end(self, now_ns: int) -> None:
        """Gives all back, since it is not to govern any more."""
        if self.decision.level:
            self._set(0, Cause.POLICY, None, self._forward(now_ns))

    def gone(self, app: str, now_ns: int) -> bool:
        """An app has ended: forgets it. Returns whether `decision` changed."""
        now_ns = self._forward(now_ns)
        self._apps.forget(app)
        self._giving.forget(app)
        self._look(now_ns)
        return self._tell()

    def set_policy(self, policy: Policy | None, now_ns: int, app: str = "") -> bool:
        """Sets the policy of one app, or of all that have none of their own.

        Args:
            policy: None: the app has none of its own any more.
            now_ns: Monotonic.
            app: Its name; empty: all.

        Returns:
            Whether `decision` changed.
        """
        now_ns = self._forward(now_ns)
        self._apps.set_policy(policy, app)
        self._look(now_ns)
        return self._tell()

    def take_changes(self) -> list[Change]:
        """Steps that were changed since the last call, the oldest first."""
        return self._standing.take_changes()

    def phase(self, now_ns: int) -> Phase | None:
        """Where in its frame the app is that must not be disturbed; None: nothing need be timed."""
        held = self._apps.held
        if held is None or (not self.decision.level and held.risk < Risk.CLOSE):
            return None
        return held.phase(now_ns)

    def _forward(self, now_ns: int) -> int:
        """Time that does not go back."""
        self._now_ns = max(self._now_ns, now_ns)
        return self._now_ns

    def _look(self, now_ns: int) -> None:
        """Looks whose frames are held, and whether that alone changes the level."""
        apps, standing = self._apps, self._standing
        before = apps.held
        apps.look(now_ns)
        if apps.pausing and not standing.paused:
            self._set(standing.ladder.top + 1, Cause.POLICY, apps.held, now_ns)
        elif standing.paused and not apps.pausing:
            cause = Cause.GONE if apps.held is None else Cause.POLICY
            self._set(0, cause, apps.held or before, now_ns)
        elif before is not None and apps.held is None and standing.level:
            self._set(0, Cause.GONE, before, now_ns)

    def _trouble(self, app: AppFrames, cause: Cause, now_ns: int) -> None:
        """Takes what is predicted to free enough, or goes back to what was enough."""
        standing, policy = self._standing, self._apps.policy(app.name)
        standing.prepare(app)
        level, since = standing.level, standing.since_ns(now_ns)
        if cause is Cause.CLOSE:
            if policy is Policy.QUALITY or since < EVERY_NS or app.judged < _JUDGED:
                return
            if level >= standing.ladder.kept:
                if since >= _HELPED_NS:
                    app.nothing_helped()
                return
        elif (since < EVERY_NS and self._answered) or (
            policy is Policy.QUALITY and not app.repeated
        ):
            return
        back = self._giving.failed(level, app, now_ns)
        if back is None:
            back = self._more(app, cause, policy, now_ns)
            if back <= level:
                return
            self._giving.taken(back)
        self._set(back, cause, app, now_ns)

    def _more(self, app: AppFrames, cause: Cause, policy: Policy, now_ns: int) -> int:
        """The level that frames in trouble ask for; the present one where none can help."""
        standing = self._standing
        level, ladder = standing.level, standing.ladder
        late = cause is not Cause.CLOSE and app.repeated
        if level < ladder.kept:
            # What was predicted to be enough was not.
            short = late and level and self._answered
            return ladder.kept if short else level_for(app, cause, level, ladder, standing.full)
        waited = standing.since_ns(now_ns) >= _PAUSE_AFTER_NS
        return ladder.top if policy is Policy.FRAMES and late and waited else level

    def _relieve(self, now_ns: int) -> None:
        """Gives back some levels, where frames have had room for long enough and will have it."""
        standing, live, held = self._standing, self._apps.live, self._apps.held
        level = standing.level
        if not level or held is None or standing.since_ns(now_ns) < EVERY_NS:
            return
        policy = self._apps.policy(held.name)
        for app in live:
            calm = now_ns - app.trouble_ns >= calm_ns(app, policy) or not app.trouble_ns
            if app.risk is not Risk.ROOM or not app.measured or not calm:
                return
        goal = self._giving.target(level, PARTS[policy], live, now_ns)
        while goal is not None and goal < level:
            more = standing.added(goal) / self._processors
            if all(each.heedless or each.fill + more <= _FITS for each in live):
                self._giving.given(level, goal, live, now_ns)
                self._set(goal, Cause.RELIEF, held, now_ns)
                return
            goal = (goal + level + 1) // 2

    def _set(self, level: int, cause: Cause, app: AppFrames | None, now_ns: int) -> None:
        self._standing.set_level(level, cause, app, now_ns)
        self._answered = cause in _ANSWERS
        for each in self._apps.live:
            each.begin_anew(now_ns + SETTLE_NS)

    def _tell(self) -> bool:
        """Brings `decision` up to date."""
        held, before = self._apps.held, self._told
        policy = self._apps.policy(held.name if held is not None else "")
        self._standing.hold(held, policy)
        self._told = self._standing.decision
        return self._told is not before
