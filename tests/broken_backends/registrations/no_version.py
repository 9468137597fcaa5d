from broken_backends.plugin import fine_metric
from izcore.plugin import hookimpl


@hookimpl
def izcore_metrics():
    return [fine_metric("fine")]
