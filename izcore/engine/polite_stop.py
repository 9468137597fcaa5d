"""Lets Ctrl-C wait for answers that are paid for: no new call is sent, and those under way are kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection

from izcore.plugin.errors import InterruptedRunError, IzError
from izcore.plugin.events import PhaseStarted
from izcore.plugin.interrupts import on_interrupt
from izcore.registry.event_dispatch import Events
from izcore.scoring.model_client import ModelClient


@contextlib.asynccontextmanager
async def stopping_politely(
    clients: Collection[ModelClient], events: Events, run_id: str
) -> AsyncIterator[None]:
    """Let the first interrupt end the block with InterruptedRunError, if paid calls are under way.

    Whatever error ends the block, it first waits for calls under way, so that their answers are kept.
    """
    loop = asyncio.get_running_loop()

    def under_way() -> int:
        return sum(client.paid_calls_under_way for client in clients)

    def stop() -> None:
        events.emit(PhaseStarted(run_id=run_id, phase="stop", round=0, total=under_way()))
        for client in clients:
            client.stop(InterruptedRunError("Stopped. Answers up to here are kept."))

    def asked(times: int) -> bool:
        if times > 1 or not under_way():
            return False
        loop.call_soon_threadsafe(stop)
        return True

    with on_interrupt(asked):
        try:
            yield
        except IzError:
            for client in clients:
                await client.finish_calls()
            raise
