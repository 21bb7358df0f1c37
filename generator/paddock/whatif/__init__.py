"""`paddock whatif`: the fleet as Kueue would see it, before and after a change that nobody has written down yet.

`changes` makes another fleet, `nodes` and `queueing` turn a cluster into queues and runs, `replay` lets these arrive,
and `words` and `report` say who waits for whom. Nothing here knows of findings.
"""
