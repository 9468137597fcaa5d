from broken_backends.plugin import fine_metric

IZCORE_API = 1


def izcore_metrics():
    return [fine_metric("fine")]
