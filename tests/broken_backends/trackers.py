import threading

import msgspec

from izcore.plugin import Tracker, hookimpl


class Fine(Tracker):
    def __init__(self, options, context):
        self.told = []

    @hookimpl
    def izcore_run_started(self, event):
        self.told.append(event.run_id)

    @hookimpl
    def izcore_trial_finished(self, event):
        self.told.append(event.trial.mean)


class Misspelt(Fine):
    @hookimpl(optionalhook=True)
    def izcore_run_begun(self, event):
        self.told.append("never called")


class Unmarked(Fine):
    def izcore_run_finished(self, event):
        self.told.append("never called")


class Unimpressed(Fine):
    @hookimpl
    def izcore_run_finished(self, event):
        assert event.result.best.test.score > 0.5


class Fresh(Fine):
    @hookimpl
    def izcore_run_started(self, event):
        assert event.done == 0


class Hopeful(Fine):
    @hookimpl
    def izcore_trial_finished(self, event):
        self.told.append(event.best.mean)


class Unopened(Fine):
    def __init__(self, options, context):
        pass

    @hookimpl
    def izcore_run_started(self, event):
        self.told = [event.run_id]

    def close(self):
        self.told.clear()


class Homebound(Fine):
    def __init__(self, options, context):
        super().__init__(options, context)
        self._home = threading.get_ident()

    @hookimpl
    def izcore_trial_finished(self, event):
        assert threading.get_ident() == self._home


class Meddling(Fine):
    @hookimpl
    def izcore_run_started(self, event):
        msgspec.structs.force_setattr(event, "trials", 0)
