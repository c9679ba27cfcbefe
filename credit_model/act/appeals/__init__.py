"""Appeals: a borrower says that it is a mistake, the lender looks again, a person decides, and all of it can be proved.

==============  ============================================================================================
``chain``       events, each bound to the one before it; salted digests of what may be erased
``schema``      the tables of a desk's file, their guards, and its versions
``store``       `Store`: the file, for many officers at once
``verifying``   `verify`: what was edited, deleted, put in, moved or cut off, and where
``cases``       what events make of a case, and which may follow which
==============  ============================================================================================
"""
