from broken_backends.plugin import fine_metric
from izcore.plugin import API_VERSION, hookimpl

IZCORE_API = API_VERSION + 1


@hookimpl
def izcore_metrics():
    return [fine_metric("fine")]
