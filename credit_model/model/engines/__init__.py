"""What fits trees on (row, threshold) pairs beside scikit-learn: LightGBM and XGBoost.

==============  ========================================================================================================
``choosing``    which engines and devices there are; refuses one that is not here
``pair_task``   what is to be fitted, the same for each; and from a fitted booster to the package's own trees
``lightgbm``    a module a library, which is imported only where it fits
``xgboost``
==============  ========================================================================================================
"""
