"""What a plot of one decrease says above the picture: the finding, and everything that puts it in doubt."""

from __future__ import annotations

import numpy as np

from credit_model.errors import CreditModelError
from credit_model.explain.explanations import DecreaseExplanations
from credit_model.explain.principal import principal_reasons
from credit_model.palette import ALERT, INK
from credit_model.words.values import Wording, format_probability

#: exemption -> (English, Chinese), before the feature's label
_RULES = {
    "knock_out": ("Knock-out rule", "一票否决规则"),
    "delinquency": ("Past due on the account", "账户逾期"),
    "inactivity": ("Dormancy", "账户长期未使用"),
    "class_wide": ("The lender's own class-wide move", "平台统一调整"),
}


def one_decrease(explanation: DecreaseExplanations) -> None:
    """Refuse anything but a single decrease.

    Raises
    ------
    CreditModelError
        ``explanation`` holds none or several.
    """
    if len(explanation) != 1:
        raise CreditModelError(
            f"this plot shows exactly one decrease, got {len(explanation)}; pick one, such as explanations[0] or "
            "explanations.select(borrower_id, month)"
        )


def title_of(explanation: DecreaseExplanations, words: Wording) -> str:
    """From what to what the limit fell."""
    before, after = (words.money(float(a[0])) for a in (explanation.limit_before, explanation.limit_after))
    if words.lang == "zh":
        return f"额度为何从{before}降至{after}"
    return f"Why the limit fell from {before} to {after}"


def subtitle_of(explanation: DecreaseExplanations, words: Wording) -> str:
    """Whose limit, when it was decided, and what it is compared with."""
    zh = words.lang == "zh"
    who, when = explanation.borrower_id[0], words.month(int(explanation.month_number[0]))
    then = words.month(int(explanation.reference_month_number[0]))
    start = f"借款人 {who} · {when}决定" if zh else f"Borrower {who} · decided in {when}"
    if not explanation.has_reference[0]:
        return start
    if explanation.reference == "peers":
        end = "与勉强保住同一档位的借款人相比" if zh else "compared with borrowers who narrowly kept the same tier"
    elif explanation.reference_censored[0]:
        end = (
            f"与{then}（已知最早月份，额度设定更早）相比"
            if zh
            else f"compared with {then}, the first month known (the limit was set earlier)"
        )
    else:
        english, chinese = {
            "last_set": ("when the limit was set", "设定该额度时"),
            "last_review": ("the review before", "上次审核"),
            "previous_month": ("the month before", "上月"),
        }.get(explanation.reference, (explanation.reference, explanation.reference))
        end = f"与{then}（{chinese}）相比" if zh else f"compared with {then}, {english}"
    return f"{start} · {end}"


def headline_notes(explanation: DecreaseExplanations, words: Wording) -> list[tuple[str, str]]:
    """The finding in a line, and then the rule that fired, if one did: (text, colour)."""
    notes = [_finding(explanation, words)]
    zh = words.lang == "zh"
    for kind, driver in rules_at_work(explanation):
        english, chinese = _RULES[kind]
        label = words.driver_labels[driver]
        notes.append((f"{chinese}：{label}" if zh else f"{english}: {label}", ALERT))
    return notes


def _finding(explanation: DecreaseExplanations, words: Wording) -> tuple[str, str]:
    zh = words.lang == "zh"
    if not explanation.has_reference[0]:
        text = (
            "没有更早的记录，无法解释变化" if zh else "Nothing earlier is known of this borrower: no change to explain"
        )
        return text, ALERT
    if not explanation.model_agrees[0]:
        chance = format_probability(float(explanation.summary["probability_after"].iloc[0]))
        if zh:
            return f"模型不支持此次降额（保住概率{chance}）：原因不明，建议重新评估", ALERT
        return f"Unexplained: the model would have kept the limit ({chance}); propose a re-evaluation", ALERT
    if explanation.keep_score_after[0] >= explanation.keep_score_before[0]:
        english = "The score did not fall since then: it was already below the line"
        return "此后评分并未下降：当时已低于保留线" if zh else english, ALERT
    values = explanation.factor_contributions[0]
    order = np.argsort(values, kind="stable")
    first = words.factor_labels[order[0]]
    if explanation.near_tie[0]:
        second = words.factor_labels[order[1]]
        if zh:
            return f"难分主次：{first}与{second}的影响接近", ALERT
        return f"Near tie: {first} and {second} lowered the score about as much", ALERT
    return (f"主要原因：{first}" if zh else f"Lowered most by: {first}", INK)


def rules_at_work(explanation: DecreaseExplanations) -> list[tuple[str, int]]:
    """Rules that notices treat apart: (kind, the cause that stands for it), as `principal.principal_reasons` finds."""
    (found,) = principal_reasons(explanation)
    rules = [("knock_out", driver) for driver in found.knock_outs]
    for kind in found.kinds:
        drivers = [reason.driver for reason in found.reasons]
        if kind != "knock_out":
            rules += [(kind, j) for j in drivers if explanation.catalogue.drivers[j].exemption == kind][:1]
    return rules
