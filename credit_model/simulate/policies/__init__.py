"""The lenders of the simulation: how each scores a snapshot.

=====================  ==========================================================================================
``names``, ``family``  the policies by name
``scorecard``          one additive score with a few products (the default)
``matrix``             two-way grids: risk grade by capacity band, and risk grade by conditions
``rules``              a decision table: points for conjunctions of two features, hard caps
``subscores``          a product of factor scores
``weakest``            the two worst factors decide
``forest``             random monotone trees of conjunctions
``ramps``, ``tables``  what they have in common
``plugin``             somebody's own policy: any object that scores snapshots
=====================  ==========================================================================================

Lines between the tiers, hysteresis, the calendar and the decision's noise are the simulator's (``simulate.lines``).
"""
