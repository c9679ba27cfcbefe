"""The web desk: the officers' pages on a store of appeals, served on this machine (the extra ``desk``).

``users``      who may sign in, with which role; passwords as argon2 hashes, in a file of their own beside the store
``sessions``   who is signed in; cookies, tokens of forms, and how often a sign-in may fail
``engine``     the models and the panel, loaded once; re-evaluations and pages, kept for a while
``register``   the cases as rows: deadline clocks, search, counts
``showing``    a case in words: what its screens print
``asking``     a request as the screens see it: who asks, in which language, what was entered
``screens``    one module a screen: `inbox`, `opening`, `case`, `evidence`, `decision`, `papers`, `log`, `figures`,
               `account`
``app``        routes, roles, headers, errors; ``serving`` runs it

All steps of a case are those of `act.appeals.desk.Desk`: nothing is decided or stored here but who is signed in. Pages
need no script, and ask nothing of any other server.
"""
