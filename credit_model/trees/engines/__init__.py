"""Models that other libraries fitted, read once into the package's own layout.

==========================  ==========================================================================================
``reading``                 `read_tree_model`: any of them, or its file, as a `TreeModel` (``tree_model``)
``parity``                  refuses a model whose trees, as read, do not score like its library to the bit
``rows``                    from a user's table to rows as the trees read them
``flat``                    from trees in any order, with categories of any number, to the flat layout in preorder
``files``                   loads a model's file with the library that wrote it
``classes``                 which of several classes is meant
``sklearn``                 histogram gradient boosting's trees; ``hist_gradient_boosting`` and ``cart`` (single trees,
                            forests, gradient boosting, isolation) make models of scikit-learn's classes
``lightgbm`` ``xgboost``    a module a library, which is imported only where one of its models is read
``catboost``
==========================  ==========================================================================================
"""
