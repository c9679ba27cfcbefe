"""What to do: from a fitted model and a history to what brings a limit back, which limit is next, and a second look.

===========  ========================================================================================"""
