from broken_backends.metrics import Fine
from broken_backends.plugin import fine_metric
from izcore.plugin import hookimpl

IZCORE_API = 1


@hookimpl
def izcore_metrics():
    assert Fine
    return [fine_metric("fine")]
