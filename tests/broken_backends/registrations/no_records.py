from izcore.plugin import hookimpl

IZCORE_API = 1


@hookimpl
def izcore_metrics():
    return ["fine"]
