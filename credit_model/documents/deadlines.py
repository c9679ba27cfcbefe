"""When a case may be opened and when it is to be answered, as the lender's file has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from credit_model.act.appeals.cases import Kind
from credit_model.act.appeals.entries import Terms
from credit_model.documents.lender_file import ChannelId, Lender
from credit_model.errors import AppealError

#: Kind of case -> the lender's channel for it.
CHANNEL_OF: dict[Kind, ChannelId] = {
    "explanation": "explanation",
    "dispute": "dispute",
    "documents": "documents",
    "review": "human_review",
    "rise": "documents",
}


def terms_of(lender: Lender, kind: Kind, notice_day: date | None = None) -> Callable[[date], Terms]:
    """What the lender's file grants to a case, from the day on which it is opened.

    The callable raises `AppealError` where the notice's day is still to come.

    Parameters
    ----------
    lender : Lender
    kind : Kind
    notice_day : date, optional
        On which the borrower had the notice; None: not known, and the channel counts as open. A rise may be applied
        for at any time.

    Notes
    -----
    A dispute is answered within the bureau's time as well as the channel's, whichever ends first: a disputed datum may
    be the bureau's (China, 征信业管理条例 25).

    Examples
    --------
    >>> from credit_model.documents.lender_file import read_lender
    >>> terms_of(read_lender(), "dispute")(date(2024, 4, 2)).due
    datetime.date(2024, 4, 22)
    """
    channel, calendar = lender.channel(CHANNEL_OF[kind]), lender.calendar

    def terms(day: date) -> Terms:
        open_until = None
        if notice_day is not None and kind != "rise":
            if notice_day > day:
                raise AppealError(
                    f"the borrower cannot have had the notice on {notice_day}, today is {day}; give the right day"
                )
            open_until = calendar.after(notice_day, channel.open_days, channel.counted)
        due = calendar.after(day, channel.answer_days, channel.counted)
        if kind == "dispute":  # the datum may be the bureau's, whose law counts all days
            due = min(due, calendar.after(day, lender.bureau.dispute_days, "calendar"))
        return Terms(channel.id, due, open_until, lender.text)

    return terms
