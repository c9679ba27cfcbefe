"""What to do: from a fitted model and a borrower's history to what brings a limit back, and which limit is next.

===========  ===============================================================================================
``plans``    paths of raw columns that bring a limit back, exact on the model, cheapest first; or the proof
             that there is none
``warning``  the risk of a cut in the months ahead, alerts at a capacity, reasons, replay
``acting``   `Acting`, the methods of `LimitPredictor` that plan and warn
===========  ===============================================================================================
"""
