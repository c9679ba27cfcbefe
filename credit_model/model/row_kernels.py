"""Kernels of `model.row_boosting`: the gradients of rows, histograms, the best split, trees of one column.

Statistics of a row or a bin are three numbers: gradient, curvature (hessian), rows.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from credit_model.compiling import kernel

#: The bin of missing values (`model.binning`), and the number of bins with it.
MISSING, N_BINS = 255, 256
#: Log-odds beyond which an outcome is sure: a chance of 1.5e-8.
SURE = 18.0
#: The logistic function at equally spaced log-odds from -SURE to SURE; between them it is linear to 2e-8.
LOGISTIC = 1 / (1 + np.exp(-np.linspace(-SURE, SURE, (1 << 14) + 1)))
#: Rows whose statistics stay in the cache while all columns are read.
ROWS_AT_ONCE = 1024
#: Least curvature of a leaf, and the most that a leaf may move the log-odds.
LEAST_CURVATURE, MOST_STEP = 1e-3, 8.0
#: Curvature by which a category's ratio of gradient to curvature is drawn to 0 before categories are ordered by it.
_CATEGORY_PRIOR = 10.0


@kernel(inline="always")
def _chance(logit, table):
    """The logistic function."""
    if logit >= SURE:
        return 1.0
    if logit <= -SURE:
        return 0.0
    at = (logit + SURE) * ((len(table) - 1) / (2 * SURE))
    i = min(int(at), len(table) - 2)
    return table[i] + (at - i) * (table[i + 1] - table[i])


@kernel
def set_gradients(score, lines, first, tier, weight, table, start, stop, stats, line_stats):
    """The statistics of the rows of cells start .. stop - 1 at all thresholds, by row and by line.

    score, tier, weight : (n,), rows in the order of their cells; first : (n_cells + 1,), each cell's first row; lines :
    (n_cells, n_thresholds); stats : (n, 3), set; line_stats : (n_cells, n_thresholds, 3), set.
    """
    for c in range(start, stop):
        own = line_stats[c]
        own[:, :] = 0.0
        own[:, 2] = first[c + 1] - first[c]
        for i in range(first[c], first[c + 1]):
            gradient, curvature = 0.0, 0.0
            for k in range(lines.shape[1]):
                p = _chance(score[i] + lines[c, k], table)
                g = weight[i] * (p - (1.0 if tier[i] > k else 0.0))
                h = weight[i] * p * (1.0 - p)
                gradient += g
                curvature += h
                own[k, 0] += g
                own[k, 1] += h
            stats[i, 0], stats[i, 1], stats[i, 2] = gradient, curvature, 1.0


@kernel
def loss_of_cells(score, lines, first, tier, weight, start, stop):
    """The log loss of the rows of cells start .. stop - 1, summed over thresholds; rows as in `set_gradients`."""
    total = 0.0
    for c in range(start, stop):
        for i in range(first[c], first[c + 1]):
            own = 0.0
            for k in range(lines.shape[1]):
                margin = score[i] + lines[c, k]
                if tier[i] <= k:
                    margin = -margin
                if margin <= 0.0:
                    own += np.log1p(np.exp(margin)) - margin
                elif margin < 2 * SURE:
                    own += np.log1p(np.exp(-margin))
            total += weight[i] * own
    return total


@kernel
def add_histograms(bins, stats, rows, columns, out):
    """Add the statistics of some rows by bin, for some columns: out (n_columns, N_BINS, 3), all columns' places.

    Two columns are filled side by side, so that one need not wait for what the other has just written.
    """
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        for place in range(0, len(columns), 2):
            first, second = columns[place], columns[min(place + 1, len(columns) - 1)]
            own, to, other, to_other = bins[first], out[first], bins[second], out[second]
            if first == second:
                for i in some:
                    b = own[i]
                    to[b, 0] += stats[i, 0]
                    to[b, 1] += stats[i, 1]
                    to[b, 2] += stats[i, 2]
                continue
            for i in some:
                b, c = own[i], other[i]
                gradient, curvature, n = stats[i, 0], stats[i, 1], stats[i, 2]
                first_b, second_b, third_b = to[b, 0] + gradient, to[b, 1] + curvature, to[b, 2] + n
                first_c, second_c, third_c = to_other[c, 0] + gradient, to_other[c, 1] + curvature, to_other[c, 2] + n
                to[b, 0], to[b, 1], to[b, 2] = first_b, second_b, third_b
                to_other[c, 0], to_other[c, 1], to_other[c, 2] = first_c, second_c, third_c


@kernel
def add_histograms_of_all(bins, stats, columns, out):
    """As `add_histograms`, of all rows, and without their numbers: these are the same in every round."""
    n = bins.shape[1]
    for start in range(0, n, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, n)
        for place in range(0, len(columns), 2):
            first, second = columns[place], columns[min(place + 1, len(columns) - 1)]
            own, to, other, to_other = bins[first], out[first], bins[second], out[second]
            if first == second:
                for i in range(start, stop):
                    b = own[i]
                    to[b, 0] += stats[i, 0]
                    to[b, 1] += stats[i, 1]
                continue
            for i in range(start, stop):
                b, c = own[i], other[i]
                gradient, curvature = stats[i, 0], stats[i, 1]
                first_b, second_b = to[b, 0] + gradient, to[b, 1] + curvature
                first_c, second_c = to_other[c, 0] + gradient, to_other[c, 1] + curvature
                to[b, 0], to[b, 1] = first_b, second_b
                to_other[c, 0], to_other[c, 1] = first_c, second_c


@kernel(inline="always")
def _step(gradient, curvature, l2, low, high):
    value = -gradient / (curvature + l2)
    return min(max(value, max(low, -MOST_STEP)), min(high, MOST_STEP))


@kernel(inline="always")
def _loss(gradient, curvature, l2, value):
    return gradient * value + 0.5 * (curvature + l2) * value * value


@kernel
def ordered_bins(histogram, n_bins, is_category, order):
    """The order in which bins stand for a split, in ``order``; how many of them there are.

    Numbers stand as they are; categories that were seen stand by how far they want to move.
    """
    if not is_category:
        for b in range(n_bins):
            order[b] = b
        return n_bins
    n, ratio = 0, np.empty(n_bins)
    for b in range(n_bins):
        if histogram[b, 2] > 0.0:
            own = histogram[b, 0] / (histogram[b, 1] + _CATEGORY_PRIOR)
            place = n
            while place > 0 and ratio[place - 1] > own:
                ratio[place], order[place] = ratio[place - 1], order[place - 1]
                place -= 1
            ratio[place], order[place] = own, b
            n += 1
    return n


@kernel
def best_split(histogram, order, start, stop, has_missing, sign, l2, least_rows, low, high, out):
    """The split of ordered bins start .. stop - 1, and of the missing ones, that lowers the loss most.

    ``out`` (6,): gain (0: none), ordered bins up to and with which go left, whether missing values go left, the left
    and the right value, rows that go left.
    """
    gradient, curvature, rows = 0.0, 0.0, 0.0
    missing = histogram[MISSING] if has_missing else np.zeros(3)
    for place in range(start, stop):
        own = histogram[order[place]]
        gradient += own[0]
        curvature += own[1]
        rows += own[2]
    gradient, curvature, rows = gradient + missing[0], curvature + missing[1], rows + missing[2]
    out[:] = 0.0
    if curvature < 2 * LEAST_CURVATURE:
        return
    before = _loss(gradient, curvature, l2, _step(gradient, curvature, l2, low, high))
    sides = 2 if missing[2] > 0.0 else 1
    for side in range(sides):
        g, h, n = (missing[0], missing[1], missing[2]) if side == 1 else (0.0, 0.0, 0.0)
        last = stop if sides == 2 and side == 0 else stop - 1
        for place in range(start, last):
            own = histogram[order[place]]
            g += own[0]
            h += own[1]
            n += own[2]
            if n < least_rows or h < LEAST_CURVATURE:
                continue
            if rows - n < least_rows or curvature - h < LEAST_CURVATURE:
                break
            left = _step(g, h, l2, low, high)
            right = _step(gradient - g, curvature - h, l2, low, high)
            if sign * (right - left) < 0.0:
                continue
            gain = before - _loss(g, h, l2, left) - _loss(gradient - g, curvature - h, l2, right)
            if gain > out[0]:
                out[0], out[1], out[2], out[3], out[4], out[5] = gain, place, side, left, right, n
    if out[0] > 0.0 and sides == 1:  # nothing was missing: what is missing later goes with the more rows
        out[2] = 1.0 if out[5] > rows - out[5] else 0.0


@kernel
def grow_column(histogram, n_bins, is_category, sign, l2, least_rows, most_leaves, order, nodes, values):
    """A tree of one column, from the histogram of all rows: its gain.

    order : (N_BINS,) int64, set
    nodes : (2 * most_leaves - 1, 4) int64, set
        Ordered bins up to and with which go left; whether missing values go left; left and right node, -1: a leaf.
    values : (N_BINS + 2 * most_leaves - 1,), set
        By bin, then by node.
    """
    n_places = ordered_bins(histogram, n_bins, is_category, order)
    most = nodes.shape[0]
    start, stop = np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.int64)
    missing = np.zeros(most, dtype=np.bool_)
    low, high = np.full(most, -np.inf), np.full(most, np.inf)
    found = np.zeros((most, 6))
    nodes[:, :] = -1
    value = values[N_BINS:]
    values[:] = 0.0
    stop[0], missing[0], n_nodes, total = n_places, True, 1, 0.0
    best_split(histogram, order, start[0], stop[0], missing[0], sign, l2, least_rows, low[0], high[0], found[0])
    for _ in range(most_leaves - 1):
        parent = int(np.argmax(found[:n_nodes, 0]))
        if found[parent, 0] <= 0.0:
            break
        total += found[parent, 0]
        left, right = n_nodes, n_nodes + 1
        n_nodes += 2
        place, side = int(found[parent, 1]), found[parent, 2] == 1.0
        nodes[parent, 0], nodes[parent, 1], nodes[parent, 2], nodes[parent, 3] = place, int(side), left, right
        start[left], stop[left], start[right], stop[right] = start[parent], place + 1, place + 1, stop[parent]
        missing[left], missing[right] = missing[parent] and side, missing[parent] and not side
        value[left], value[right] = found[parent, 3], found[parent, 4]
        middle = 0.5 * (value[left] + value[right])
        for child in (left, right):
            low[child], high[child] = low[parent], high[parent]
        if sign > 0:
            high[left], low[right] = min(high[left], middle), max(low[right], middle)
        elif sign < 0:
            low[left], high[right] = max(low[left], middle), min(high[right], middle)
        found[parent, 0] = 0.0
        for child in (left, right):
            best_split(
                histogram,
                order,
                start[child],
                stop[child],
                missing[child],
                sign,
                l2,
                least_rows,
                low[child],
                high[child],
                found[child],
            )
    node = 0
    while nodes[node, 2] >= 0:  # what is missing, and categories that were not seen
        node = nodes[node, 2] if nodes[node, 1] == 1 else nodes[node, 3]
    values[:N_BINS] = value[node]
    for node in range(n_nodes):
        if nodes[node, 2] < 0:
            for place in range(start[node], stop[node]):
                values[order[place]] = value[node]
    return total


@kernel
def grow_columns(
    histograms, columns, n_bins, is_category, signs, l2, least_rows, most_leaves, order, nodes, values, gain
):
    """`grow_column` for some columns, each in its own place of the arrays."""
    for j in columns:
        gain[j] = grow_column(
            histograms[j],
            n_bins[j],
            is_category[j],
            signs[j],
            l2,
            least_rows,
            most_leaves,
            order[j],
            nodes[j],
            values[j],
        )


@kernel
def best_splits(histograms, columns, n_bins, is_category, signs, l2, least_rows, low, high, order, found):
    """`best_split` of all bins of some columns, each in its own place of order (n_columns, N_BINS) and found (, 6)."""
    for j in columns:
        n_places = ordered_bins(histograms[j], n_bins[j], is_category[j], order[j])
        best_split(histograms[j], order[j], 0, n_places, True, signs[j], l2, least_rows, low, high, found[j])


@kernel
def goes_left_by_bin(order, place, missing_left, out):
    """Whether each bin goes left: out (N_BINS,). Bins without a place follow the missing ones."""
    out[:] = missing_left
    n_places = len(order)
    for p in range(n_places):
        out[order[p]] = p <= place


@kernel
def parted(bins, rows, left_by_bin, left, right):
    """Part rows by their bins of one column, in order: how many go left."""
    n, m = 0, 0
    for i in rows:
        if left_by_bin[bins[i]]:
            left[n] = i
            n += 1
        else:
            right[m] = i
            m += 1
    return n


@kernel
def add_by_bin(bins, values, out):
    """Add to out (n,) the value of each row's bin."""
    for i in range(len(out)):
        out[i] += values[bins[i]]


@kernel
def step_of(stats, direction):
    """The step along a direction (n,) at which a quadratic model of the loss is least: 0 .. 1."""
    down, curvature = 0.0, 0.0
    for i in range(len(direction)):
        down -= stats[i, 0] * direction[i]
        curvature += stats[i, 1] * direction[i] * direction[i]
    if down <= 0.0 or curvature <= 0.0:
        return 0.0
    return min(1.0, down / curvature)


@kernel
def add_values(bins, column, left_bins, children, value, out):
    """Add to out (n,) the value of a tree's leaf for each row of bins (n_columns, n); the nodes as `row_trees.Tree`."""
    for i in range(len(out)):
        node = 0
        while column[node] >= 0:
            node = children[node, 0] if left_bins[node, bins[column[node], i]] else children[node, 1]
        out[i] += value[node]
