"""The governor's thread: sleeps until a frame is due, judges it, and tells what follows."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns
from sensorium.errors import SensoriumError
from sensorium.health import Reason
from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.governor import Governor
from sensorium.inference.governor.gpu_load import GpuLoad
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.system_load import SystemLoad
from sensorium.process import priority
from sensorium.supervisor.governing.costs import Costs
from sensorium.supervisor.governing.telling import Telling
from sensorium.supervisor.governing.waiting import Waiting
from sensorium.supervisor.governing.watch import Watch, policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from sensorium import config
    from sensorium.inference.governor.decision import Decision, Governed
    from sensorium.supervisor.governing.account import Account
    from sensorium.supervisor.governing.background import Background, Lowerable
    from sensorium.supervisor.governing.history import History
    from sensorium.supervisor.governing.outlet import Outlet
    from sensorium.supervisor.governing.watch import App, Source

_log = logging.getLogger(__name__)
_LOOK_NS, _LOOK_CALM_NS = 500_000_000, 1_000_000_000
"""How often it is looked for games and at the system, and told what holds; while an app tells its
frames and nothing is taken."""
_AGAIN_NS, _LONGEST_NS = 1_000_000_000, 60_000_000_000
"""After a fault it is tried again, after twice as long each time."""
_FORGOTTEN_NS = 60_000_000_000
"""One that comes so long after the last try is another fault."""


class Loop:
    """What the thread does. Its methods but `post`, `tell_…` and `stop` are its own.

    Args:
        outlet: Where it writes.
        history: Where it keeps what was done.
        account: Where it shows what holds.
        background: Puts processes there.
        senses: All that are enabled.
        options: What the configuration says.
    """

    def __init__(
        self, outlet: Outlet, history: History, account: Account, background: Background,
        senses: Sequence[Governed], options: config.Governor,
    ) -> None:  # fmt: skip
        self._outlet = outlet
        self._history = history
        self._account = account
        self._background = background
        self._waiting = Waiting()
        self._watch = Watch()
        self._told: list[App] = []
        self._load = SystemLoad()
        self._costs = Costs()
        self._telling = Telling()
        self._engines: tuple[Iterable[Mapping[str, Any]], Iterable[int]] = ((), ())
        self._processes: tuple[Lowerable, ...] = ()
        self._look_ns = 0
        self._phased = self._heed = self._watched = False
        self._failed_ns = 0
        self._again_ns = _AGAIN_NS
        self._senses, self._options = tuple(senses), options
        self._begin(account.changes)

    def post(self, order: Callable[[], None]) -> None:
        """Has something done in the thread, soon; from any thread."""
        self._waiting.post(order)

    def tell_engines(self, engines: Iterable[Mapping[str, Any]], own: Iterable[int]) -> None:
        """What the engines take now, as `status` shows it; from any thread.

        Args:
            engines: Of all senses.
            own: Process numbers of the daemon and its children.
        """
        self._engines = (engines, own)

    def tell_processes(self, processes: tuple[Lowerable, ...]) -> None:
        """Who may go to the background; from any thread."""
        self._processes = processes

    def stop(self) -> None:
        """Has the thread end; from any thread."""
        self._waiting.stop()

    def run(self) -> None:
        """Loops until it is told to stop. A fault withholds all until it is mended."""
        self._account.begin(priority.raise_thread())
        # In the thread, since a driver may take its time to begin.
        self._load = SystemLoad(GpuLoad())
        try:
            while not self._waiting.stopping:
                try:
                    self._turn(now_ns())
                except Exception as error:  # noqa: BLE001 - the daemon serves without it
                    self._fail(error)
                else:
                    self._sleep()
        finally:
            self._background.end()
            self._outlet.withhold(Reason.STOPPED)
            self._account.end(now_ns())
            self._give_all_back(now_ns())
            self._watch.close()

    def configure(self, senses: Sequence[Governed], options: config.Governor) -> None:
        """Goes on with other wishes of the owner; with other senses it begins anew."""
        now = now_ns()
        self._background.end()
        self._options = options
        self._load.forget()
        if tuple(senses) != self._senses:
            self._give_all_back(now)
            self._senses = tuple(senses)
            self._begin(self._governor.decision.changes)
        changed = self._governor.set_policy(Policy.named(options.policy), now)
        for app in self._watch.apps.values():
            changed |= self._set_policy(app, now)
        self._settle(changed, now)
        self._look_ns = now

    def _begin(self, changes: int) -> None:
        self._governor = Governor(
            self._senses, Policy.named(self._options.policy), os.cpu_count() or 1, changes
        )
        self._governor.costs(self._costs.by_sense)

    def meet(
        self, place: int | Path, names: tuple[str, ...], pid: int, source: Source
    ) -> None:
        """Watches an app that has come; see `Watch.add`."""
        now = now_ns()
        self._settle(self._set_policy(self._watch.add(place, names, pid, source), now), now)
        self._told = self._watch.told()

    def part_from(self, place: int | Path) -> None:
        """Watches it no longer."""
        app = self._watch.remove(place)
        if app is not None:
            self._let_go(app, now_ns())
            self._told = self._watch.told()

    def _set_policy(self, app: App, now: int) -> bool:
        own = policy_of(app.names, self._options.apps)
        return self._governor.set_policy(Policy.named(own) if own else None, now, app.key)

    def _let_go(self, app: App, now: int) -> None:
        self._settle(self._governor.gone(app.key, now), now)

    def _turn(self, now: int) -> None:
        self._waiting.obey()
        governor = self._governor
        heed = governor.heeds(now)
        # Who waits for his place in a frame at risk is told of each look at it.
        watched = heed and governor.decision.risk > Risk.ROOM and self._outlet.phase_is_wanted(now)
        changed = fresh = False
        for app in self._told:
            if app.pace.due_ns > now:
                continue
            try:
                frames = app.take(now, soon=heed)
            except (SensoriumError, OSError) as error:
                _log.warning("the frames of %s cannot be read: %s", app.key, error)
                self._drop(app)
                break
            for frame in frames:
                fresh = True
                changed |= governor.frame(app.key, frame, now)
        due = now >= self._look_ns
        if due:
            self._look_for_games(now)
            if self._costs.look(self._engines[0], now):
                governor.costs(self._costs.by_sense)
            silent, pressure = all(app.pace.silent for app in self._told), None
            if self._options.pressure and silent:
                pressure = self._load.read(self._engines[1], now)
            else:
                self._load.forget()
            changed |= governor.tick(now, pressure)
            often = silent or governor.decision.level
            self._look_ns = now + (_LOOK_NS if often else _LOOK_CALM_NS)
        if not self._settle(changed, now) and due:
            self._tell(governor.decision, now)
        if fresh or due:
            self._tell_phase(now, fresh=fresh)
        self._heed, self._watched = heed, watched

    def _look_for_games(self, now: int) -> None:
        came, left = self._watch.games(now)
        for app in left:
            self._let_go(app, now)
        for app in came:
            self._settle(self._set_policy(app, now), now)
        if came or left:
            self._told = self._watch.told()

    def _drop(self, app: App) -> None:
        for place, known in list(self._watch.apps.items()):
            if known is app:
                self.part_from(place)

    def _settle(self, changed: bool, now: int) -> bool:
        """Tells a new decision at once, with its evidence."""
        if not changed:
            return False
        self._tell(self._governor.decision, now)
        self._tell_phase(now, fresh=False)
        for app in self._told:
            app.pace.hasten(now)
        return True

    def _give_all_back(self, now: int) -> None:
        """Ends what the governor has taken, so that no step is left as the last one."""
        self._governor.end(now)
        self._tell_changes()

    def _tell_changes(self) -> None:
        changes = self._governor.take_changes()
        for change in changes:
            self._outlet.change(change)
        self._history.add(changes)

    def _tell_phase(self, now: int, *, fresh: bool) -> None:
        phase = self._governor.phase(now)
        if phase is None:
            if self._phased or not fresh:
                # Also where it was none before, so that it does not look stale.
                self._outlet.no_phase()
        elif fresh:
            self._outlet.phase(phase)
        self._phased = phase is not None

    def _tell(self, decision: Decision, now: int) -> None:
        self._outlet.decision(decision, self._senses)
        # Before `status` shows it: whoever sees a level there finds why.
        self._tell_changes()
        governor = self._governor
        frames = self._telling.figures(
            ((seen, governor.policy_of(app.key)) for app in self._told
             if not app.pace.silent and (seen := governor.frames_of(app.key)) is not None),
            decision.app, now,
        )  # fmt: skip
        self._account.show(decision, self._senses, frames, now)
        self._background.look(
            self._processes, self._senses, now, wanted=decision.background,
            app=self._watch.pid_of(decision.app), stays=decision.policy is Policy.FRAMES,
        )

    def _sleep(self) -> None:
        told = self._told
        if len(told) == 1 and self._heed:
            place = self._tell_place if self._watched else None
            decision = self._governor.decision
            patient = not decision.level and decision.risk <= Risk.ROOM
            self._waiting.on_frames(told[0], self._look_ns, place, patient=patient)
        due = min((app.pace.due_ns for app in told), default=self._look_ns)
        self._waiting.until(min(due, self._look_ns))

    def _tell_place(self, app: App, submitted_ns: int) -> None:
        """Tells that an app has submitted a frame that is not judged yet."""
        governor = self._governor
        phase = governor.phase(now_ns())
        if phase is not None and app.key == governor.decision.app:
            self._outlet.phase(phase._replace(submitted_ns=submitted_ns))

    def _fail(self, error: Exception) -> None:
        """Lets every sense take what it needs, and begins anew after a while."""
        now = now_ns()
        self._background.end()
        if now - self._failed_ns > _FORGOTTEN_NS:
            self._again_ns = _AGAIN_NS
            _log.error("the governor failed: the senses take what they need", exc_info=error)
        self._outlet.withhold(Reason.FAILED)
        self._account.fail(error, now)
        self._waiting.out(now + self._again_ns)
        self._again_ns = min(2 * self._again_ns, _LONGEST_NS)
        self._failed_ns = now_ns()
        self._begin(self._account.changes)
        self.configure(self._senses, self._options)
