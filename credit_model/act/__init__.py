"""What to do: from a fitted model and a borrower's history to what brings a limit back.

==========  ================================================================================================
``plans``   paths of raw columns that bring a limit back, exact on the model, cheapest first; or the proof
            that there is none
``acting``  `Acting`, the methods of `LimitPredictor` that plan
==========  ================================================================================================
"""
