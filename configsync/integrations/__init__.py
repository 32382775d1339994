"""The runtime client in other people's libraries, one file each, each behind an extra.

=====================  =============================  ==========================================
file                   extra                          what it is
=====================  =============================  ==========================================
`fastapi`              configsync[fastapi]            a lifespan, and a dependency that gives
                                                      each request one revision
`flask`                configsync[flask]              an extension that does the same
`openfeature`          configsync[openfeature]        a provider: settings are flags
`prometheus`           configsync[prometheus]         how a client is doing, as metrics
`pydantic_settings`    configsync[pydantic-settings]  sources of values for settings classes
=====================  =============================  ==========================================

Nothing is imported here, and nothing else imports these. The guide is
``configsync/docs/integrations.md``.
"""
