"""Trees that other libraries fitted, read once into the package's own layout: a module a library.

Each has ``tree_ensemble(model)`` and ``encoded_rows(model, X)``: the trees, and rows as these trees read them. Scored
by `trees.scoring`, they give what the library itself predicts, bit for bit; a model that cannot be read so is refused.
"""
