import pkgutil

from izcore.plugin import BackendError, Executor, IzError


class Fine(Executor):
    def __init__(self, options, context):
        self.failed = False

    def perform(self, job):
        pkgutil.resolve_name(job.function)(job.payload)

    def run(self, jobs):
        for job in jobs:
            self.perform(job)
            yield job


class Twice(Fine):
    def perform(self, job):
        super().perform(job)
        super().perform(job)


class Forgetful(Fine):
    def run(self, jobs):
        yield from list(super().run(jobs))[:-1]


class Hasty(Fine):
    def run(self, jobs):
        yield from jobs
        for job in jobs:
            self.perform(job)


class Expectant(Fine):
    def run(self, jobs):
        first, *others = jobs
        yield from super().run([first, *others])


class Wrapping(Fine):
    def perform(self, job):
        try:
            super().perform(job)
        except IzError as error:
            raise BackendError(f"{job.name} failed: {error.message}") from None


class Spent(Fine):
    def perform(self, job):
        if self.failed:
            return
        try:
            super().perform(job)
        except IzError:
            self.failed = True
            raise
